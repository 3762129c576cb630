import type { Traffic } from "../../protocols/traffic.ts";
import type { ByteStream } from "../../transports/transport.ts";
import { crowded } from "../scheduler.ts";
import { Input } from "./input.ts";

/** Whoever uses what a reader reads. */
export interface Appetite {
  /** False while nothing more may be read. */
  readonly hungry: boolean;
  /** More input is there, or there is appetite again for what was left. */
  took(): void;
  /** The peer sends no more. */
  ended(): void;
  /** The stream is broken. */
  failed(): void;
}

/** Reads one stream for as long as its owner has appetite. */
export class Reader {
  readonly input = new Input();
  /** True once nothing more will come. */
  done = false;
  readonly #stream: ByteStream;
  readonly #owner: Appetite;
  readonly #traffic: Traffic;
  #stopped = false;
  #wake: (() => void) | undefined;

  constructor(stream: ByteStream, owner: Appetite, traffic: Traffic) {
    this.#stream = stream;
    this.#traffic = traffic;
    this.#owner = owner;
  }

  /** Looks at the owner's appetite again. False when it was not waiting for that. */
  wake(): boolean {
    if (this.#wake === undefined) return false;
    this.#wake();
    return true;
  }

  stop(): void {
    this.#stopped = true;
    this.wake();
  }

  async run(): Promise<void> {
    const { input } = this;
    const owner = this.#owner;
    try {
      while (!this.#stopped) {
        if (owner.hungry) {
          const count = await this.#stream.read(input.space());
          if (count === null) break;
          input.filled(count);
          this.#traffic.bytesReceived += count;
        } else {
          await new Promise<void>((wake) => this.#wake = wake);
          this.#wake = undefined;
        }
        const crowd = crowded();
        if (crowd !== undefined) await crowd;
        owner.took();
      }
      this.done = true;
      owner.ended();
    } catch {
      this.done = true;
      owner.failed();
    } finally {
      // Not before: a pending read writes into this memory.
      input.release();
    }
  }
}
