import type { Delivery } from "./publication.ts";
import { type Hub, type OpenSession, ProtocolError, type Session, type Wire } from "./session.ts";

/** A protocol that a peer may turn out to speak. */
interface Candidate {
  readonly name: string;
  /**
   * True when a stream that begins with `bytes`, of which there is at least one, is its own;
   * undefined when more bytes are needed to tell; "perhaps" when it is, unless more bytes follow
   * soon.
   */
  recognises(bytes: Uint8Array): boolean | "perhaps" | undefined;
  readonly open: OpenSession;
}

/** What a stream whose protocol is not known yet may take. */
export const defaults = {
  /** 10 s: a client that says nothing by then speaks none of our protocols. */
  firstByteTimeoutMs: 10_000,
  /**
   * 2 s: a first packet has come whole by then, even if part of it was lost once and sent again.
   */
  restTimeoutMs: 2_000,
};

/** MQTT begins with CONNECT, whose flags are zero (MQTT 5.0 §3.1.1). */
export function looksLikeMqtt(bytes: Uint8Array): boolean {
  return bytes[0] === 0x10;
}

/** HTTP begins with a method, whose names are in capitals, or an empty line (RFC 9112 §2.2). */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  return (first >= 0x41 && first <= 0x5a) || first === 0x0d;
}

/**
 * Speaks the protocol that the peer's first bytes show: that of the first candidate that recognises
 * them, once all candidates before it are sure that the bytes are not theirs.
 */
export function sniff(
  candidates: readonly Candidate[],
  limits: Partial<typeof defaults> = {},
): OpenSession {
  const { firstByteTimeoutMs, restTimeoutMs } = { ...defaults, ...limits };
  return (wire, hub, now) =>
    new SniffingSession(wire, hub, {
      candidates,
      giveUpAt: now + firstByteTimeoutMs,
      restTimeoutMs,
    });
}

class SniffingSession implements Session {
  readonly label = "any";
  deadline: number;
  readonly #wire: Wire;
  readonly #hub: Hub;
  readonly #candidates: readonly Candidate[];
  readonly #giveUpAt: number;
  readonly #restTimeoutMs: number;
  /** The candidate that has it if no more bytes come soon. */
  #likely: Candidate | undefined;

  constructor(
    wire: Wire,
    hub: Hub,
    options: { candidates: readonly Candidate[]; giveUpAt: number; restTimeoutMs: number },
  ) {
    this.#wire = wire;
    this.#hub = hub;
    this.#candidates = options.candidates;
    this.#restTimeoutMs = options.restTimeoutMs;
    this.deadline = this.#giveUpAt = options.giveUpAt;
  }

  receive(bytes: Uint8Array, now: number): number {
    if (bytes.length === 0) return 0;
    for (const candidate of this.#candidates) {
      const verdict = candidate.recognises(bytes);
      if (verdict === false) continue;
      if (verdict === true) this.#begin(candidate, now);
      else this.#wait(verdict === "perhaps" ? candidate : undefined, now);
      return 0;
    }
    const known = this.#candidates.map(({ name }) => name).join(", ");
    const first = bytes[0]!.toString(16).padStart(2, "0");
    throw new ProtocolError(
      `Cannot tell the protocol of first byte 0x${first}: known are ${known}`,
      0,
    );
  }

  tick(now: number): void {
    if (this.#likely !== undefined) this.#begin(this.#likely, now);
    else if (now >= this.#giveUpAt) this.#wire.close();
  }

  #begin({ open }: Candidate, now: number): void {
    this.#wire.upgrade(open(this.#wire, this.#hub, now));
  }

  #wait(likely: Candidate | undefined, now: number): void {
    this.#likely = likely;
    const restBy = likely === undefined ? Infinity : now + this.#restTimeoutMs;
    this.deadline = Math.min(this.#giveUpAt, restBy);
  }

  shutdown(): void {
    this.#wire.close();
  }

  /** The peer's protocol is not known, so there is no language to refuse it in. */
  refuse(): void {}
  deliver(_delivery: Delivery): void {}
  ended(): void {}
}
