import type { ByteStream, Listener } from "../transport.ts";

type Waiting = {
  resolve: (stream: ByteStream | undefined) => void;
  reject: (error: unknown) => void;
};

/** What has to be done with a stream before it is accepted. */
export interface Shaking {
  /** Resolves with the stream that takes its place; rejects when the handshake failed. */
  shake(stream: ByteStream): Promise<ByteStream>;
  /** Handshakes at the same time; one more stream waits until there is room, the others in the kernel. */
  atOnce: number;
  /** Milliseconds after which a stream that is not done makes room for that one; default: never. */
  patienceMs?: number;
  /** Asked about each peer before its handshake; everybody is admitted where it is missing. */
  admits?: ((peer: string) => boolean) | undefined;
}

/** A stream whose handshake is under way. */
interface Shaken {
  readonly host: string;
  readonly since: number;
}

/**
 * Accepts streams whose handshake is done. Many shake hands at once, so a slow one delays nobody.
 * Where there is no room the host that has the most streams makes it, so that one that says nothing
 * keeps no other out.
 */
export class ShakingListener implements Listener {
  readonly screened: boolean;
  readonly #inner: Listener;
  readonly #options: Shaking;
  /** The oldest first. */
  readonly #shaking = new Map<ByteStream, Shaken>();
  /** Waits until there is room. */
  #next: ByteStream | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
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
    clearTimeout(this.#timer);
    this.#next?.close();
    for (const stream of [...this.#shaking.keys(), ...this.#ready.splice(0)]) stream.close();
    for (const { resolve } of this.#waiting.splice(0)) resolve(undefined);
  }

  #acceptMore(): void {
    if (this.#accepting || this.#closed || this.#waiting.length === 0) return;
    if (this.#next !== undefined) return;
    this.#accepting = true;
    this.#inner.accept().then(
      (stream) => {
        this.#accepting = false;
        if (this.#closed || stream && !this.#admits(stream)) stream?.close();
        else if (stream !== undefined) this.#begin(stream);
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

  /** Shakes a stream, if need be in place of another, or once there is room. */
  #begin(stream: ByteStream): void {
    const { atOnce, patienceMs = Infinity } = this.#options;
    if (this.#shaking.size < atOnce) return this.#shake(stream);
    const [oldest, { host, since }, count] = this.#crowd(), own = hostOf(stream.peer);
    const left = since + patienceMs - performance.now();
    if (left <= 0 || (host !== own && count > this.#of(own).length + 1)) {
      this.#shaking.delete(oldest);
      oldest.close();
      return this.#shake(stream);
    }
    this.#next = stream;
    if (left < Infinity) this.#timer = setTimeout(() => this.#retry(), left);
  }

  #retry(): void {
    clearTimeout(this.#timer);
    const next = this.#next;
    this.#next = undefined;
    if (next !== undefined && !this.#closed) this.#begin(next);
    this.#acceptMore();
  }

  #of(host: string): [ByteStream, Shaken][] {
    return [...this.#shaking].filter(([, each]) => each.host === host);
  }

  /** The oldest stream of the host that has the most, and how many these are. */
  #crowd(): [ByteStream, Shaken, number] {
    const counts = new Map<string, number>();
    for (const { host } of this.#shaking.values()) counts.set(host, (counts.get(host) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const [stream, shaken] = [...this.#shaking].find(([, { host }]) => counts.get(host) === most)!;
    return [stream, shaken, most];
  }

  #shake(stream: ByteStream): void {
    this.#shaking.set(stream, { host: hostOf(stream.peer), since: performance.now() });
    const done = (secured?: ByteStream) => {
      this.#shaking.delete(stream);
      if (secured !== undefined) this.#offer(secured);
      this.#retry();
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

/** An address without its port. */
function hostOf(peer: string): string {
  return peer.replace(/:\d+$/, "");
}
