import { Publication, type PublicationOptions } from "../protocols/publication.ts";
import type { Hub, OpenDatagramSession, OpenSession, Outcome } from "../protocols/session.ts";
import { faultOfFilter, faultOfTopic } from "../protocols/topic.ts";
import type { DatagramTransport, Transport } from "../transports/transport.ts";
import type { Behaviour, Ref } from "./actor.ts";
import { type Answering, answering } from "./answering.ts";
import type { BridgeOptions } from "./bridge/bridge_options.ts";
import { type Bridge, Bridges } from "./bridge/bridges.ts";
import type { OpenUpstream } from "./bridge/upstream.ts";
import { systemClock } from "./clock.ts";
import { addDnsHandler, type DnsHandler } from "./dns/handler.ts";
import type { GatewayOptions, HandlerTable } from "./gateway_options.ts";
import type { Handler } from "./handler.ts";
import type { Hooks } from "./hooks.ts";
import { Listeners, type Listening, type ListenOptions } from "./listeners.ts";
import { Log } from "./log.ts";
import { Member } from "./member.ts";
import { Space } from "./space.ts";
import { follow, type MessageHandler, plainFilter, subscriber } from "./subscriber.ts";
import { type SpawnOptions, Supervisor } from "./supervisor.ts";
import { startTimers } from "./timers.ts";
import type { TreeNode } from "./tree.ts";

/** Topic levels that the library itself accepts. */
const MAX_LEVELS = 128;
/** Messages that wait for a handler before more are refused. */
const HANDLER_MAILBOX = 65_536;

/**
 * One topic space with its listeners, connections and handlers, and the supervisors above them.
 * `gateway()` makes one.
 *
 * @example A rule for any gateway
 * ```ts
 * import { type Gateway, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function mirror(hub: Gateway, from: string, to: string): void {
 *   hub.subscribe(from, ({ payload }) => hub.publish(to, payload));
 * }
 *
 * await using hub = gateway();
 * mirror(hub, "attic/temperature", "temperatures");
 * const heard = new Promise((resolve) => {
 *   hub.subscribe("temperatures", (message) => resolve(message.text()));
 * });
 * hub.publish("attic/temperature", "21.5");
 * assert.equal(await heard, "21.5");
 * ```
 */
export class Gateway {
  /**
   * Resolves when the gateway has stopped; rejects with the cause when it had to: a listener could
   * not start, or something crashed more often than its supervisor bears.
   */
  readonly finished: Promise<void>;
  readonly #space: Space;
  readonly #log: Log;
  readonly #handlers: HandlerTable;
  readonly #root: Supervisor;
  readonly #actors: Supervisor;
  readonly #subscribers: Supervisor;
  readonly #listeners: Listeners;
  readonly #bridges: Bridges;
  readonly #publisher: Hub;
  readonly #finish: (error?: unknown) => void;
  #stopping: Promise<void> | undefined;
  #names = 0;

