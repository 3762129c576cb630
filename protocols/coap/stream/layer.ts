import { Deadlines } from "../../deadlines.ts";
import type { Wire } from "../../session.ts";
import type { Confirmable, MessageLayer } from "../exchange/layer.ts";
import { type Peer, Peers } from "../exchange/peers.ts";
import type { CoapLimits } from "../limits.ts";
import type { Answer } from "../messages/answer.ts";
import { type Message, NON } from "../messages/codec.ts";
import { StreamComposer } from "./composer.ts";
import { Capabilities } from "./signaling.ts";

/** The message layer of a stream (RFC 8323 §3), in which messages arrive once and in order. */
export class StreamLayer implements MessageLayer {
  /** What the peer takes. */
  readonly capabilities: Capabilities = new Capabilities();
  readonly composer: StreamComposer = new StreamComposer(this.capabilities);
  readonly retryMs = Infinity;
  readonly transport: "+tcp" | "+ws";
  readonly peers: Peers = new Peers();
  readonly deadlines: Deadlines = new Deadlines();
  /** The peer at the other end, which stays as long as the stream. */
  readonly peer: Peer;
  readonly #waiting = new Set<Confirmable>();

  constructor(readonly wire: Wire, readonly limits: CoapLimits) {
    this.transport = wire.isWebSocket === true ? "+ws" : "+tcp";
    this.peer = this.peers.open(wire.peer.address);
    this.peer.busy = true;
  }

  /** Sends a message at once, even if the wire is full. */
  say(code: number, token: Uint8Array, answer: Pick<Answer, "options" | "payload">): void {
    this.#write(this.composer.message(NON, code, 0, token, answer));
  }

  /** The address of a connection cannot be forged. */
  trusts(): boolean {
    return true;
  }

  /** There are no acknowledgements in a stream, where nothing is lost. */
  acknowledge(): void {}

  respond({ token }: Message, _peer: Peer, answer: Answer): void {
    this.say(answer.code, token, answer);
  }

  /** Sends a message; not a notification while the wire is full, because a newer one may follow. */
  send(_peer: Peer, token: Uint8Array, answer: Answer, sequence = -1): number {
    if (this.wire.full && sequence >= 0) return -1;
    this.#write(this.composer.message(NON, answer.code, 0, token, answer, sequence));
    return 0;
  }

  confirm(item: Confirmable, now: number): void {
    if (this.wire.full) {
      this.#waiting.add(item);
      return;
    }
    this.#write(item.encode(this.composer, 0, now));
    item.acknowledged(now);
  }

  cancel(item: Confirmable): void {
    this.#waiting.delete(item);
  }

  /** There is room again. */
  drained(now: number): void {
    for (const item of this.#waiting) {
      if (this.wire.full) return;
      this.#waiting.delete(item);
      this.confirm(item, now);
    }
  }

  #write(bytes: Uint8Array): void {
    if (!this.wire.send(bytes)) this.wire.close();
  }
}
