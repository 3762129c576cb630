import type { Session, Wire } from "../session.ts";
import type { Surroundings } from "./datagrams.ts";
import type { Responder } from "./responder.ts";

/** Bytes of the length before each message (RFC 1035 §4.2.2). */
const LENGTH_BYTES = 2;

/** DNS over TCP: each query is answered as soon as it can be, in any order (RFC 7766 §6.2.1.1). */
export class DnsStream implements Session {
  readonly label = "dns tcp";
  readonly #responder: Responder;
  readonly #around: Surroundings<Wire>;
  #pending = 0;
  #silentSince: number;
  #isEnding = false;
  #isGone = false;

  constructor(responder: Responder, { now, ...around }: Surroundings<Wire> & { now: number }) {
    this.#responder = responder;
    this.#around = around;
    this.#silentSince = now;
  }

  get deadline(): number {
    return this.#pending > 0 ? Infinity : this.#silentSince + this.#around.limits.dnsIdleMs;
  }

  receive(bytes: Uint8Array, now: number): number {
    this.#silentSince = now;
    const { wire, limits } = this.#around;
    let at = 0;
    while (bytes.length - at >= LENGTH_BYTES && !this.#isEnding) {
      if (this.#pending >= limits.maxPendingOfStream || wire.full) {
        wire.pause();
        break;
      }
      const length = bytes[at]! << 8 | bytes[at + 1]!;
      const start = at + LENGTH_BYTES;
      if (bytes.length - start < length) break;
      at = start + length;
      this.#ask(bytes.subarray(start, at));
    }
    return at;
  }

  drained(): void {
    this.#goOn();
  }

  tick(): void {
    this.#around.wire.close();
  }

  inputEnded(): void {
    this.#end();
  }

  shutdown(): void {
    this.#end();
  }

  ended(): void {
    this.#isGone = true;
  }

  signal(signal: unknown): void {
    if (typeof signal === "function") signal();
  }

  deliver(): void {}
  refuse(): void {}

  #ask(query: Uint8Array): void {
    const { wire, hub } = this.#around;
    let isNow = true;
    this.#pending++;
    const answer = (reply: Uint8Array) => {
      this.#pending--;
      this.#send(reply);
    };
    const asked = this.#responder.respond(query, wire.peer.address, (reply) => {
      // A later reply comes in a turn of another actor.
      if (isNow) answer(reply);
      else hub.self.post(() => this.#late(reply, answer));
    });
    isNow = false;
    // Over TCP the address is not forged, so a client that sends something else is hung up on.
    if (!asked) {
      this.#pending--;
      this.#end();
    }
  }

  #late(reply: Uint8Array, answer: (reply: Uint8Array) => void): void {
    if (this.#isGone) return;
    answer(reply);
    this.#goOn();
  }

  #goOn(): void {
    if (this.#isEnding && this.#pending === 0) this.#around.wire.close();
    else if (this.#around.wire.paused) this.#around.wire.resume();
  }

  #send(reply: Uint8Array): void {
    const { wire } = this.#around;
    const framed = new Uint8Array(LENGTH_BYTES + reply.length);
    framed[0] = reply.length >>> 8;
    framed[1] = reply.length;
    framed.set(reply, LENGTH_BYTES);
    if (!wire.send(framed)) wire.close();
  }

  #end(): void {
    this.#isEnding = true;
    if (this.#pending === 0) this.#around.wire.close();
  }
}
