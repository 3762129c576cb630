import {
  type SecureContext,
  SecureKeeper,
  type SecureOptions,
  type SecureTransport,
} from "./secure.ts";
import { tcp, type TcpOptions } from "./tcp.ts";
import type { ByteStream, Listener } from "./transport.ts";

/**
 * Where TLS listens, who we are, and whom we let in.
 *
 * @example From files
 * ```ts
 * import { tls, type TlsOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function fromFiles(folder: string): Promise<TlsOptions> {
 *   const cert = await Deno.readTextFile(`${folder}/cert.pem`);
 *   const key = await Deno.readTextFile(`${folder}/key.pem`);
 *   return { port: 8883, cert, key };
 * }
 *
 * await assert.rejects(fromFiles("/nowhere").then(tls), Deno.errors.NotFound);
 * ```
 */
export interface TlsOptions extends TcpOptions, SecureOptions {}

/** The limits of a TLS listener. */
export const defaults = {
  /** Handshakes at the same time, about 50 KiB each; further clients wait in the kernel. */
  handshakes: 512,
};

/**
 * Listens by TLS 1.2 and 1.3 (RFC 5246, RFC 8446) over TCP. The handshake is not the business of
 * the protocol above, and a client that fails it is hung up on.
 *
 * Listening rejects with an `Error` as `tcp` does, and when the certificate or key is of no use.
 *
 * @example The texts are wanted, not the names of their files
 * ```ts
 * import { tls } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const transport = tls({ port: 0, cert: "cert.pem", key: "key.pem" });
 * await assert.rejects(async () => await transport.listen(), /"cert.pem": PEM text .* is needed/);
 * ```
 */
export function tls(options: TlsOptions): SecureTransport {
  const keeper = new SecureKeeper(options);
  return {
    name: "tls",
    renew: keeper.renew,
    async listen(admits) {
      const context = keeper.open();
      return new TlsListener(await tcp(options).listen(), context, admits);
    },
  };
}

type Waiting = {
  resolve: (stream: ByteStream | undefined) => void;
  reject: (error: unknown) => void;
};

/** Shakes hands with many at once, so that a slow client delays nobody. */
class TlsListener implements Listener {
  readonly #tcp: Listener;
  readonly #context: SecureContext;
  readonly #admits: (peer: string) => boolean;
  readonly #shaking = new Set<ByteStream>();
  #ready: ByteStream[] = [];
  #waiting: Waiting[] = [];
  #accepting = false;
  #closed = false;

  readonly screened: boolean;

  constructor(tcp: Listener, context: SecureContext, admits?: (peer: string) => boolean) {
    this.#tcp = tcp;
    this.#context = context;
    this.screened = admits !== undefined;
    this.#admits = admits ?? (() => true);
  }

  get address() {
    return this.#tcp.address;
  }

  accept(): Promise<ByteStream | undefined> {
    const next = this.#ready.shift();
    if (next !== undefined || this.#closed) return Promise.resolve(next);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#acceptMore();
    });
  }

  close(): void {
    this.#closed = true;
    this.#tcp.close();
    for (const stream of [...this.#shaking, ...this.#ready.splice(0)]) stream.close();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
  }

  #acceptMore(): void {
    if (this.#accepting || this.#closed || this.#waiting.length === 0) return;
    if (this.#shaking.size >= defaults.handshakes) return;
    this.#accepting = true;
    this.#tcp.accept().then(
      (stream) => {
        this.#accepting = false;
        if (this.#closed || stream && !this.#admits(stream.peer)) stream?.close();
        else if (stream !== undefined) this.#shake(stream);
        this.#acceptMore();
      },
      (error) => {
        this.#accepting = false;
        this.#waiting.shift()?.reject(error);
      },
    );
  }

  #shake(stream: ByteStream): void {
    this.#shaking.add(stream);
    const done = (secured?: ByteStream) => {
      this.#shaking.delete(stream);
      if (secured !== undefined) this.#offer(secured);
      this.#acceptMore();
    };
    // Whoever fails the handshake is gone, and that is the end of it.
    this.#context.secure(stream).then(done, () => done());
  }

  #offer(stream: ByteStream): void {
    const waiting = this.#waiting.shift();
    if (this.#closed) stream.close();
    else if (waiting !== undefined) waiting.resolve(stream);
    else this.#ready.push(stream);
  }
}
