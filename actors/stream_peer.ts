import type { Grant } from "../protocols/grant.ts";
import type { Peer } from "../protocols/session.ts";
import type { ByteStream } from "../transports/transport.ts";

/** Who is at the other end of a stream; whether it is encrypted may turn out with its first bytes. */
export class StreamPeer implements Peer {
  #isHeard = false;
  #forget: (() => void) | undefined;

  /** `revoked` is called when the peer's certificate holds no more. */
  constructor(readonly stream: ByteStream, readonly revoked: () => void) {}

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

  /** Bytes have come, and are not yet looked at. */
  heard(): void {
    if (this.#isHeard) return;
    this.#isHeard = true;
    this.#forget = this.grant?.watch(this.revoked);
  }

  gone(): void {
    this.#forget?.();
  }
}
