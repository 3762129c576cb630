import assert from "node:assert/strict";
import { Folder } from "../../actors/web/folder.ts";
import { within } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { listening } from "../meerkat.ts";

const encoder = new TextEncoder();
const QUICK = encoder.encode("GET /a.txt HTTP/1.1\r\nHost: localhost\r\n\r\n");
const SLOW = encoder.encode("GET / HTTP/1.1\r\nHost: localhost\r\nX: ");

/** Clients that send a byte of a header that never ends, each every ten seconds. */
class Crowd implements Disposable {
  readonly #port: number;
  readonly #size: number;
  #all: Deno.TcpConn[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(port: number, size: number) {
    this.#port = port;
    this.#size = size;
  }

  async come(): Promise<void> {
    while (this.#all.length < this.#size) {
      this.#all.push(...await Promise.all(Array.from({ length: 100 }, () => this.#one())));
    }
    let next = 0;
    this.#timer = setInterval(() => {
      for (let i = 0; i < this.#size / 200; i++) this.#drip(this.#all[next++ % this.#size]!);
    }, 50);
  }

  async #one(): Promise<Deno.TcpConn> {
    const socket = await Deno.connect({ port: this.#port, hostname: "127.0.0.1" });
    await socket.write(SLOW);
    return socket;
  }

  #drip(socket: Deno.TcpConn): void {
    // It may have been cut off, as it should be.
    socket.write(SLOW.subarray(-1)).catch(() => {});
  }

  /** What each of them hears until it is hung up on. */
  ends(): Promise<string[]> {
    return Promise.all(this.#all.map(async (socket) => {
      let text = "";
      const buffer = new Uint8Array(1024);
      for (;;) {
        const count = await within("the end", socket.read(buffer)).catch(() => null);
        if (count === null) return text;
        text += new TextDecoder().decode(buffer.subarray(0, count));
      }
    }));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const socket of this.#all) socket.close();
    this.#all = [];
  }
}

/** Requests a second on kept connections, each with one under way. */
async function rate(sockets: readonly Deno.TcpConn[], ms: number): Promise<number> {
  const begun = performance.now(), end = begun + ms;
  let answers = 0;
  await Promise.all(sockets.map(async (socket) => {
    const buffer = new Uint8Array(4096);
    while (performance.now() < end) {
      await socket.write(QUICK);
      for (let there = 0; there < 1024;) there += await socket.read(buffer) ?? Infinity;
      answers++;
    }
  }));
  return answers * 1000 / (performance.now() - begun);
}

testWith([], "2,000 slow clients do not slow down others, and are answered 408", async () => {
  await using folder = await Folder.make({
    "site/a.txt": "x".repeat(1024),
    "meerkat.json": JSON.stringify({ limits: { connectTimeoutMs: "5s" } }),
  });
  const args = ["--config", `${folder.path}/meerkat.json`, "--root", `${folder.path}/site`];
  await using running = await listening(["http://127.0.0.1:0"], args);
  const port = running.ports[0]!;
  const quick = await Promise.all(
    Array.from({ length: 16 }, () => Deno.connect({ port, hostname: "127.0.0.1" })),
  );
  try {
    await rate(quick, 500);
    // What else the machine does meets both in turn; the best of each is what they can do.
    let alone = 0, crowded = 0;
    for (let round = 0; round < 3 || (round < 12 && crowded < 0.8 * alone); round++) {
      alone = Math.max(alone, await rate(quick, 300));
      using crowd = new Crowd(port, 2_000);
      await crowd.come();
      crowded = Math.max(crowded, await rate(quick, 300));
      if (round > 0) continue;
      const ends = await crowd.ends();
      assert.ok(ends.every((end) => /^HTTP\/1\.1 408 /.test(end)), ends.find((end) => end === ""));
    }
    assert.ok(crowded >= 0.8 * alone, `${crowded} requests a second, ${alone} without them`);
  } finally {
    for (const socket of quick) socket.close();
  }
});
