import type { BodySink } from "./exchange.ts";
import type { HttpLimits } from "./limits.ts";
import { BodyDecoder, type Framing } from "./messages/body.ts";

/** Passes one request's body from the connection to the sink of whoever asks for it. */
export class Intake {
  /** True while the sink takes no more. */
  paused = false;
  /** The longest body that the sink takes. */
  maxBytes = Infinity;
  /** True once bytes of the body have come. */
  begun = false;
  readonly #decoder: BodyDecoder;
  #sink: BodySink | undefined;
  #discarding = false;
  #due = Infinity;

  constructor(framing: Framing, readonly limits: HttpLimits) {
    this.#decoder = new BodyDecoder(framing, limits);
  }

  /** True when the whole body has been read. */
  get done(): boolean {
    return this.#decoder.done;
  }

  /** True while the body is read as it comes. */
  get open(): boolean {
    return !this.done && !this.paused && (this.#sink !== undefined || this.#discarding);
  }

  /** True while there is a sink for it. */
  get wanted(): boolean {
    return this.#sink !== undefined;
  }

  /** True when the rest is short enough to be read in vain, just to keep the connection. */
  get cheap(): boolean {
    const { done, sized, left } = this.#decoder;
    return done || (sized && left <= this.limits.discardedBytes);
  }

  /** Bytes of the body; undefined where that is not known. */
  get length(): number | undefined {
    const { sized, left, received } = this.#decoder;
    return sized ? left + received : undefined;
  }

  /** When the body is given up unless more of it comes. */
  get due(): number {
    return this.open ? this.#due : Infinity;
  }

  /** Gives the body to `sink`; false when more than `maxBytes` were announced. */
  attach(sink: BodySink, maxBytes: number, now: number): boolean {
    if ((this.length ?? 0) > maxBytes) return false;
    this.#sink = sink;
    this.maxBytes = maxBytes;
    this.restart(now);
    if (this.done) this.#end();
    return true;
  }

  /** Reads the rest and drops it. */
  discard(now: number): void {
    this.abort();
    this.#discarding = true;
    this.maxBytes = this.#decoder.received + this.limits.discardedBytes;
    this.paused = false;
    this.restart(now);
  }

  /** Grants the full time from `now` on. */
  restart(now: number): void {
    this.#due = now + this.limits.bodyMs;
  }

  /** Tells the sink that there will be no more. */
  abort(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    if (!this.done) sink?.aborted();
  }

  /** Takes what it can of the input from `at`, and returns where it stopped. */
  feed(bytes: Uint8Array, at: number, now: number): number {
    const decoder = this.#decoder;
    const start = at;
    while (this.open) {
      const next = decoder.step(bytes, at);
      if (next === at) break;
      at = next;
      if (decoder.received > this.maxBytes) break;
      if (decoder.chunk.length > 0) this.#sink?.chunk(decoder.chunk);
    }
    if (at > start) {
      this.begun = true;
      // Bytes earn the time that they may take at the slowest rate, up to the full time.
      const earned = (at - start) * 1000 / this.limits.bodyBytesPerSecond;
      this.#due = Math.min(now + this.limits.bodyMs, this.#due + earned);
      if (this.done && !this.overrun) this.#end();
    }
    return at;
  }

  /** True when more has come than the sink takes. */
  get overrun(): boolean {
    return this.#decoder.received > this.maxBytes;
  }

  #end(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    sink?.end(this.#decoder.trailers);
  }
}
