import { bareHost, formatAddress, listenFault, parseAddress } from "./address.ts";
import { joinGroups } from "./groups.ts";
import type { Address, DatagramPort, DatagramTransport } from "./transport.ts";

/**
 * Where UDP is bound: a port, the address of an interface, and multicast groups.
 *
 * @example Every interface, IPv4 and IPv6
 * ```ts
 * import { udp, type UdpOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const everywhere: UdpOptions = { port: 5683, hostname: "[::]" };
 * const wrong = udp({ ...everywhere, port: 70_000 });
 * await assert.rejects(async () => await wrong.bind(), /a port is a whole number from 0 to 65535/);
 * ```
 */
export interface UdpOptions {
  /** A port from 0 to 65,535; 0 has the system choose a free one. */
  port: number;
  /** An IP address or host; default `127.0.0.1`. `::` or `[::]` is every one, by IPv6 and IPv4. */
  hostname?: string;
  /**
   * Multicast groups to join, such as `224.0.1.187` or `ff02::fd`; default: none. `hostname` must
   * then be the address of the interface at which to join, a link-local one with its zone, as in
   * `fe80::1%eth0`. IPv6 groups need `--allow-sys`.
   */
  groups?: readonly string[];
}

/** The limits of UDP. */
const defaults = {
  /** The largest datagram there is: a smaller buffer would silently cut a longer one. */
  receiveBytes: 65_535,
  /** Peers whose address is remembered as text, about 200 bytes each; with one more, none is. */
  rememberedPeers: 10_000,
};

/**
 * Exchanges datagrams over UDP (RFC 768), through one socket for all peers, for `Gateway.listen`.
 * Deno has UDP only with `"unstable": ["net"]` in deno.json, or `--unstable-net`.
 *
 * When it cannot be bound, `Listening.ready` rejects with an `Error` that names the address and the
 * cause.
 *
 * @example The port that the system chose
 * ```ts
 * import { coap, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * assert.ok(port > 0);
 * ```
 */
export function udp(options: UdpOptions): DatagramTransport {
  return { name: "udp", bind: () => bind(options) };
}

function bind(options: UdpOptions): DatagramPort | Promise<DatagramPort> {
  const hostname = bareHost(options.hostname ?? "127.0.0.1"), { groups = [] } = options;
  let own: UdpPort;
  try {
    const socket = Deno.listenDatagram({ transport: "udp", port: options.port, hostname });
    own = new UdpPort(socket, hostname.split("%")[1]);
  } catch (error) {
    throw listenFault(formatAddress(hostname, options.port), error);
  }
  return groups.length === 0 ? own : join(own, hostname, groups);
}

async function join(own: UdpPort, hostname: string, groups: readonly string[]): Promise<UdpPort> {
  try {
    const joined = await joinGroups(groups, { hostname, port: own.address.port });
    for (const { socket, zone } of joined) own.groups.push(new UdpPort(socket, zone));
    return own;
  } catch (error) {
    own.close();
    throw error;
  }
}

class UdpPort implements DatagramPort {
  readonly address: Address;
  readonly groups: UdpPort[] = [];
  readonly #socket: Deno.DatagramConn;
  readonly #buffer = new Uint8Array(defaults.receiveBytes);
  readonly #book: AddressBook;
  #closed = false;

  readonly #arrived = ([bytes, from]: [Uint8Array, Deno.Addr]) => {
    return { bytes, from: this.#book.textOf(from as Deno.NetAddr) };
  };
  readonly #failed = (error: unknown) => {
    if (this.#closed) return undefined;
    // ICMP's answer to an earlier datagram of ours: its peer is gone, which concerns no other.
    if (error instanceof Deno.errors.ConnectionRefused) return this.receive();
    if (error instanceof Deno.errors.ConnectionReset) return this.receive();
    throw error;
  };

  constructor(socket: Deno.DatagramConn, zone?: string) {
    const { hostname, port } = socket.addr as Deno.NetAddr;
    this.address = { host: hostname, port };
    this.#socket = socket;
    this.#book = new AddressBook(zone);
  }

  receive(): Promise<{ bytes: Uint8Array; from: string } | undefined> {
    return this.#socket.receive(this.#buffer).then(this.#arrived, this.#failed);
  }

  send(bytes: Uint8Array, to: string): Promise<void> {
    const address = this.#book.addressOf(to);
    if (address === undefined) {
      return Promise.reject(new TypeError(`Cannot send to "${to}": host:port is needed`));
    }
    // A datagram goes whole or not at all, so nobody needs the count, nor a promise that drops it.
    return this.#socket.send(bytes, address) as Promise<unknown> as Promise<void>;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
    for (const each of this.groups) each.close();
  }
}

/** Turns addresses into text and back, and remembers both for peers that keep talking. */
class AddressBook {
  #texts = new Map<string, Map<number, string>>();
  #addresses = new Map<string, Deno.NetAddr>();

  /** Nothing can be sent to a link-local peer without `zone`, the interface it came in by. */
  constructor(readonly zone: string | undefined) {}

  textOf(address: Deno.NetAddr): string {
    const known = this.#texts.get(address.hostname)?.get(address.port);
    if (known !== undefined) return known;
    const { hostname } = address, { zone } = this;
    const isLocal = zone !== undefined && /^fe[89ab]/i.test(hostname);
    const text = formatAddress(isLocal ? `${hostname}%${zone}` : hostname, address.port);
    this.#learn(text, address);
    const ports = this.#texts.get(address.hostname);
    if (ports === undefined) this.#texts.set(address.hostname, new Map([[address.port, text]]));
    else ports.set(address.port, text);
    return text;
  }

  addressOf(text: string): Deno.NetAddr | undefined {
    const known = this.#addresses.get(text);
    if (known !== undefined) return known;
    const parsed = parseAddress(text);
    if (parsed === undefined) return undefined;
    const address: Deno.NetAddr = { transport: "udp", hostname: parsed.host, port: parsed.port };
    this.#learn(text, address);
    return address;
  }

  #learn(text: string, address: Deno.NetAddr): void {
    if (this.#addresses.size >= defaults.rememberedPeers) {
      this.#addresses.clear();
      this.#texts.clear();
    }
    this.#addresses.set(text, address);
  }
}
