/**
 * The address of a listener or a socket.
 *
 * @example The address of a listener as a URL
 * ```ts
 * import { type Address, gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { host, port }: Address = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
 * assert.match(`mqtt://${host}:${port}`, /^mqtt:\/\/127\.0\.0\.1:\d+$/);
 * ```
 */
export interface Address {
  /** The IP address, or the path of a Unix socket. */
  host: string;
  /** The port; 0 for a Unix socket. */
  port: number;
}

/**
 * One end of a connection: bytes in order, both ways, without loss. It has the shape of
 * `Deno.Conn`.
 *
 * @example Writing everything
 * ```ts
 * import { type ByteStream, memoryPair } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
 *   for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
 * }
 *
 * const [near, far] = memoryPair();
 * await writeAll(near, new TextEncoder().encode("hello"));
 * near.close();
 * const into = new Uint8Array(16);
 * assert.equal(await far.read(into), 5);
 * assert.equal(await far.read(into), null);
 * ```
 */
export interface ByteStream {
  /** Who is at the other end: `host:port`, `[host]:port` for IPv6, or the path of a Unix socket. */
  readonly peer: string;
  /** True when the bytes are encrypted on their way. */
  readonly secure: boolean;
  /** The common name in the client's certificate, if it showed one and that was verified. */
  readonly certificate?: string;
  /** The alternative names in that certificate, and its SHA-256 fingerprint. */
  readonly certificateNames?: readonly string[];
  /** What the certificate stands on, where somebody may revoke it: whether it holds, and when not. */
  readonly grant?: {
    /** Finds out whether it holds still. */
    check(decided: (holds: boolean) => void): void;
    /** Calls `revoked` when it does not, be it at once; the answer ends that. */
    watch(revoked: () => void): () => void;
  };
  /**
   * Reads into `into`, and resolves with the number of bytes, at least 1, or null at the end. One
   * read at a time. Rejects when the stream breaks or is closed, also while it waits.
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Resolves with the number of bytes written, which may be less than there are: write the rest
   * again. One write at a time; leave `bytes` as they are until then. Rejects when the stream
   * breaks or is closed.
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends our side: the peer reads the end after everything that was written. */
  closeWrite(): Promise<void>;
  /** Releases the stream. What has been written is still delivered. Safe to call twice. */
  close(): void;
}

/**
 * Something that accepts streams until it is closed.
 *
 * @example Accepting one
 * ```ts
 * import { type Listener, MemoryTransport } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const transport = new MemoryTransport({ peers: ["server", "client-7"] });
 * const listener: Listener = transport.listen();
 * transport.connect();
 * assert.equal((await listener.accept())?.peer, "client-7");
 * listener.close();
 * assert.equal(await listener.accept(), undefined);
 * ```
 */
export interface Listener {
  /** Where it listens, with the port that the system chose for port 0. */
  readonly address: Address;
  /**
   * Resolves with the next stream, or undefined once the listener is closed. Rejects when it cannot
   * accept at the moment: try again later.
   */
  accept(): Promise<ByteStream | undefined>;
  /** Stops accepting. Safe to call twice. */
  close(): void;
  /** True when it asks the `admits` of `Transport.listen` about each peer by itself. */
  readonly screened?: boolean;
}

/**
 * A way to accept streams: TCP, TLS, a Unix socket, memory. `listen` is called once more for each
 * restart of a listener that crashed.
 *
 * @example A transport that tries one port after the other
 * ```ts
 * import { tcp, type Transport } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function firstOf(...ports: number[]): Transport {
 *   const [port = 0, ...others] = ports;
 *   const listen = async () => {
 *     try {
 *       return await tcp({ port }).listen();
 *     } catch (error) {
 *       if (others.length === 0) throw error;
 *       return await firstOf(...others).listen();
 *     }
 *   };
 *   return { name: "tcp", listen };
 * }
 *
 * const taken = await tcp({ port: 0 }).listen();
 * const listener = await firstOf(taken.address.port, 0).listen();
 * assert.notEqual(listener.address.port, taken.address.port);
 * for (const each of [taken, listener]) each.close();
 * ```
 */
export interface Transport {
  /** What operators read, such as `tcp`; listeners are named after it. */
  readonly name: string;
  /**
   * Starts to listen. Rejects or throws with the cause when it cannot. A transport that does more
   * than accept, such as a handshake, first asks `admits` about each peer, and sets
   * `Listener.screened`.
   */
  listen(admits?: (peer: string) => boolean): Listener | Promise<Listener>;
}

/**
 * A bound socket that sends and receives datagrams.
 *
 * @example From one to another
 * ```ts
 * import { type DatagramPort, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const here: DatagramPort = await udp({ port: 0 }).bind();
 * const there: DatagramPort = await udp({ port: 0 }).bind();
 * await here.send(Uint8Array.of(7), `127.0.0.1:${there.address.port}`);
 * assert.equal((await there.receive())?.from, `127.0.0.1:${here.address.port}`);
 * for (const each of [here, there]) each.close();
 * ```
 */
export interface DatagramPort {
  /** Where it is bound, with the port that the system chose for port 0. */
  readonly address: Address;
  /**
   * Ports that receive what is sent to multicast groups, and send nothing. They close with this.
   */
  readonly groups?: readonly DatagramPort[];
  /**
   * Resolves with one whole datagram and its sender, or undefined once closed. `bytes` is a view
   * that is valid until the next call.
   */
  receive(): Promise<{ bytes: Uint8Array; from: string } | undefined>;
  /**
   * Sends one datagram to an address such as `receive` gives; leave `bytes` as they are until it
   * resolves. Rejects when the system does not send it; later ones may still be sent.
   */
  send(bytes: Uint8Array, to: string): Promise<void>;
  /** Releases the socket. Safe to call twice. */
  close(): void;
}

/**
 * A way to exchange datagrams, such as UDP. `bind` is called once more for each restart of an
 * endpoint that crashed.
 *
 * @example A network that loses every other datagram
 * ```ts
 * import { type DatagramTransport, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function lossy(transport: DatagramTransport): DatagramTransport {
 *   const bind = async () => {
 *     const port = await transport.bind();
 *     let count = 0;
 *     const send: typeof port.send = async (bytes, to) => {
 *       if (count++ % 2 > 0) await port.send(bytes, to);
 *     };
 *     const { address } = port;
 *     return { address, send, receive: () => port.receive(), close: () => port.close() };
 *   };
 *   return { name: `lossy ${transport.name}`, bind };
 * }
 *
 * const near = await lossy(udp({ port: 0 })).bind();
 * const far = await udp({ port: 0 }).bind();
 * for (const each of [1, 2]) await near.send(Uint8Array.of(each), `127.0.0.1:${far.address.port}`);
 * assert.deepEqual([...(await far.receive())!.bytes], [2]);
 * for (const each of [near, far]) each.close();
 * ```
 */
export interface DatagramTransport {
  /** What operators read, such as `udp`; listeners are named after it. */
  readonly name: string;
  /** Starts to receive. Rejects or throws with the cause when it cannot. */
  bind(): DatagramPort | Promise<DatagramPort>;
}
