import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const KEYS = { accessKey: "AKIDEXAMPLE", secretKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };

/** As much of an S3 service as uploads need, which checks every signature. */
export class S3StandIn implements AsyncDisposable {
  readonly objects = new Map<string, Uint8Array>();
  /** Uploads in parts that have begun, and those that were given up. */
  readonly open = new Map<string, Uint8Array[]>();
  abandoned = 0;
  largestBody = 0;
  /** Called before a part is stored; what it throws ends the connection. */
  onPart: (number: number) => void = () => {};
  /** Called when a body begins, before the rest of it has come. */
  onBody: (request: IncomingMessage) => void = () => {};
  /** What it says in the end of an upload in parts, with status 200. */
  completion = "<R/>";
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch(() => response.destroy());
  });

  get signer() {
    return { ...KEYS, region: "eu-test-1" };
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Uint8Array[] = [];
    for await (const piece of request) {
      if (pieces.length === 0) this.onBody(request);
      pieces.push(piece);
    }
    const body = new Uint8Array(joined(pieces));
    this.largestBody = Math.max(this.largestBody, body.length);
    const { pathname, searchParams } = new URL(request.url!, "http://s3");
    const fault = faultOf(request, body);
    if (fault !== undefined) {
      response.writeHead(403).end(
        `<Error><Code>${fault}</Code><Message>${fault}</Message></Error>`,
      );
      return;
    }
    const id = searchParams.get("uploadId");
    if (request.method === "POST" && searchParams.has("uploads")) {
      // What is left alone by `encodeURIComponent` and not by AWS is in it.
      const fresh = `id/${this.open.size}+!'()*~`;
      this.open.set(fresh, []);
      response.end(`<R><UploadId>${fresh}</UploadId></R>`);
    } else if (request.method === "PUT" && id !== null) {
      const number = Number(searchParams.get("partNumber"));
      this.onPart(number);
      this.open.get(id)![number - 1] = body;
      response.writeHead(200, { etag: `"${number}"` }).end();
    } else if (request.method === "POST" && id !== null) {
      this.objects.set(decodeURIComponent(pathname), joined(this.open.get(id)!));
      this.open.delete(id);
      response.end(this.completion);
    } else if (request.method === "DELETE" && id !== null) {
      this.open.delete(id);
      this.abandoned++;
      response.writeHead(204).end();
    } else {
      this.objects.set(decodeURIComponent(pathname), body);
      response.end();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** Decoded, and encoded as AWS does: all but letters, digits and `-._~`. */
function canonicalPair(pair: string): string {
  return pair.split("=").map((each) =>
    [...new TextEncoder().encode(decodeURIComponent(each))].map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(char)
        ? char
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    }).join("")
  ).join("=");
}

/** The error code of S3 for a request that is not rightly signed; written without the example's code. */
function faultOf({ method, url, headers }: IncomingMessage, body: Uint8Array): string | undefined {
  const given =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+), Signature=([\da-f]{64})$/
      .exec(headers.authorization ?? "");
  if (given === null) return "AccessDenied";
  const [, accessKey, day, region, signedHeaders, signature] = given as unknown as string[];
  if (accessKey !== KEYS.accessKey) return "InvalidAccessKeyId";
  const hash = createHash("sha256").update(body).digest("hex");
  if (headers["x-amz-content-sha256"] !== hash) return "XAmzContentSHA256Mismatch";
  const [path, query = ""] = url!.split("?");
  const pairs = query === "" ? [] : query.split("&").map(canonicalPair).sort();
  const lines = signedHeaders!.split(";").map((name) => `${name}:${headers[name]}\n`).join("");
  const canonical = `${method}\n${path}\n${pairs.join("&")}\n${lines}\n${signedHeaders}\n${hash}`;
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${headers["x-amz-date"]}\n${scope}\n` +
    createHash("sha256").update(canonical).digest("hex");
  let key: Uint8Array | string = `AWS4${KEYS.secretKey}`;
  for (const part of [day!, region!, "s3", "aws4_request"]) {
    key = new Uint8Array(createHmac("sha256", key).update(part).digest());
  }
  const right = createHmac("sha256", key).update(text).digest("hex");
  return right === signature ? undefined : "SignatureDoesNotMatch";
}
