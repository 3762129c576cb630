import type { Address, ByteStream, Listener, Transport } from "./transport.ts";

/**
 * How much a stream in memory holds, and what its ends call each other.
 *
 * @example A pipe that holds two bytes
 * ```ts
 * import { memoryPair, type MemoryOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: MemoryOptions = { capacityBytes: 2, peers: ["there", "here"] };
 * const [here] = memoryPair(options);
 * assert.equal(here.peer, "there");
 * assert.equal(await here.write(Uint8Array.of(1, 2, 3)), 2);
 * ```
 */
export interface MemoryOptions {
  /** Bytes that may wait in each direction; default 64 KiB. With more, writers wait. */
  capacityBytes?: number;
  /** What each end calls the other: `peer` of the first and of the second; default `memory`. */
  peers?: readonly [string, string];
}

/** The limits of streams in memory. */
const defaults = {
  /** About what a kernel keeps for a small socket. */
  capacityBytes: 64 * 1024,
  /** Streams that may wait to be accepted, as for a kernel's listening socket. */
  backlog: 128,
};

/**
 * Makes the two ends of a stream in memory: what is written to one is read from the other.
 *
 * @example There and back
 * ```ts
 * import { memoryPair } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const [near, far] = memoryPair();
 * await near.write(Uint8Array.of(1, 2));
 * const into = new Uint8Array(8);
 * assert.equal(await far.read(into), 2);
 * assert.deepEqual([...into.subarray(0, 2)], [1, 2]);
 * ```
 */
export function memoryPair(options: MemoryOptions = {}): [ByteStream, ByteStream] {
  const { capacityBytes = defaults.capacityBytes, peers = ["memory", "memory"] } = options;
  const there = new Pipe(capacityBytes), back = new Pipe(capacityBytes);
  return [new MemoryStream(peers[0], back, there), new MemoryStream(peers[1], there, back)];
}

class MemoryStream implements ByteStream {
  readonly secure = false;

  constructor(readonly peer: string, readonly input: Pipe, readonly output: Pipe) {}

  read(into: Uint8Array): Promise<number | null> {
    return this.input.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.output.write(bytes);
  }

  closeWrite(): Promise<void> {
    this.output.end();
    return Promise.resolve();
  }

  close(): void {
    this.output.end();
    this.input.abandon();
  }
}

/** One direction, bounded. */
class Pipe {
  #chunks: Uint8Array[] = [];
  #size = 0;
  #ended = false;
  #abandoned = false;
  #change = Promise.withResolvers<void>();

  constructor(readonly capacityBytes: number) {}

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#size === 0 || this.#abandoned) {
      if (this.#abandoned) throw new Deno.errors.BadResource("Cannot read: the stream is closed");
      if (this.#ended) return null;
      await this.#change.promise;
    }
    const chunk = this.#chunks[0]!;
    const count = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, count));
    if (count === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(count);
    this.#size -= count;
    this.#changed();
    return count;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#size >= this.capacityBytes || this.#ended || this.#abandoned) {
      if (this.#ended) throw new Deno.errors.BadResource("Cannot write: the stream is closed");
      if (this.#abandoned) throw new Deno.errors.BrokenPipe("Cannot write: the peer has gone");
      await this.#change.promise;
    }
    const count = Math.min(bytes.length, this.capacityBytes - this.#size);
    if (count > 0) this.#chunks.push(bytes.slice(0, count));
    this.#size += count;
    this.#changed();
    return count;
  }

  /** The writer writes no more. */
  end(): void {
    this.#ended = true;
    this.#changed();
  }

  /** The reader reads no more. */
  abandon(): void {
    this.#abandoned = true;
    this.#chunks = [];
    this.#size = 0;
    this.#changed();
  }

  #changed(): void {
    const { resolve } = this.#change;
    this.#change = Promise.withResolvers();
    resolve();
  }
}

/**
 * Streams within this process, for tests and for clients that live in it.
 *
 * @example HTTP without a socket
 * ```ts
 * import { gateway, http, MemoryTransport } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const memory = new MemoryTransport();
 * await hub.listen(memory, http()).ready;
 * const client = memory.connect();
 * await client.write(new TextEncoder().encode("GET /topics/ HTTP/1.1\r\nhost: memory\r\n\r\n"));
 * const into = new Uint8Array(1_024);
 * const count = await client.read(into);
 * assert.match(new TextDecoder().decode(into.subarray(0, count!)), /^HTTP\/1\.1 200 /);
 * client.close();
 * ```
 */
export class MemoryTransport implements Transport {
  /** `memory`. */
  readonly name = "memory";
  readonly #options: MemoryOptions;
  #listener: MemoryListener | undefined;

  /** Makes a transport whose streams have these options. */
  constructor(options: MemoryOptions = {}) {
    this.#options = options;
  }

  /**
   * Starts to listen. At most 128 streams wait to be accepted.
   *
   * @throws {Error} When it listens already.
   */
  listen(): Listener {
    if (this.#listener?.open) {
      throw new Error(
        "Cannot listen twice on one MemoryTransport: close its first listener before",
      );
    }
    return this.#listener = new MemoryListener();
  }

  /**
   * Returns the client's end of a new stream; the server's end waits to be accepted.
   *
   * @throws {Deno.errors.ConnectionRefused} When nobody listens, or 128 streams wait already.
   */
  connect(): ByteStream {
    const [client, server] = memoryPair(this.#options);
    if (this.#listener?.offer(server)) return client;
    throw new Deno.errors.ConnectionRefused(
      `Cannot connect: nobody accepts, or ${defaults.backlog} wait already`,
    );
  }
}

class MemoryListener implements Listener {
  readonly address: Address = { host: "memory", port: 0 };
  open = true;
  #waiting: ByteStream[] = [];
  #accepting: ((stream: ByteStream | undefined) => void)[] = [];

  offer(stream: ByteStream): boolean {
    if (!this.open || this.#waiting.length >= defaults.backlog) return false;
    const accept = this.#accepting.shift();
    if (accept === undefined) this.#waiting.push(stream);
    else accept(stream);
    return true;
  }

  accept(): Promise<ByteStream | undefined> {
    const next = this.#waiting.shift();
    if (next !== undefined || !this.open) return Promise.resolve(next);
    return new Promise((resolve) => this.#accepting.push(resolve));
  }

  close(): void {
    this.open = false;
    for (const accept of this.#accepting.splice(0)) accept(undefined);
    for (const stream of this.#waiting.splice(0)) stream.close();
  }
}
