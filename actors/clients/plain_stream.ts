import type { ByteStream } from "../../transports/transport.ts";

/** Types of TLS records (RFC 8446 §5.1) that a server begins with; no packet of MQTT begins so. */
const ALERT = 0x15, HANDSHAKE = 0x16;

/** A stream without TLS, which says what is wrong when the server answers in TLS. */
export class PlainStream implements ByteStream {
  readonly #stream: ByteStream;
  #answered = false;

  constructor(stream: ByteStream, readonly failed: (error: Error) => void) {
    this.#stream = stream;
  }

  get peer(): string {
    return this.#stream.peer;
  }

  get secure(): boolean {
    return this.#stream.secure;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#answered ? this.#stream.read(into) : this.#first(into);
  }

  async #first(into: Uint8Array): Promise<number | null> {
    const count = await this.#stream.read(into);
    this.#answered = true;
    if (count === null || (into[0] !== ALERT && into[0] !== HANDSHAKE)) return count;
    const error = new Error(`${this.peer} answers in TLS: use mqtts: in place of mqtt:`);
    this.failed(error);
    throw error;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#stream.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    this.#stream.close();
  }
}
