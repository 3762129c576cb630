import type { Peer } from "../protocols/session.ts";
import type { ByteStream } from "../transports/transport.ts";

/** Who is at the other end of a stream: asked each time, for TLS may begin with its first bytes. */
export class StreamPeer implements Peer {
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
}
