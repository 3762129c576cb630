import type { Exchange } from "../protocols/http/exchange.ts";
import { Delivery, Publication, type PublicationOptions } from "../protocols/publication.ts";
import type {
  Hub,
  OpenDatagramSession,
  OpenSession,
  Outcome,
  Receiver,
} from "../protocols/session.ts";
import { faultOfFilter, faultOfTopic } from "../protocols/topic.ts";
import type { DatagramTransport, Transport } from "../transports/transport.ts";
import type { Behaviour, Ref } from "./actor.ts";
import { type Clock, systemClock } from "./clock.ts";
import { clockwork } from "./clockwork.ts";
import { fetchHandler, type Handler } from "./fetch_handler.ts";
import { Listeners, type Listening, type ListenLimits, type ListenOptions } from "./listeners.ts";
import { Log } from "./log.ts";
import { Member } from "./member.ts";
import type { RetainedLimits } from "./retained.ts";
import { Space } from "./space.ts";
import { type MessageHandler, plainFilter, subscriber } from "./subscriber.ts";
import { type SpawnOptions, Supervisor } from "./supervisor.ts";
import type { TreeNode } from "./tree.ts";

/** Every limit of a gateway that is not a protocol's own. */
export type GatewayLimits = ListenLimits & RetainedLimits;

/** How a gateway is made. */
export interface GatewayOptions {
  /** What is not named keeps its documented default. */
  limits?: Partial<GatewayLimits>;
  /** Default: warnings and errors, as text, to standard error. */
  log?: Log;
  /** Default: the machine's clock. */
  clock?: Clock;
}

/** Which path of the web server is whose. */
export interface HandlerTable {
  add(path: string, answer: (exchange: Exchange) => void): void;
  remove(path: string): void;
}

/** Topic levels that the library itself accepts. */
const MAX_LEVELS = 128;
/** Messages that wait for a handler before more are refused. */
const HANDLER_MAILBOX = 65_536;

/** Listeners, connections and handlers of one topic space, and the supervisors above them. */
export class Gateway {
  /** Resolves when the gateway has stopped; rejects with the cause when it had to. */
  readonly finished: Promise<void>;
  readonly #space: Space;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #limits: Partial<GatewayLimits>;
  readonly #handlers: HandlerTable;
  readonly #root: Supervisor;
  readonly #subscribers: Supervisor;
  readonly #listeners: Listeners;
  readonly #publisher: Hub;
  #finish!: (error?: unknown) => void;
  #stopping: Promise<void> | undefined;
  #names = 0;

