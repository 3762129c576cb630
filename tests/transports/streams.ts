import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import type { ByteStream } from "../../transports/transport.ts";

/** What tests with sockets ask of the test runner. */
export const strict = { sanitizeOps: true, sanitizeResources: true };

/** Both ends of one stream, and what ends everything behind them. */
export interface Ends {
  client: ByteStream;
  server: ByteStream;
  [Symbol.asyncDispose](): Promise<void>;
}

export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Writes all of it, however little each write takes. */
export async function writeAll(stream: ByteStream, all: Uint8Array): Promise<void> {
  for (let at = 0; at < all.length;) at += await stream.write(all.subarray(at));
}

/** Reads exactly this many bytes as text. */
export async function readText(stream: ByteStream, length: number): Promise<string> {
  return new TextDecoder().decode(await readExactly(stream, length));
}

/** Reads exactly this many bytes. */
export async function readExactly(stream: ByteStream, length: number): Promise<Uint8Array> {
  const all = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const count = await stream.read(all.subarray(at));
    assert.notEqual(count, null, `The stream ended after ${at} of ${length} bytes`);
    at += count!;
  }
  return all;
}

/** Lets Node's streams finish closing, which takes them a turn or two. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
}

/** True when the stream ended, or broke, without another byte. */
export async function isOver(stream: ByteStream): Promise<boolean> {
  try {
    return await stream.read(new Uint8Array(1)) === null;
  } catch {
    return true;
  }
}

/** What every kind of stream must do. */
export function testStreams(name: string, open: () => Promise<Ends>): void {
  const test = (what: string, body: (ends: Ends) => Promise<void>) =>
    Deno.test({
      name: `${name} ${what}`,
      ...strict,
      async fn() {
        await using ends = await open();
        await body(ends);
      },
    });

  test("carries bytes both ways", async ({ client, server }) => {
    await writeAll(client, bytes("ping"));
    assert.equal(await readText(server, 4), "ping");
    await writeAll(server, bytes("pong!"));
    assert.equal(await readText(client, 5), "pong!");
  });

  for (const [way, flip] of [["to the server", false], ["to the client", true]] as const) {
    test(`carries 10 MB ${way}, every byte in its place`, async ({ client, server }) => {
      const [from, to] = flip ? [server, client] : [client, server];
      const sent = new Uint8Array(10_000_000);
      for (let at = 0; at < sent.length; at++) sent[at] = (at * 31 + (at >> 9)) & 0xff;
      // The writer may reuse its buffer as soon as a write has resolved.
      const writing = (async () => {
        const piece = new Uint8Array(100_000);
        for (let at = 0; at < sent.length;) {
          piece.set(sent.subarray(at, at + piece.length));
          at += await from.write(piece.subarray(0, Math.min(piece.length, sent.length - at)));
          piece.fill(0xdb);
        }
        await from.closeWrite();
      })();
      const got = await readExactly(to, sent.length);
      assert.ok(sent.every((byte, at) => got[at] === byte));
      assert.equal(await to.read(new Uint8Array(1)), null);
      await writing;
    });
  }

  test("reads into small buffers without loss", async ({ client, server }) => {
    await writeAll(client, bytes("0123456789"));
    let got = "";
    while (got.length < 10) got += await readText(server, 1);
    assert.equal(got, "0123456789");
  });

  test("still writes after the peer has ended its side", async ({ client, server }) => {
    await writeAll(client, bytes("question"));
    await client.closeWrite();
    assert.equal(await readText(server, 8), "question");
    assert.equal(await server.read(new Uint8Array(9)), null);
    assert.equal(await server.read(new Uint8Array(9)), null);
    await writeAll(server, bytes("answer"));
    assert.equal(await readText(client, 6), "answer");
    await server.closeWrite();
    assert.equal(await client.read(new Uint8Array(9)), null);
  });

  test("delivers what was written just before it is closed", async ({ client, server }) => {
    await writeAll(server, bytes("goodbye"));
    server.close();
    assert.equal(await readText(client, 7), "goodbye");
    assert.equal(await client.read(new Uint8Array(1)), null);
  });

  test("can be closed twice and reads no more", async ({ server }) => {
    const reading = server.read(new Uint8Array(1));
    const failing = assert.rejects(reading);
    server.close();
    server.close();
    await failing;
    await assert.rejects(server.read(new Uint8Array(1)));
    await assert.rejects(server.write(new Uint8Array(1)));
  });

  test("makes a writer wait for a reader", async ({ client, server }) => {
    let written = 0;
    const writing = (async () => {
      const piece = new Uint8Array(64 * 1024);
      while (written < 64 << 20) written += await client.write(piece);
    })().catch(() => {});
    // When many turns change nothing any more, the writer is waiting.
    for (let before = -1; before !== written;) {
      before = written;
      for (let time = 0; time < 20; time++) await settled();
    }
    assert.ok(written < 32 << 20, `${written} bytes were taken though nobody reads`);
    server.close();
    client.close();
    await writing;
  });
}
