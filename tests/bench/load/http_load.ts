// GET requests on kept connections, each with one outstanding, for machines without wrk.
//
//   http_load.ts URL [-c connections] [-d seconds]
//
// The last line is one JSON object: rate and wrong, the number of answers other than 200.

import { parseArgs } from "node:util";
import { joined } from "./packets.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    connections: { type: "string", short: "c", default: "64" },
    seconds: { type: "string", short: "d", default: "3" },
  },
});

const url = new URL(positionals[0]!);
const request = new TextEncoder().encode(
  `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`,
);
const latin1 = new TextDecoder("latin1");
const start = performance.now();
const end = start + Number(values.seconds) * 1000;
let answers = 0;
let wrong = 0;

await Promise.all(Array.from({ length: Number(values.connections) }, connection));
const rate = Math.round(answers / (performance.now() - start) * 1000);
console.log(JSON.stringify({ rate, wrong }));
Deno.exit(wrong > 0 ? 2 : 0);

async function connection(): Promise<void> {
  const stream = await Deno.connect({ hostname: url.hostname, port: Number(url.port) });
  const buffer = new Uint8Array(4096);
  while (performance.now() < end) {
    await stream.write(request);
    let bytes: Uint8Array = buffer.subarray(0, 0);
    let length: number | undefined;
    while (length === undefined || bytes.length < length) {
      const count = await stream.read(buffer);
      if (count === null) throw new Error("Closed by the server");
      bytes = joined(bytes, buffer.slice(0, count));
      length ??= responseLength(bytes);
    }
    answers++;
  }
  stream.close();
}

/** Head and body together; undefined while the head is not complete. */
function responseLength(bytes: Uint8Array): number | undefined {
  const head = latin1.decode(bytes);
  const headEnd = head.indexOf("\r\n\r\n");
  if (headEnd < 0) return undefined;
  if (!head.startsWith("HTTP/1.1 200 ")) wrong++;
  const found = /\r\ncontent-length: *(\d+)\r\n/i.exec(head.slice(0, headEnd + 2));
  return headEnd + 4 + Number(found?.[1] ?? 0);
}