  constructor(handlers: new () => HandlerTable, options: GatewayOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#log = options.log ?? new Log();
    this.#limits = options.limits ?? {};
    this.#space = new Space({ limits: this.#limits, clock: this.#clock });
    this.#handlers = this.#space.shared(handlers);
    this.finished = new Promise((resolve, reject) => {
      this.#finish = (error) => error === undefined ? resolve() : reject(error);
    });
    // Whoever does not look at `finished` has still been told by the log.
    this.finished.catch(() => {});
    this.#root = new Supervisor("meerkat", {
      clock: this.#clock,
      crashed: (actor, error) => this.#log.error("crash", { actor, error }),
      escalate: (error) => this.#fail(error),
    });
    this.#listeners = new Listeners(this.#root, {
      space: this.#space,
      log: this.#log,
      limits: this.#limits,
    });
    // A handler has no state that could be broken: however often it throws, it is there again.
    this.#subscribers = this.#root.supervise("handlers", { maxRestarts: Infinity });
    this.#root.spawn("clockwork", clockwork(this.#space), { restart: "crash", kind: "timer" });
    this.#publisher = new Member(this.#space, {
      name: "library",
      deliver: () => false,
      post: () => false,
    });
  }

  /** Counters by name, such as `delivery.dropped`. */
  get counters(): ReadonlyMap<string, number> {
    return this.#space.counters;
  }

  /** Listens with a transport and speaks a protocol there. */
  listen(transport: Transport, protocol: OpenSession, options?: ListenOptions): Listening;
  listen(
    transport: DatagramTransport,
    protocol: OpenDatagramSession,
    options?: ListenOptions,
  ): Listening;
  listen(
    transport: Transport | DatagramTransport,
    protocol: OpenSession | OpenDatagramSession,
    options?: ListenOptions,
  ): Listening {
    const listening = "listen" in transport
      ? this.#listeners.streams(transport, protocol as OpenSession, options)
      : this.#listeners.datagrams(transport, protocol as OpenDatagramSession, options);
    listening.ready.catch((error) => this.#fail(error));
    return listening;
  }

  /**
   * Calls `handler` for each message that `filter` selects; `+name` and `#name` name levels.
   * The answer ends the subscription. Throws a `TypeError` when the filter is not one.
   */
  subscribe<const Filter extends string>(
    filter: Filter,
    handler: MessageHandler<Filter>,
  ): () => void {
    const plain = plainFilter(filter);
    const fault = faultOfFilter(plain, MAX_LEVELS);
    if (fault !== undefined) throw new TypeError(fault);
    const name = `${filter} ${++this.#names}`;
    const ref = this.#subscribers.spawn(name, subscriber(filter, handler), {
      restart: "crash",
      kind: "subscriber",
      mailbox: HANDLER_MAILBOX,
    });
    const receiver: Receiver = { name, deliver: (each) => this.#tell(ref, each) };
    this.#publisher.subscribe(plain, { qos: 2 }, receiver);
    for (const value of this.#publisher.retainedMatching(plain)) {
      ref.tell(new Delivery(value, value.qos, true, undefined));
    }
    return () => {
      this.#publisher.forget(receiver);
      this.#subscribers.stopChild(name);
    };
  }

  /**
   * Publishes to every subscriber of every protocol.
   * Throws a `TypeError` when the topic is not one.
   */
  publish(
    topic: string,
    payload: string | Uint8Array,
    options: PublicationOptions = {},
  ): Outcome {
    const fault = faultOfTopic(topic, MAX_LEVELS);
    if (fault !== undefined) throw new TypeError(fault);
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload.slice();
    const time = options.time ?? Math.floor(this.#clock.now());
    return this.#publisher.publish(new Publication(topic, bytes, { ...options, time }));
  }

  /** The stored value of a topic. */
  retained(topic: string): Publication | undefined {
    return this.#publisher.retained(topic);
  }

  /** Answers requests for `path`, or with a final `/*` for everything below it. */
  handle(path: string, handler: Handler): () => void {
    const name = `${path} ${++this.#names}`;
    this.#handlers.add(path, (exchange) => {
      if (!ref.tell(exchange)) exchange.respond({ status: 503 });
    });
    const ref = this.#subscribers.spawn(name, fetchHandler(handler), {
      restart: "crash",
      kind: "handler",
      mailbox: HANDLER_MAILBOX,
    });
    return () => {
      this.#handlers.remove(path);
      this.#subscribers.stopChild(name);
    };
  }

  /** Starts an actor of your own below the gateway's root. */
  spawn<M>(name: string, behaviour: Behaviour<M>, options?: SpawnOptions): Ref<M> {
    return this.#root.spawn(name, behaviour, options);
  }

  /** The actors as they are now. */
  tree(): TreeNode {
    return { name: this.#root.name, kind: "supervisor", restarts: 0, children: this.#root.tree() };
  }

  /**
   * Stops accepting, lets everyone finish what is in flight for at most `drainMs`
   * (default 10,000), and stops.
   */
  stop({ drainMs = 10_000 }: { drainMs?: number } = {}): Promise<void> {
    return this.#stopping ??= this.#drain(drainMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #drain(drainMs: number): Promise<void> {
    this.#space.closing = true;
    await this.#listeners.drain(drainMs);
    this.#root.stop();
    this.#finish();
  }

  #fail(error: unknown): void {
    if (this.#stopping) return;
    this.#stopping = Promise.resolve();
    this.#log.error("gateway failed", { error });
    this.#root.stop();
    this.#finish(error);
  }

  #tell(ref: Ref<Delivery>, delivery: Delivery): boolean {
    if (ref.tell(delivery)) return true;
    this.#space.dropped++;
    return false;
  }
}
