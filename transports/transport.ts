/** Where a stream or datagram comes from or goes to. */
export interface Address {
  /** IP address, or the path of a Unix socket. */
  host: string;
  /** 0 for a Unix socket. */
  port: number;
}

/** An ordered, reliable pair of byte streams: the shape of `Deno.Conn`. */
export interface ByteStream {
  /** `host:port`, `[host]:port` for IPv6, or the path of a Unix socket. */
  readonly peer: string;
  /** True when the bytes are encrypted on their way. */
  readonly secure: boolean;
  /** The name in the client's verified certificate. */
  readonly certificate?: string;
  /**
   * Resolves with the number of bytes read, at least 1, or null at the end. One read at a time.
   * Rejects when the stream broke or is closed, also while it waits.
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Resolves with the number of bytes written: write the rest again. One write at a time.
   * `bytes` stays as it is until then. Rejects when the stream broke or is closed.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends our side: the peer reads the end after everything written. */
  closeWrite(): Promise<void>;
  /** Releases the stream; what has been written is still delivered. Safe to call twice. */
  close(): void;
}

/** Something that accepts streams until it is closed. */
export interface Listener {
  /** Where it listens, with the port that the system chose for port 0. */
  readonly address: Address;
  /** Resolves with the next stream; undefined once closed. Rejects when accepting failed: try again. */
  accept(): Promise<ByteStream | undefined>;
  /** Stops accepting. Safe to call twice. */
  close(): void;
}

/** A way to accept streams: TCP, TLS, a Unix socket, memory. */
export interface Transport {
  /** What an operator reads: `tcp`, `tls`. */
  readonly name: string;
  /** Starts to listen. Rejects or throws when it cannot, with the cause. */
  listen(): Listener | Promise<Listener>;
}

/** A socket for datagrams. */
export interface DatagramPort {
  readonly address: Address;
  /** Resolves with one whole datagram, a view valid until the next call; undefined once closed. */
  receive(): Promise<{ bytes: Uint8Array; from: string } | undefined>;
  /**
   * Sends one datagram to an address as `receive` gave it. `bytes` stays as it is until then.
   * Rejects when the system would not send it, which hurts no other datagram.
   */
  send(bytes: Uint8Array, to: string): Promise<void>;
  /** Releases the socket. Safe to call twice. */
  close(): void;
}

/** A way to exchange datagrams. */
export interface DatagramTransport {
  readonly name: string;
  /** Starts to receive. Rejects or throws when it cannot, with the cause. */
  bind(): DatagramPort | Promise<DatagramPort>;
}