  /** @ignore */
  constructor(handlers: new () => HandlerTable, options: GatewayOptions = {}, open?: OpenUpstream) {
    this.#log = options.log ?? new Log();
    const { limits = {}, clock = systemClock } = options;
    this.#space = new Space({ limits, clock });
    this.#handlers = this.#space.shared(handlers);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = (error) => error === undefined ? resolve() : reject(error);
    // Whoever does not look at `finished` has still been told by the log.
    this.finished.catch(() => {}).then(() => this.#space.hooks?.stop());
    this.#root = new Supervisor("meerkat", {
      clock,
      crashed: (actor, error) => this.#log.error("crash", { actor, error }),
      escalate: (error) => this.#fail(error),
    });
    const shared = { space: this.#space, log: this.#log, root: this.#root };
    this.#listeners = new Listeners(this.#root, { ...shared, limits });
    this.#bridges = new Bridges(this.#root, { ...shared, open });
    const lasting = { maxRestarts: Infinity, backoff: { minMs: 10, maxMs: 5_000 } };
    this.#actors = this.#root.supervise("actors", lasting);
    // A handler has no state that could be broken: however often it throws, it is there again.
    this.#subscribers = this.#root.supervise("handlers", { maxRestarts: Infinity });
    if (options.hooks) this.use(options.hooks);
    options.store?.open(shared);
    startTimers(this.#root, this.#space, options);
    const inbox = { name: "library", deliver: () => false, post: () => false };
    this.#publisher = new Member(this.#space, inbox);
  }

  /** What was counted since the start, by name, such as `delivery.dropped`. */
  get counters(): ReadonlyMap<string, number> {
    return this.#space.counters;
  }

  /**
   * Has `hooks` asked too, after those that are there already, until the answer is called. Clients
   * that have been let in by then are not asked again who they are.
   */
  use(hooks: Hooks): () => void {
    return this.#space.use(hooks, this.#log);
  }

  /**
   * Listens with a transport of streams, such as `tcp()`, and speaks a protocol on each.
   * One that cannot start stops the gateway; `ready` and `finished` reject with the cause.
   *
   * @throws {TypeError} When the name is taken or the gateway has stopped.
   */
  listen(transport: Transport, protocol: OpenSession, options?: ListenOptions): Listening;
  /** Binds a transport of datagrams, such as `udp()`, and speaks a protocol with all its peers. */
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
   * Calls `handler` for each message that `filter` selects (MQTT 5.0 §4.7), stored values first;
   * `+name` and `#name` name levels. The answer ends the subscription.
   *
   * At most 65,536 messages wait for a handler; more are dropped and counted.
   *
   * @throws {TypeError} When the filter is not one, has more than 128 levels, or the gateway has
   * stopped.
   * @example All that is left of the topic
   * ```ts
   * import { gateway } from "@meerkat/gateway";
   * import assert from "node:assert/strict";
   *
   * await using hub = gateway();
   * const heard = new Promise((resolve) => {
   *   hub.subscribe("logs/+host/#path", (_message, levels) => resolve(levels));
   * });
   * hub.publish("logs/web-1/kernel/usb", "unplugged");
   * assert.deepEqual(await heard, { host: "web-1", path: "kernel/usb" });
   * ```
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
    const forget = follow(this.#space, plain, ref);
    return () => {
      forget();
      this.#subscribers.stopChild(name);
    };
  }

  /**
   * Publishes to every subscriber of every protocol. Text goes as UTF-8; bytes are copied.
   *
   * @throws {TypeError} When the topic is not a topic name (MQTT 5.0 §4.7) or has more than 128
   * levels.
   * @example State that later subscribers get as well
   * ```ts
   * import { gateway } from "@meerkat/gateway";
   * import assert from "node:assert/strict";
   *
   * await using hub = gateway();
   * assert.equal(hub.publish("door", "open", { retain: true, qos: 1 }), "accepted");
   * assert.equal(hub.retained("door")?.text(), "open");
   * ```
   */
  publish(topic: string, payload: string | Uint8Array, options: PublicationOptions = {}): Outcome {
    const fault = faultOfTopic(topic, MAX_LEVELS);
    if (fault !== undefined) throw new TypeError(fault);
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload.slice();
    const time = options.time ?? Math.floor(this.#space.clock.now());
    return this.#publisher.publish(new Publication(topic, bytes, { ...options, time }));
  }

  /** Starts a bridge to another MQTT broker. Throws a `TypeError` when its options are wrong. */
  bridge(options: BridgeOptions): Bridge {
    return this.#bridges.add(options);
  }

  /** The stored value of a topic; undefined when there is none, or it has expired. */
  retained(topic: string): Publication | undefined {
    return this.#publisher.retained(topic);
  }

  /**
   * Answers HTTP requests for `path`, or with a final `/*` for everything below it. An exact path
   * goes before the longest that fits, and both before `/topics`. The answer takes it out again.
   *
   * @throws {TypeError} When the path begins without `/`, is taken, or the gateway has stopped.
   * @example A page of its own
   * ```ts
   * import { gateway, http, tcp } from "@meerkat/gateway";
   * import assert from "node:assert/strict";
   *
   * await using hub = gateway();
   * hub.handle("/hello", () => new Response("hello"));
   * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
   * assert.equal(await (await fetch(`http://127.0.0.1:${port}/hello`)).text(), "hello");
   * ```
   */
  handle(path: string, handler: Handler): () => void {
    const name = `${path} ${++this.#names}`;
    this.#handlers.add(path, (exchange) => answer(exchange));
    const answer = this.answering(name, handler);
    return () => {
      this.#handlers.remove(path);
      this.#subscribers.stopChild(name);
    };
  }

  /** @ignore */
  answering(name: string, handler: Handler): Answering {
    return answering(handler, { supervisor: this.#subscribers, name, mailbox: HANDLER_MAILBOX });
  }

  /** Has `handler` asked, after those before it, what no zone answers; the answer takes it out. */
  dns(handler: DnsHandler): () => void {
    const name = `dns ${++this.#names}`;
    return addDnsHandler(handler, { name, space: this.#space, supervisor: this.#subscribers });
  }

  /**
   * Starts an actor of your own: it ends when the gateway does. With `restart: "crash"` it is
   * started again however often it crashes, after 10 ms at first and 5 s at most.
   *
   * @throws {TypeError} When the name is taken or the gateway has stopped.
   */
  spawn<M>(name: string, behaviour: Behaviour<M>, options?: SpawnOptions): Ref<M> {
    return this.#actors.spawn(name, behaviour, options);
  }

  /** The actors as they are now, for an operator or a dashboard. */
  tree(): TreeNode {
    return { name: this.#root.name, kind: "supervisor", restarts: 0, children: this.#root.tree() };
  }

  /**
   * Stops accepting, lets everyone finish what is in flight for at most `drainMs` milliseconds
   * (default 10,000), and stops. Resolves then, whoever asked first.
   */
  stop({ drainMs = 10_000 }: { drainMs?: number } = {}): Promise<void> {
    return this.#stopping ??= this.#drain(drainMs);
  }

  /** Resolves once all that must survive is safe; rejects when it cannot be made so. */
  async stored(): Promise<void> {
    await this.#space.ledger?.flushed();
  }

  /** Stops as `stop` does: `await using hub = gateway()` needs no more. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #drain(drainMs: number): Promise<void> {
    this.#space.closing = true;
    await Promise.all([this.#listeners.drain(drainMs), this.#bridges.drain(drainMs)]);
    this.#root.stop();
    this.#log.info("stopped", Object.fromEntries(this.#space.counters));
    await this.#bridges.closed();
    await this.#space.ledger?.close();
    this.#finish();
  }

  #fail(error: unknown): void {
    if (this.#stopping) return;
    this.#stopping = Promise.resolve();
    this.#log.debug("gateway failed", { error });
    this.#root.stop();
    void this.#space.ledger?.close();
    this.#finish(error);
  }
}
