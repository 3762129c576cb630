import type { Grant } from "../../protocols/grant.ts";
import type { Peer } from "../../protocols/session.ts";
import type { ByteStream } from "../../transports/transport.ts";

/** Who is at the other end of a stream: asked each time, for TLS may begin with its first bytes. */
export class StreamPeer implements Peer {
  #forget: (() => void) | undefined;

  constructor(readonly stream: ByteStream) {}

  get address(): string {
    return this.stream.peer;
  }

  get secure(): boolean {
    return this.stream.secure;
  }

  get certificate(): string | undefined {
    return this.stream.certificate;
  }

  get certificateNames(): readonly string[] | undefined {
    return this.stream.certificateNames;
  }

  get grant(): Grant | undefined {
    return this.stream.grant;
  }

  /** True until its first bytes are there. */
  get isSilent(): boolean {
    return this.#forget === undefined;
  }

  /** Its first bytes are there, and not yet looked at. `revoked` hears that its certificate has gone. */
  heard(revoked: () => void): void {
    this.#forget = this.grant?.watch(revoked) ?? nothing;
  }

  gone(): void {
    this.#forget?.();
  }
}

function nothing(): void {}
