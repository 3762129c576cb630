import { formatAddress } from "./address.ts";
import type { Address, ByteStream, Listener } from "./transport.ts";

/** A connected TCP or Unix socket. It returns the socket's own promises and makes none. */
export class SocketStream implements ByteStream {
  readonly secure = false;
  readonly #socket: Deno.Conn;
  #peer: string | undefined;
  #closed = false;

  /** Without `peer` it is made of the socket's address when somebody asks for it. */
  constructor(socket: Deno.Conn, peer?: string) {
    this.#socket = socket;
    this.#peer = peer;
  }

  get peer(): string {
    if (this.#peer === undefined) {
      const { hostname, port } = this.#socket.remoteAddr as Deno.NetAddr;
      this.#peer = formatAddress(hostname, port);
    }
    return this.#peer;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#socket.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#socket.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#socket.closeWrite();
  }

  close(): void {
    // A second close of a Deno resource throws.
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }
}

/** Accepts from a listening TCP or Unix socket. */
export class SocketListener<Socket extends Deno.Conn> implements Listener {
  readonly #listener: { accept(): Promise<Socket>; close(): void };
  readonly #accepted: (socket: Socket) => ByteStream;
  readonly #failed = (error: unknown): undefined => {
    if (!this.#closed) throw error;
  };
  #closed = false;

  constructor(
    listener: { accept(): Promise<Socket>; close(): void },
    options: { address: Address; accepted: (socket: Socket) => ByteStream },
  ) {
    this.#listener = listener;
    this.address = options.address;
    this.#accepted = options.accepted;
  }

  readonly address: Address;

  accept(): Promise<ByteStream | undefined> {
    return this.#listener.accept().then(this.#accepted, this.#failed);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#listener.close();
  }
}
