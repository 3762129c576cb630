import type { WebSocketLimits } from "./limits.ts";

/** Finds out whether a silent peer is still there. */
export class Liveness {
  readonly #limits: WebSocketLimits;
  #heardAt: number;
  /** When the ping was sent, if the peer has been silent since; else undefined. */
  #pingedAt: number | undefined;
  #judgeAt = Infinity;

  constructor(limits: WebSocketLimits, now: number) {
    this.#limits = limits;
    this.#heardAt = now;
  }

  /** The peer gave a sign of life. */
  heard(now: number): void {
    this.#heardAt = now;
    this.#pingedAt = undefined;
  }

  /** When `judge` is due. */
  get deadline(): number {
    return this.#pingedAt === undefined ? this.#heardAt + this.#limits.pingAfterMs : this.#judgeAt;
  }

  /**
   * What to do about a silent peer. It is `excused` while the ping may not have reached it, or its
   * pong may be among the input that we have not read.
   */
  judge(now: number, excused: boolean): "ping" | "wait" | "hang up" {
    const { pongWithinMs, stalledMs } = this.#limits;
    const isFirst = this.#pingedAt === undefined;
    this.#pingedAt ??= now;
    if (!isFirst && !(excused && now < this.#pingedAt + stalledMs)) return "hang up";
    this.#judgeAt = now + pongWithinMs;
    return isFirst ? "ping" : "wait";
  }
}
