/**
 * A page with a form, whose file goes to an S3-compatible service while it comes.
 *
 *   export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…
 *   deno run -A examples/s3_upload.ts -p 8080 --endpoint https://s3.eu-central-1.amazonaws.com
 *
 * Open http://127.0.0.1:8080/, or:
 *
 *   curl -F bucket=photos -F file=@cat.jpg http://127.0.0.1:8080/upload
 *
 * Try: wrong keys; Ctrl-C within a large upload: the service then drops what it has of it.
 */
import { parseArgs } from "node:util";
import { gateway, http, multipart, ProtocolError, tcp } from "../mod.ts";
import { Bucket, leadsElsewhere, S3Error } from "./s3/bucket.ts";
import type { Signer } from "./s3/signature.ts";

const PAGE = `<!doctype html><meta charset="utf-8"><title>Upload to S3</title>
<form method="post" action="/upload" enctype="multipart/form-data">
  <p><label>Bucket <input name="bucket" required></label>
  <p><label>File <input name="file" type="file" required></label>
  <p><button>Upload</button>
</form>`;

export async function main(options: { port: number; endpoint: string; signer: Signer }) {
  const { endpoint, signer } = options;
  const hub = gateway();
  hub.handle("/", {
    GET: () => new Response(PAGE, { headers: { "content-type": "text/html; charset=utf-8" } }),
  });
  hub.handle("/upload", { POST: (request) => upload(request, endpoint, signer) });
  const { port } = await hub.listen(tcp({ port: options.port }), http()).ready;
  console.log(`Upload at http://127.0.0.1:${port}/`);
  return { hub, port };
}

/** The bucket's name comes before the file, as the form has them. */
async function upload(request: Request, endpoint: string, signer: Signer): Promise<Response> {
  let bucket = "";
  try {
    for await (const part of multipart(request)) {
      if (part.name === "bucket") bucket = (await part.text()).trim();
      if (part.name !== "file") continue;
      if (bucket === "" || !part.filename) break;
      if (leadsElsewhere(bucket) || leadsElsewhere(part.filename)) {
        return new Response('bad input: "." and ".." are no names\n', { status: 400 });
      }
      // The request's signal joins the two connections: when the client goes, so does the other.
      await new Bucket(endpoint, bucket, signer).put(part.filename, part.body, request.signal);
      return new Response(`${part.filename} is in ${bucket}\n`, { status: 201 });
    }
    return new Response("bad input: a bucket and then a file are needed\n", { status: 400 });
  } catch (error) {
    if (error instanceof S3Error) {
      return new Response(`The service says: ${error.message}\n`, { status: error.status });
    }
    if (error instanceof ProtocolError) {
      return new Response(`${error.message}\n`, { status: error.code });
    }
    if (request.signal.aborted) throw error;
    const why = (error as Error).message;
    return new Response(`Cannot reach the service: ${why}\n`, { status: 502 });
  }
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", short: "p", default: "8080" },
      endpoint: { type: "string", default: "https://s3.amazonaws.com" },
      region: { type: "string", default: "us-east-1" },
    },
  });
  const accessKey = Deno.env.get("AWS_ACCESS_KEY_ID"),
    secretKey = Deno.env.get("AWS_SECRET_ACCESS_KEY");
  if (!accessKey || !secretKey) {
    console.error("Missing keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, then");
    console.error("  deno run -A examples/s3_upload.ts [-p PORT] [--endpoint URL] [--region NAME]");
    Deno.exit(1);
  }
  const { endpoint, region } = values;
  await main({ port: Number(values.port), endpoint, signer: { accessKey, secretKey, region } });
}
