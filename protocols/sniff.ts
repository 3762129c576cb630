import type { Delivery } from "./publication.ts";
import { type Hub, type OpenSession, ProtocolError, type Session, type Wire } from "./session.ts";

/** A protocol that a peer may turn out to speak. */
export interface Candidate {
  readonly name: string;
  /** Whether the first bytes, at least one, are its own; undefined when more must be seen. */
  recognises(bytes: Uint8Array): boolean | undefined;
  readonly open: OpenSession;
}

/** What a stream whose protocol is not known yet may take. */
export const defaults = {
  /** 10 s: a client that says nothing is nobody's. */
  firstByteTimeoutMs: 10_000,
};

/** MQTT begins with CONNECT, whose flags are zero (MQTT 5.0 §3.1.1). */
export function looksLikeMqtt(bytes: Uint8Array): boolean {
  return bytes[0] === 0x10;
}

/** HTTP begins with a method, in capitals wherever it is used, or with an empty line (RFC 9112 §2.2). */
export function looksLikeHttp(bytes: Uint8Array): boolean {
  const first = bytes[0]!;
  return (first >= 0x41 && first <= 0x5a) || first === 0x0d;
}

/** Speaks whatever the peer's first bytes show, of `candidates`. */
export function sniff(
  candidates: readonly Candidate[],
  { firstByteTimeoutMs = defaults.firstByteTimeoutMs } = {},
): OpenSession {
  return (wire, hub, now) =>
    new SniffingSession(wire, hub, { candidates, deadline: now + firstByteTimeoutMs });
}

class SniffingSession implements Session {
  readonly label = "any";
  readonly deadline: number;
  readonly #wire: Wire;
  readonly #hub: Hub;
  readonly #candidates: readonly Candidate[];

  constructor(
    wire: Wire,
    hub: Hub,
    options: { candidates: readonly Candidate[]; deadline: number },
  ) {
    this.#wire = wire;
    this.#hub = hub;
    this.#candidates = options.candidates;
    this.deadline = options.deadline;
  }

  receive(bytes: Uint8Array, now: number): number {
    if (bytes.length === 0) return 0;
    let undecided = false;
    for (const { recognises, open } of this.#candidates) {
      const verdict = recognises(bytes);
      if (verdict === true) {
        this.#wire.upgrade(open(this.#wire, this.#hub, now));
        return 0;
      }
      if (verdict === undefined) undecided = true;
    }
    if (undecided) return 0;
    const known = this.#candidates.map(({ name }) => name).join(", ");
    const first = bytes[0]!.toString(16).padStart(2, "0");
    throw new ProtocolError(
      `Cannot tell the protocol of first byte 0x${first}: known are ${known}`,
      0,
    );
  }

  tick(now: number): void {
    if (now >= this.deadline) this.#wire.close();
  }

  shutdown(): void {
    this.#wire.close();
  }

  /** What the peer speaks is not known, so there is no way to tell it. */
  refuse(): void {}
  deliver(_delivery: Delivery): void {}
  ended(): void {}
}
