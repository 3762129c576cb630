// The peer of the gateway's file server: the same fields from the same calls, on Node's own server.
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createServer } from "node:http";
import process from "node:process";

const [port, root] = process.argv.slice(2);

createServer(async (request, response) => {
  const path = `${root}${request.url}`;
  const { size, mtime } = await stat(path);
  const headers = {
    "accept-ranges": "bytes",
    "content-length": size,
    "content-type": "application/octet-stream",
    etag: `"${mtime.getTime().toString(36)}-${size.toString(36)}"`,
    "last-modified": mtime.toUTCString(),
  };
  if (request.headers["if-none-match"] === headers.etag) return response.writeHead(304).end();
  response.writeHead(200, headers);
  if (size > 65_536) createReadStream(path).pipe(response);
  else response.end(await readFile(path));
}).listen(Number(port), "127.0.0.1");
