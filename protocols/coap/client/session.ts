import type { DatagramSession, DatagramWire } from "../../session.ts";
import { ProtocolError } from "../../session.ts";
import { Exchange } from "../exchange/exchange.ts";
import { keyOf, type Peer } from "../exchange/peers.ts";
import type { CoapLimits } from "../limits.ts";
import { ACK, CON, decode, type Message, RST } from "../messages/codec.ts";
import { Options } from "../messages/options.ts";
import { Questions } from "./questions.ts";

/** 64 answers whose ids are remembered, in case the server misses our acknowledgement. */
const MAX_REMEMBERED = 64;

/** What a client is made of. */
interface ClientSetting {
  readonly limits: CoapLimits;
  readonly random: () => number;
  readonly newToken: () => Uint8Array;
}

/** CoAP over UDP (RFC 7252), as the client of one server. */
export class CoapClientSession implements DatagramSession {
  readonly label = "coap client";
  readonly questions: Questions;
  readonly #exchange: Exchange;
  readonly #peer: Peer;
  /** Ids of the answers that have come, and when, in the order in which they came. */
  readonly #remembered = new Map<number, number>();

  constructor(wire: DatagramWire, server: string, { limits, random, newToken }: ClientSetting) {
    this.#exchange = new Exchange(wire, limits, random);
    this.#peer = this.#exchange.peers.open(server);
    // Kept as long as the session.
    this.#peer.busy = true;
    this.questions = new Questions(this.#exchange, this.#peer, newToken);
  }

  get deadline(): number {
    return this.#exchange.deadline;
  }

  receive(bytes: Uint8Array, from: string, now: number): void {
    // Only the server that was asked can answer (RFC 7252 §5.3.2).
    if (keyOf(from) !== this.#peer.key || bytes.length < 4 || bytes[0]! >> 6 !== 1) return;
    let message: Message;
    try {
      // Answers outlive the datagram.
      message = decode(bytes.slice(), this.#exchange.limits.maxOptions);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if ((bytes[0]! >> 4 & 3) === CON) this.#reset(bytes[2]! << 8 | bytes[3]!);
      return;
    }
    if (message.type === ACK || message.type === RST) {
      this.#settle(message, now);
    } else this.#hear(message, now);
  }

  signal(signal: unknown, now: number): void {
    if (typeof signal === "function") signal(now);
  }

  tick(now: number): void {
    this.#exchange.tick(now);
  }

  shutdown(now: number): void {
    this.questions.end(now);
  }

  ended(now: number): void {
    this.questions.end(now);
  }

  #settle(message: Message, now: number): void {
    if (this.#exchange.settle(this.#peer, message, now)) return;
    if (message.type === RST) return this.questions.reset(message.id, now);
    // An answer to a request that another message has settled already, which it may be newer than.
    if (message.code >> 5 > 1) this.questions.receive(message, now);
  }

  #hear(message: Message, now: number): void {
    const { type, code, id, options } = message, isCon = type === CON;
    // A ping, or a request: nothing is served here.
    if (code >> 5 === 0 || code >> 5 === 1) return isCon ? this.#reset(id) : undefined;
    if (isCon && this.#isRemembered(id, now)) return this.#acknowledge(message);
    if (this.questions.receive(message, now)) {
      if (!isCon) return;
      this.#remember(id, now);
      return this.#acknowledge(message);
    }
    // Nobody waits for it. A reset also ends the observation of a notification (RFC 7641 §3.6).
    if (isCon || options.some(({ number }) => number === Options.observe)) this.#reset(id);
  }

  /** Ids are used again after EXCHANGE_LIFETIME (RFC 7252 §4.4). */
  #isRemembered(id: number, now: number): boolean {
    const at = this.#remembered.get(id);
    return at !== undefined && now < at + this.#exchange.limits.exchangeLifetimeMs;
  }

  #remember(id: number, now: number): void {
    const all = this.#remembered;
    all.delete(id);
    all.set(id, now);
    if (all.size > MAX_REMEMBERED) all.delete(all.keys().next().value!);
  }

  #acknowledge(message: Message): void {
    this.#exchange.acknowledge(message, this.#peer.address);
  }

  #reset(id: number): void {
    this.#exchange.reset(id, this.#peer.address);
  }
}
