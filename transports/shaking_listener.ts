import type { ByteStream, Listener } from "./transport.ts";

type Waiting = {
  resolve: (stream: ByteStream | undefined) => void;
  reject: (error: unknown) => void;
};

/** What has to be done with a stream before it is accepted. */
interface Shaking {
  /** Resolves with the stream that takes its place; rejects when the handshake failed. */
  shake(stream: ByteStream): Promise<ByteStream>;
  /** Handshakes at the same time; further streams wait in the kernel. */
  atOnce: number;
  /** Asked about each peer before its handshake; everybody is admitted where it is missing. */
  admits?: ((peer: string) => boolean) | undefined;
}

/**
 * Accepts streams whose handshake is done. Many shake hands at once, so a slow one delays nobody.
 */
export class ShakingListener implements Listener {
  readonly screened: boolean;
  readonly #inner: Listener;
  readonly #options: Shaking;
  readonly #shaking = new Set<ByteStream>();
  #ready: ByteStream[] = [];
  #waiting: Waiting[] = [];
  #accepting = false;
  #closed = false;

  constructor(inner: Listener, options: Shaking) {
    this.#inner = inner;
    this.#options = options;
    this.screened = options.admits !== undefined || inner.screened === true;
  }

  get address() {
    return this.#inner.address;
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
    this.#inner.close();
    for (const stream of [...this.#shaking, ...this.#ready.splice(0)]) stream.close();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
  }

  #acceptMore(): void {
    if (this.#accepting || this.#closed || this.#waiting.length === 0) return;
    if (this.#shaking.size >= this.#options.atOnce) return;
    this.#accepting = true;
    this.#inner.accept().then(
      (stream) => {
        this.#accepting = false;
        if (this.#closed || stream && !this.#admits(stream)) stream?.close();
        else if (stream !== undefined) this.#shake(stream);
        this.#acceptMore();
      },
      (error) => {
        this.#accepting = false;
        this.#waiting.shift()?.reject(error);
      },
    );
  }

  #admits({ peer }: ByteStream): boolean {
    // A listener below that is screened has asked already.
    return this.#inner.screened === true || this.#options.admits?.(peer) !== false;
  }

  #shake(stream: ByteStream): void {
    this.#shaking.add(stream);
    const done = (secured?: ByteStream) => {
      this.#shaking.delete(stream);
      if (secured !== undefined) this.#offer(secured);
      this.#acceptMore();
    };
    // `shake` has closed a stream whose handshake failed, and told whoever wants to know.
    this.#options.shake(stream).then(done, () => done());
  }

  #offer(stream: ByteStream): void {
    const waiting = this.#waiting.shift();
    if (this.#closed) stream.close();
    else if (waiting !== undefined) waiting.resolve(stream);
    else this.#ready.push(stream);
  }
}
