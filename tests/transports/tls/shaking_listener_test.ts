import assert from "node:assert/strict";
import { type Shaking, ShakingListener } from "../../../transports/tls/shaking_listener.ts";
import type { ByteStream, Listener } from "../../../transports/transport.ts";
import { settled } from "../streams.ts";

/** A stream that shakes hands when it is told to. */
class Shy implements ByteStream {
  readonly secure = false;
  readonly shaken = Promise.withResolvers<ByteStream>();
  isShaking = false;
  isClosed = false;

  constructor(readonly peer: string) {}

  read(): Promise<null> {
    return Promise.resolve(null);
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
    this.shaken.reject(new Error("It was closed"));
  }
}

/** A listener to which streams come as a test wants it. */
class Door implements Listener {
  readonly address = { host: "127.0.0.1", port: 1 };
  readonly #streams: Shy[] = [];
  #waiting: ((stream: Shy | undefined) => void) | undefined;

  come(peer: string): Shy {
    const stream = new Shy(peer);
    stream.shaken.promise.catch(() => {});
    if (this.#waiting === undefined) this.#streams.push(stream);
    else this.#waiting(stream);
    this.#waiting = undefined;
    return stream;
  }

  accept(): Promise<Shy | undefined> {
    const next = this.#streams.shift();
    if (next !== undefined) return Promise.resolve(next);
    return new Promise((resolve) => this.#waiting = resolve);
  }

  close(): void {
    this.#waiting?.(undefined);
  }
}

function open(options: Pick<Shaking, "atOnce" | "patienceMs">) {
  const door = new Door();
  const shake = (stream: ByteStream) => {
    (stream as Shy).isShaking = true;
    return (stream as Shy).shaken.promise;
  };
  const listener = new ShakingListener(door, { ...options, shake });
  return { door, listener, accepting: listener.accept() };
}

Deno.test("ShakingListener lets a host that has many streams give way to one that has none", async () => {
  const { door, listener, accepting } = open({ atOnce: 3 });
  const crowd = [1, 2, 3, 4].map((port) => door.come(`192.0.2.1:${port}`));
  await settled();
  // The fourth waits: it is of those that fill the room.
  assert.deepEqual(crowd.map(({ isShaking }) => isShaking), [true, true, true, false]);
  crowd[1]!.shaken.reject(new Error("It is rude"));
  await settled();
  assert.equal(crowd[3]!.isShaking, true);
  const [other, third, fourth] = [2, 3, 4].map((host) => door.come(`192.0.2.${host}:1`));
  await settled();
  assert.deepEqual(crowd.map(({ isClosed }) => isClosed), [true, false, true, false]);
  // One for each is fair.
  assert.deepEqual([other, third, fourth].map((each) => each!.isShaking), [true, true, false]);
  other!.shaken.resolve(other!);
  assert.equal(await accepting, other);
  await settled();
  assert.equal(fourth!.isShaking, true);
  listener.close();
});

Deno.test("ShakingListener has nobody wait for a stream that takes too long", async () => {
  const { door, listener } = open({ atOnce: 2, patienceMs: 0 });
  const [first, second, third] = [1, 2, 3].map((port) => door.come(`192.0.2.1:${port}`));
  await settled();
  assert.deepEqual([first!.isClosed, second!.isClosed, third!.isShaking], [true, false, true]);
  listener.close();
});

Deno.test("ShakingListener closes what waits for room when it is closed", async () => {
  const { door, listener, accepting } = open({ atOnce: 1, patienceMs: 60_000 });
  const streams = [1, 2].map((port) => door.come(`192.0.2.1:${port}`));
  await settled();
  listener.close();
  assert.deepEqual(streams.map(({ isClosed }) => isClosed), [true, true]);
  assert.equal(await accepting, undefined);
});
