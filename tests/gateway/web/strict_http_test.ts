import assert from "node:assert/strict";
import { files } from "../../../actors/web/files/files.ts";
import { gateway, http, Log, tcp } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { bytes } from "../../protocols/fakes.ts";
import { bad } from "../../protocols/http/messages/head_cases.ts";
import { Raw } from "../raw.ts";

const POST = "POST /topics/a HTTP/1.1\r\nHost: localhost\r\n";

/** Requests whose body is delimited badly, and the status of the refusal. */
const bodies: readonly (readonly [name: string, text: string, status: number])[] = [
  ["two lengths", `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
  ["the same length twice", `${POST}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`, 400],
  ["a list of lengths", `${POST}Content-Length: 1, 1\r\n\r\na`, 400],
  ["a signed length", `${POST}Content-Length: +1\r\n\r\na`, 400],
  ["a negative length", `${POST}Content-Length: -1\r\n\r\na`, 400],
  ["a length in hexadecimal", `${POST}Content-Length: 0x1\r\n\r\na`, 400],
  ["a length with a fraction", `${POST}Content-Length: 1.0\r\n\r\na`, 400],
  ["an empty length", `${POST}Content-Length:\r\n\r\na`, 400],
  ["a length beyond all", `${POST}Content-Length: 99999999999999999999\r\n\r\na`, 413],
  ["a length above the limit", `${POST}Content-Length: 1048577\r\n\r\n`, 413],
  ["TE and CL", `${POST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ["CL and TE", `${POST}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n0\r\n\r\n`, 400],
  ["another coding", `${POST}Transfer-Encoding: gzip\r\n\r\n`, 501],
  ["a coding behind chunked", `${POST}Transfer-Encoding: chunked, gzip\r\n\r\n`, 501],
  ["chunked twice", `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`, 501],
  ["chunked in quotes", `${POST}Transfer-Encoding: "chunked"\r\n\r\n`, 501],
  ["identity", `${POST}Transfer-Encoding: identity\r\n\r\n`, 501],
  ["an empty coding", `${POST}Transfer-Encoding:\r\n\r\n`, 501],
  ["a vertical tab before chunked", `${POST}Transfer-Encoding: \vchunked\r\n\r\n`, 400],
  ["chunks in HTTP/1.0", `${POST.replace("1.1", "1.0")}Transfer-Encoding: chunked\r\n\r\n`, 400],
];

const CHUNKED = `${POST}Transfer-Encoding: chunked\r\n\r\n`;

/** Chunks that are wrong; all are 400, because they come before an answer. */
const chunks: readonly (readonly [name: string, text: string, status: number])[] = [
  ["no size", `${CHUNKED}\r\na`, 400],
  ["a size with a sign", `${CHUNKED}+1\r\na\r\n0\r\n\r\n`, 400],
  ["a size with 0x", `${CHUNKED}0x1\r\na\r\n0\r\n\r\n`, 400],
  ["a size with a space before", `${CHUNKED} 1\r\na\r\n0\r\n\r\n`, 400],
  ["a size that overflows", `${CHUNKED}10000000000000001\r\na\r\n0\r\n\r\n`, 400],
  ["a size that ends in LF", `${CHUNKED}1\na\r\n0\r\n\r\n`, 400],
  ["a chunk longer than its size", `${CHUNKED}1\r\nab\r\n0\r\n\r\n`, 400],
  ["a chunk that ends in LF", `${CHUNKED}1\r\na\n0\r\n\r\n`, 400],
  ["an extension with LF", `${CHUNKED}1;x\ny\r\na\r\n0\r\n\r\n`, 400],
  ["an extension with NUL", `${CHUNKED}1;\0\r\na\r\n0\r\n\r\n`, 400],
  ["an extension without a semicolon", `${CHUNKED}1 x\r\na\r\n0\r\n\r\n`, 400],
  ["a long extension", `${CHUNKED}1;${"x".repeat(256)}\r\na\r\n0\r\n\r\n`, 400],
  ["many extensions", `${CHUNKED}${`1;${"x".repeat(200)}\r\na\r\n`.repeat(100)}`, 400],
  ["a folded trailer", `${CHUNKED}0\r\nA: b\r\n c\r\n\r\n`, 400],
  ["a trailer without a colon", `${CHUNKED}0\r\nA\r\n\r\n`, 400],
  ["trailers above the limit", `${CHUNKED}0\r\nA: ${"b".repeat(9_000)}\r\n\r\n`, 431],
];

/** What stands behind a wrong request, and must never be taken for the next one. */
const SMUGGLED = "PUT /topics/smuggled HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n1";

for (const [kind, cases] of Object.entries({ head: bad, body: bodies, chunks })) {
  testWith([], `Malformed requests (${kind}) get their answer, then the end`, async () => {
    await using hub = gateway();
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    for (const [name, text, status] of cases) {
      const raw = await Raw.dial(port);
      const latin1 = Uint8Array.from(text, (char) => char.charCodeAt(0));
      await raw.send(latin1);
      await raw.send(SMUGGLED).catch(() => {});
      const answer = await raw.rest();
      raw.close();
      assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), name);
      assert.equal(answer.match(/^HTTP\/1\.1 \d/gm)!.length, 1, name);
      assert.match(answer, /^connection: close\r$/m, name);
      assert.equal(hub.retained("smuggled"), undefined, name);
    }
  });
}

testWith([], "A client that sends 20 MiB before it reads gets its 413", async () => {
  await using hub = gateway();
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  for (const framing of ["Content-Length: 20971520", "Transfer-Encoding: chunked"]) {
    const raw = await Raw.dial(port);
    await raw.send(`${POST}${framing}\r\n\r\n`);
    const body = new Uint8Array(1 << 20);
    const piece = framing.startsWith("T") ? [...bytes("100000\r\n")] : [];
    for (let sent = 0; sent < 20; sent++) {
      if (piece.length > 0) await raw.send(Uint8Array.from(piece));
      await raw.send(body);
      if (piece.length > 0) await raw.send("\r\n");
    }
    assert.match(await raw.rest(), /^HTTP\/1\.1 413 [^]*the limit is 1048576 bytes\n$/);
    raw.close();
  }
});

testWith([], "A client that never reads a file of 1 GiB costs little, and is cut off", async () => {
  await using folder = await Folder.make({ "start": "" });
  const file = await Deno.open(`${folder.path}/big.bin`, { create: true, write: true });
  await file.truncate(2 ** 30);
  file.close();
  await using hub = gateway({ log: new Log({ level: "error" }) });
  hub.handle("/*", files({ root: folder.path }));
  const limits = { stalledMs: 1_500 };
  const { port } = await hub.listen(tcp({ port: 0 }), http({ limits })).ready;
  const before = Deno.memoryUsage().rss;
  let most = 0;
  const deaf = await Promise.all(Array.from({ length: 20 }, () => Raw.dial(port)));
  for (const raw of deaf) await raw.send("GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n");
  await eventually("the end of all of them", () => {
    most = Math.max(most, Deno.memoryUsage().rss - before);
    return hub.counters.get("http.stalled") === deaf.length;
  });
  for (const raw of deaf) raw.close();
  assert.ok(most < 128 << 20, `${most} bytes for ${deaf.length} of them`);
});
