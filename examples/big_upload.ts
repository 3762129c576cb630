/**
 * Uploads of any length, with a progress bar.
 *
 *   deno run -A examples/big_upload.ts
 *
 * Open http://127.0.0.1:8080/ and choose a large file. Or:
 *
 *   curl -F file=@film.mp4 http://127.0.0.1:8080/upload
 *
 * Try: a file of some gigabytes, and the memory of this process meanwhile; closing the page half-way.
 */
import { gateway, http, saveUpload, tcp } from "../mod.ts";
import page from "./big_upload.html" with { type: "text" };

export async function main(options = { port: 8080, folder: "uploads" }) {
  const { folder } = options;
  await Deno.mkdir(folder, { recursive: true });
  const hub = gateway();
  hub.handle("/", {
    GET: () => new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } }),
  });
  hub.handle("/upload", saveUpload({ folder }));
  const { port } = await hub.listen(tcp({ port: options.port }), http()).ready;
  console.log(`Upload at http://127.0.0.1:${port}/ into ${folder}`);
  return { hub, port };
}

if (import.meta.main) await main();
