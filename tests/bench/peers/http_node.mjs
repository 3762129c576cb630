// The peer of the gateway's topic resource: one value with a type, a tag and a date, on Node's own server.
import { createServer } from "node:http";
import process from "node:process";

const value = new Uint8Array(64).fill(0x78);
const headers = {
  "content-type": "application/octet-stream",
  "content-length": value.length,
  etag: '"5d41402abc4b2a76"',
  "last-modified": new Date().toUTCString(),
};

createServer((request, response) => {
  if (request.url !== "/topics/bench") response.writeHead(404).end();
  else if (request.headers["if-none-match"] === headers.etag) response.writeHead(304).end();
  else response.writeHead(200, headers).end(value);
}).listen(Number(process.argv[2]), "127.0.0.1");
