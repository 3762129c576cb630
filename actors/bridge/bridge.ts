import type { Log } from "../log.ts";
import type { Actor, Behaviour, Self } from "../actor.ts";
import { Alarm, type Sleeper } from "../alarm.ts";
import { crash } from "../crash.ts";
import type { BridgeEnd } from "./bridge_end.ts";
import { BridgeInput } from "./bridge_input.ts";
import { BridgeOutput } from "./bridge_output.ts";
import type {
  OpenUpstream,
  Upstream,
  UpstreamMessage,
  UpstreamOptions,
  UpstreamSession,
  UpstreamUser,
} from "./upstream.ts";

/** What the actor of a bridge needs besides its end. */
interface BridgeSurroundings {
  open: OpenUpstream;
  upstream: UpstreamOptions;
  log: Log;
  /** Told of every change of the connection. */
  changed: (state: "online" | "offline") => void;
  /** Told of what must be over before the process may end. */
  leaving: (goodbye: Promise<void>) => void;
}

/** Mail of a bridge to itself: something waits to be sent. */
const PUMP = Symbol("pump");

/** Keeps one upstream connected, and carries messages both ways. */
export function bridge(end: BridgeEnd, around: BridgeSurroundings): Behaviour<unknown> {
  return (self) => new Span(self, end, around);
}

class Span implements Actor<unknown>, UpstreamUser, Sleeper {
  readonly #self: Self<unknown>;
  readonly #end: BridgeEnd;
  readonly #around: BridgeSurroundings;
  readonly #alarm: Alarm;
  readonly #input: BridgeInput;
  #output: BridgeOutput | undefined;
  #upstream: Upstream | undefined;
  #isOver = false;
  /** True once our subscriptions were made, which an upstream may remember. */
  #subscribed = false;
  /** True while `PUMP` is in the mailbox: once is enough. */
  #pumps = false;
  /** Attempts since the last connection that was made. */
  #attempts = 0;
  #cancelRetry: (() => void) | undefined;
  #error: Error | undefined;
  #sent = 0;

  constructor(self: Self<unknown>, end: BridgeEnd, around: BridgeSurroundings) {
    this.#self = self;
    this.#end = end;
    this.#around = around;
    this.#alarm = new Alarm(end.space.alarms, this);
    this.#input = new BridgeInput(self, end);
    end.queue.rewind();
    end.wake = () => {
      if (this.#pumps) return;
      this.#pumps = self.tell(PUMP);
    };
    around.open({ ...around.upstream, owned: end.ids.all }, this).then((upstream) => {
      if (this.#isOver) return void around.leaving(upstream.close());
      this.#upstream = this.#input.upstream = upstream;
      self.turn(() => upstream.connect());
      // The supervisor tries again, after a pause.
    }, (error) => crash(self, error));
  }

  receive(): void {
    this.#pumps = false;
    this.#output?.pump();
  }

  idle(): void {
    const { reception, space } = this.#end;
    reception.weigh(space.clock.now(), { space, log: this.#around.log });
    this.#alarm.set(reception.deadline);
  }

  ring(): void {
    // The end of any turn, `idle`, weighs the reception.
    this.#self.turn(() => {});
  }

  stopped(): void {
    this.#isOver = true;
    this.#end.wake = () => {};
    this.#end.session = undefined;
    this.#alarm.cancel();
    this.#cancelRetry?.();
    this.#input.stop();
    this.#around.changed("offline");
    if (this.#upstream !== undefined) this.#around.leaving(this.#upstream.close());
  }

  describe(): Record<string, unknown> {
    const { session, queue, options, dropped } = this.#end;
    return {
      url: options.url,
      state: session === undefined ? "offline" : "online",
      version: session?.version,
      queued: queue.size,
      queuedBytes: queue.bytes,
      sent: this.#sent + (this.#output?.sent ?? 0),
      received: this.#input.received,
      dropped,
      error: this.#error?.message,
    };
  }

  // --- what the upstream calls, outside our turns ---

  connected(session: UpstreamSession): void {
    this.#self.turn(() => this.#connected(session));
  }

  closed(error: Error): void {
    this.#self.turn(() => this.#closed(error));
  }

  message(message: UpstreamMessage, settle: (taken: boolean) => void): void {
    this.#self.turn(() => this.#input.take(message, settle));
  }

  released(packetId: number, done: () => void): void {
    this.#self.turn(() => this.#input.release(packetId, done));
  }

  drained(): void {
    this.#end.wake();
  }

  #connected(session: UpstreamSession): void {
    const end = this.#end, upstream = this.#upstream!;
    end.session = session;
    this.#error = undefined;
    this.#attempts = 0;
    const isNew = !session.present || !this.#subscribed;
    if (!session.present) {
      end.echoes.clear();
      end.ids.clear();
    }
    this.#output = new BridgeOutput(upstream, end, {
      session,
      storedToo: isNew,
      log: this.#around.log,
    });
    const { url, version } = { ...this.#around.upstream, ...session };
    this.#around.log.info("bridge up", { bridge: end.name, url, version });
    if (isNew && end.routes.in.length > 0) this.#subscribe(upstream, session);
    else this.#around.changed("online");
    this.#output.pump();
  }

  #subscribe(upstream: Upstream, session: UpstreamSession): void {
    upstream.subscribe(this.#end.routes.in, (error) =>
      this.#self.turn(() => {
        // A connection that was lost meanwhile is followed by one that subscribes again.
        if (this.#end.session !== session) return;
        if (error === undefined) this.#subscribed = true;
        else this.#around.log.error("bridge cannot subscribe", { bridge: this.#end.name, error });
        this.#around.changed("online");
      }));
  }

  #closed(error: Error): void {
    const end = this.#end, { log, changed } = this.#around;
    const wasOnline = end.session !== undefined;
    end.session = undefined;
    this.#sent += this.#output?.sent ?? 0;
    this.#output = undefined;
    const { retryMinMs, retryMaxMs } = end.limits;
    const longest = Math.min(retryMaxMs, retryMinMs * 2 ** this.#attempts++);
    // A fleet that lost its upstream must not come back in one moment.
    const retryMs = Math.round(longest * (0.5 + Math.random() / 2));
    const fields = { bridge: end.name, url: end.options.url, error, retryMs };
    if (wasOnline || this.#error?.message !== error.message) log.warn("bridge down", fields);
    else log.debug("bridge still down", fields);
    this.#error = error;
    if (wasOnline) changed("offline");
    this.#cancelRetry = end.space.clock.after(retryMs, () => {
      this.#self.turn(() => this.#upstream!.connect());
    });
  }
}
