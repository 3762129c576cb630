import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";
import type { ByteStream } from "../transport.ts";
import type { StreamDuplex } from "./stream_duplex.ts";

/** The limits of one encrypted stream. */
const defaults = {
  /** Decrypted bytes that may wait for a reader, four TLS records; with more, the peer waits. */
  unreadBytes: 64 * 1024,
  /** Bytes that one write takes: they are in memory twice while they are encrypted. */
  writeBytes: 64 * 1024,
};

type Reader = {
  into: Uint8Array;
  resolve: (count: number | null) => void;
  reject: (error: Error) => void;
};

/** A TLS connection whose handshake is done. */
export class TlsStream implements ByteStream {
  readonly secure = true;
  readonly peer: string;
  readonly certificate?: string;
  readonly certificateNames?: readonly string[];
  readonly grant?: ByteStream["grant"];
  readonly #socket: TLSSocket;
  readonly #duplex: StreamDuplex;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #reader: Reader | undefined;
  #writing = false;
  #ended = false;
  #closed = false;
  #error: Error | undefined;

  /** `duplex` is what `socket` reads from. */
  constructor(
    socket: TLSSocket,
    options: {
      duplex: StreamDuplex;
      peer: string;
      certificate?: string;
      names?: readonly string[];
      grant?: ByteStream["grant"];
    },
  ) {
    this.#socket = socket;
    this.#duplex = options.duplex;
    this.peer = options.peer;
    this.certificate = options.certificate;
    this.certificateNames = options.names;
    this.grant = options.grant;
    socket.on("data", (chunk: Uint8Array) => this.#arrived(chunk));
    socket.on("end", () => this.#finish());
    socket.on("error", (error: Error) => this.#error ??= error);
    socket.on("close", () => this.#finish());
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#closed) return Promise.reject(closed());
    if (this.#unread.length > 0) return Promise.resolve(this.#take(into));
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#ended) return Promise.resolve(null);
    return new Promise((resolve, reject) => this.#reader = { into, resolve, reject });
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) return Promise.reject(closed());
    if (bytes.length === 0) return Promise.resolve(0);
    const piece = bytes.subarray(0, defaults.writeBytes);
    this.#writing = true;
    return new Promise((resolve, reject) => {
      this.#socket.write(piece, (error) => {
        this.#writing = false;
        if (error) reject(error);
        else resolve(piece.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    if (this.#closed) return Promise.reject(closed());
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error) => error ? reject(error) : resolve());
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unread = [];
    // close_notify tells the peer that nothing is missing. One that does not read would not get it.
    if (!this.#writing) this.#socket.end();
    setImmediate(() => this.#socket.destroy());
    this.#finish();
  }

  #arrived(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    // Pausing the socket would not stop it from reading its duplex.
    if (this.#unreadBytes > defaults.unreadBytes) this.#duplex.hold();
    const reader = this.#reader;
    if (reader === undefined) return;
    this.#reader = undefined;
    reader.resolve(this.#take(reader.into));
  }

  #take(into: Uint8Array): number {
    const chunk = this.#unread[0]!;
    const count = Math.min(chunk.length, into.length);
    into.set(chunk.subarray(0, count));
    if (count === chunk.length) this.#unread.shift();
    else this.#unread[0] = chunk.subarray(count);
    this.#unreadBytes -= count;
    if (this.#unreadBytes === 0) this.#duplex.release();
    return count;
  }

  #finish(): void {
    this.#ended = true;
    const reader = this.#reader;
    this.#reader = undefined;
    if (this.#closed) reader?.reject(closed());
    else if (this.#error !== undefined) reader?.reject(this.#error);
    else reader?.resolve(null);
  }
}

function closed(): Error {
  return new Deno.errors.BadResource("Cannot use a stream that is closed");
}
