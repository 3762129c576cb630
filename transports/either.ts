import {
  type SecureContext,
  SecureKeeper,
  type SecureOptions,
  type SecureTransport,
} from "./tls/secure.ts";
import type { ByteStream, Listener, Transport } from "./transport.ts";

/** The first byte of a TLS record that belongs to a handshake (RFC 8446 §5.1). */
const HANDSHAKE = 0x16;

/**
 * Serves clients with and without TLS on one port: one whose first byte begins a TLS handshake
 * (RFC 8446 §5.1) gets TLS, any other is served in plain.
 *
 * Listening rejects with an `Error` when the certificate or the key cannot be used, and whenever
 * `transport` does.
 *
 * @example One port for old clients and new ones
 * ```ts
 * import { eitherTls, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function bilingual(port: number, identity: { cert: string; key: string }) {
 *   return eitherTls(tcp({ port }), identity);
 * }
 *
 * assert.equal(bilingual(1883, { cert: "…", key: "…" }).name, "tcp or tls");
 * ```
 */
export function eitherTls(transport: Transport, options: SecureOptions): SecureTransport {
  const keeper = new SecureKeeper(options);
  return {
    name: `${transport.name} or tls`,
    renew: keeper.renew,
    async listen(admits) {
      const context = keeper.open();
      const listener = await transport.listen(admits);
      return new EitherListener(listener, context);
    },
  };
}

class EitherListener implements Listener {
  readonly #listener: Listener;
  readonly #context: SecureContext;

  constructor(listener: Listener, context: SecureContext) {
    this.#listener = listener;
    this.#context = context;
  }

  get address() {
    return this.#listener.address;
  }

  get screened(): boolean {
    return this.#listener.screened === true;
  }

  async accept(): Promise<ByteStream | undefined> {
    const stream = await this.#listener.accept();
    return stream && new EitherStream(stream, this.#context);
  }

  close(): void {
    this.#listener.close();
  }
}

/** A stream that finds out with its first read whether it is encrypted. */
class EitherStream implements ByteStream {
  #stream: ByteStream;
  readonly #plain: ByteStream;
  #context: SecureContext | undefined;
  #closed = false;

  constructor(stream: ByteStream, context: SecureContext) {
    this.#stream = this.#plain = stream;
    this.#context = context;
  }

  get peer(): string {
    return this.#plain.peer;
  }

  get secure(): boolean {
    return this.#stream.secure;
  }

  get certificate(): string | undefined {
    return this.#stream.certificate;
  }

  get certificateNames(): readonly string[] | undefined {
    return this.#stream.certificateNames;
  }

  get grant(): ByteStream["grant"] {
    return this.#stream.grant;
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#context === undefined ? this.#stream.read(into) : this.#first(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#stream.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    this.#closed = true;
    this.#stream.close();
    this.#plain.close();
  }

  async #first(into: Uint8Array): Promise<number | null> {
    const context = this.#context!;
    const count = await this.#plain.read(into);
    this.#context = undefined;
    if (count === null || into[0] !== HANDSHAKE) return count;
    this.#stream = await context.secure(this.#plain, into.slice(0, count));
    if (this.#closed) this.#stream.close();
    return await this.#stream.read(into);
  }
}
