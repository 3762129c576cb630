import type { ByteStream, Listener, Transport } from "../../transports/transport.ts";
import type { Actor, Behaviour, Self } from "../actor.ts";
import type { Clock } from "../clock.ts";
import { crash } from "../crash.ts";
import type { Log } from "../log.ts";
import type { Admission } from "./admission.ts";

/** Milliseconds to wait after accepting failed: usually, descriptors have run out. */
const ACCEPT_BACKOFF_MS = 100;

/** What a listener needs. */
interface ListenerOptions {
  transport: Transport;
  /** What listens already, for the first life; later ones ask the transport. */
  opened: Listener;
  admission: Admission;
  clock: Clock;
  log: Log;
  /** Starts a connection; `ended` must be called once it is over. */
  accepted: (stream: ByteStream, ended: () => void) => void;
}

/** Accepts streams. The connections that it starts do not depend on it. */
export function listener(options: ListenerOptions): Behaviour<never> {
  let opened: Listener | undefined = options.opened;
  return (self) => {
    const first = opened;
    opened = undefined;
    return new Accepting(self, options, first);
  };
}

class Accepting implements Actor<never> {
  readonly #self: Self<never>;
  readonly #options: ListenerOptions;
  #listener: Listener | undefined;
  #ended = false;
  #endPause: (() => void) | undefined;

  constructor(self: Self<never>, options: ListenerOptions, opened: Listener | undefined) {
    this.#self = self;
    this.#options = options;
    this.#listener = opened;
    this.#run();
  }

  receive(): void {}

  stopped(): void {
    this.#ended = true;
    this.#endPause?.();
    this.#listener?.close();
  }

  describe(): Record<string, unknown> {
    const { connections, admitted, refused } = this.#options.admission;
    return { transport: this.#options.transport.name, connections, admitted, refused };
  }

  async #run(): Promise<void> {
    try {
      const listener = this.#listener ??
        await this.#options.transport.listen(this.#options.admission.admits);
      if (this.#ended) return listener.close();
      this.#listener = listener;
      while (await this.#acceptOne(listener));
      this.#self.stop();
    } catch (error) {
      crash(this.#self, error);
    }
  }

  async #acceptOne(listener: Listener): Promise<boolean> {
    // A transport that throws at once is at fault and crashes this actor. One that rejects cannot
    // accept at the moment, and is asked again.
    const pending = listener.accept();
    let stream: ByteStream | undefined;
    try {
      stream = await pending;
    } catch (error) {
      if (this.#ended) return false;
      // As text: with no descriptor left, Deno panics when somebody reads the stack of an error.
      const { log } = this.#options;
      log.warn("cannot accept", { listener: this.#self.name, error: String(error) });
      await this.#pause(ACCEPT_BACKOFF_MS);
      return !this.#ended;
    }
    if (stream === undefined) return false;
    const { admission } = this.#options;
    const isAdmitted = listener.screened || admission.admits(stream.peer);
    if (this.#ended || !isAdmitted || !admission.enter(stream.peer)) stream.close();
    else this.#admit(stream);
    return !this.#ended;
  }

  #admit(stream: ByteStream): void {
    const { accepted, admission } = this.#options;
    this.#self.turn(() => accepted(stream, () => admission.leave(stream.peer)));
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
