import type { Delivery } from "../../../protocols/publication.ts";
import { type Hub, ProtocolError, type Session, type Wire } from "../../../protocols/session.ts";
import { bytes, join } from "../fakes.ts";

/** A packet of the tiny protocol that `InnerSession` speaks: its length, then text. */
export function packet(content: string): Uint8Array<ArrayBuffer> {
  return join([Uint8Array.of(content.length), bytes(content)]);
}

/** Records what it gets; some words make it do something. */
export class InnerSession implements Session {
  readonly label = "inner";
  readonly seen: string[] = [];
  deadline = Infinity;
  congested = false;

  /** The session that took over from this one. */
  next?: InnerSession;

  constructor(readonly wire: Wire, readonly hub: Hub) {}

  receive(input: Uint8Array): number {
    let at = 0;
    while (!this.wire.paused && at < input.length && at + input[at]! < input.length) {
      const content = new TextDecoder().decode(input.subarray(at + 1, at + 1 + input[at]!));
      at += 1 + input[at]!;
      this.seen.push(content);
      if (content === "upgrade") {
        this.wire.upgrade(this.next = new InnerSession(this.wire, this.hub));
        return at;
      }
      this.#act(content);
    }
    return at;
  }

  #act(content: string): void {
    if (content === "pause") this.wire.pause();
    if (content === "close") this.wire.close();
    if (content === "bad") throw new ProtocolError("Cannot read the packet", 0x81);
    if (content === "crash") throw new TypeError("our bug");
    if (content.startsWith("say ")) this.wire.send(bytes(content.slice(4)));
  }

  deliver({ publication }: Delivery): void {
    this.wire.send(publication.payload);
  }

  signal(signal: unknown): void {
    this.seen.push(`signal ${signal}`);
  }

  refuse({ code }: ProtocolError): void {
    this.wire.send(bytes(`refused ${code}`));
  }

  tick(): void {
    this.deadline = Infinity;
    this.seen.push("tick");
  }

  drained(): void {
    this.seen.push("drained");
  }

  overloaded(): void {
    this.wire.send(bytes("too slow"));
  }

  unstored(_now: number, unsaid: Uint8Array): void {
    this.wire.send(bytes(`unsaid ${new TextDecoder().decode(unsaid)}`));
  }

  shutdown(): void {
    this.wire.send(bytes("bye"));
    this.wire.close();
  }

  ended(): void {
    this.seen.push("ended");
  }
}
