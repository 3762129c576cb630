import { decodeMessage, type DnsMessage, encodeMessage } from "../../protocols/dns/message.ts";
import { type DnsQuestion, rcodes } from "../../protocols/dns/record.ts";
import { isReplyTo } from "../../protocols/dns/reply.ts";
import { ProtocolError } from "../../protocols/session.ts";
import { parseAddress } from "../../transports/address.ts";
import { dialTcp } from "../../transports/tcp.ts";
import type { ByteStream, DatagramTransport } from "../../transports/transport.ts";
import { udp } from "../../transports/udp.ts";
import type { Clock } from "../clock.ts";

/** Bytes of the datagrams that we take: what every IPv6 path carries (DNS Flag Day 2020). */
const UDP_BYTES = 1_232;

/** How servers are reached; tests give their own. */
export interface DnsNetwork {
  /** A socket of a new port for each question. */
  datagrams(server: string): DatagramTransport;
  connect(server: string, signal: AbortSignal): Promise<ByteStream>;
}

/** The network of this machine. */
export const systemNetwork: DnsNetwork = {
  // Port 0: the system draws one, which nobody else can guess (RFC 5452 §9.2).
  datagrams: (server) => udp({ port: 0, hostname: server.startsWith("[") ? "::" : "0.0.0.0" }),
  connect(server, signal) {
    const { host, port } = parseAddress(server)!;
    return dialTcp({ hostname: host, port, signal });
  },
};

/** What an exchange needs. */
interface ExchangeOptions {
  network: DnsNetwork;
  clock: Clock;
  timeoutMs: number;
}

/**
 * Asks one server once: by UDP, and by TCP if the answer is too long for that. Rejects after
 * `timeoutMs` at the latest.
 */
export async function exchange(
  server: string,
  question: DnsQuestion,
  options: ExchangeOptions,
): Promise<DnsMessage> {
  const late = new AbortController();
  const cancel = options.clock.after(options.timeoutMs, () => late.abort());
  const { signal } = late;
  let asking = new Asking(server, question, { ...options, signal, edns: true });
  try {
    let reply = await asking.byUdp();
    if (reply.rcode === rcodes.FORMERR && reply.edns === undefined) {
      // This may be a server that does not know EDNS: it is asked again without (RFC 6891 §7).
      asking = new Asking(server, question, { ...options, signal, edns: false });
      reply = await asking.byUdp();
    }
    return reply.truncated ? await asking.byTcp() : reply;
  } catch (error) {
    if (!late.signal.aborted) throw error;
    throw new Error(`${server} did not answer in ${options.timeoutMs} ms`);
  } finally {
    cancel();
  }
}

class Asking {
  readonly #server: string;
  readonly #question: DnsQuestion;
  readonly #options: ExchangeOptions & { signal: AbortSignal };
  readonly #id = crypto.getRandomValues(new Uint16Array(1))[0]!;
  readonly #query: Uint8Array;

  constructor(
    server: string,
    question: DnsQuestion,
    options: ExchangeOptions & { signal: AbortSignal; edns: boolean },
  ) {
    this.#server = server;
    this.#question = question;
    this.#options = options;
    this.#query = encodeMessage({
      id: this.#id,
      recursionDesired: true,
      questions: [question],
      answers: [],
      authorities: [],
      additionals: [],
      ...options.edns &&
        { edns: { udpBytes: UDP_BYTES, version: 0, flags: 0, options: new Uint8Array() } },
    });
  }

  async byUdp(): Promise<DnsMessage> {
    const { network, signal } = this.#options;
    const port = await network.datagrams(this.#server).bind();
    const close = () => port.close();
    signal.addEventListener("abort", close);
    try {
      if (signal.aborted) throw new Error("too late");
      await port.send(this.#query, this.#server);
      for (;;) {
        const datagram = await port.receive();
        if (datagram === undefined) throw new Error("the socket is gone");
        // Anything else may be a forgery (RFC 5452 §9.1): the true answer can still come.
        const reply = datagram.from === this.#server ? this.#read(datagram.bytes) : undefined;
        if (reply !== undefined) return reply;
      }
    } finally {
      signal.removeEventListener("abort", close);
      port.close();
    }
  }

  async byTcp(): Promise<DnsMessage> {
    const { network, signal } = this.#options;
    const stream = await network.connect(this.#server, signal);
    const close = () => stream.close();
    signal.addEventListener("abort", close);
    try {
      if (signal.aborted) throw new Error("too late");
      const framed = new Uint8Array(2 + this.#query.length);
      framed.set([this.#query.length >>> 8, this.#query.length]);
      framed.set(this.#query, 2);
      for (let at = 0; at < framed.length;) at += await stream.write(framed.subarray(at));
      const [high, low] = await readWhole(stream, 2);
      const reply = this.#read(await readWhole(stream, high! << 8 | low!));
      if (reply === undefined) throw new Error(`${this.#server} answered something else by TCP`);
      return reply;
    } finally {
      signal.removeEventListener("abort", close);
      stream.close();
    }
  }

  #read(bytes: Uint8Array): DnsMessage | undefined {
    try {
      const reply = decodeMessage(bytes);
      return isReplyTo(reply, this.#id, this.#question) ? reply : undefined;
    } catch (error) {
      if (error instanceof ProtocolError) return undefined;
      throw error;
    }
  }
}

async function readWhole(stream: ByteStream, size: number): Promise<Uint8Array> {
  const whole = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const count = await stream.read(whole.subarray(at));
    if (count === null) throw new Error("the server hung up");
    at += count;
  }
  return whole;
}
