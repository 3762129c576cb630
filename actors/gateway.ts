import { Publication, type PublicationOptions } from "../protocols/publication.ts";
import type { Hub, OpenDatagramSession, OpenSession, Outcome } from "../protocols/session.ts";
import { faultOfTopic } from "../protocols/topic.ts";
import type { DatagramTransport, Transport } from "../transports/transport.ts";
import type { Behaviour, Ref } from "./actor.ts";
import type { Answering } from "./handlers/answering.ts";
import type { BridgeOptions } from "./bridge/bridge_options.ts";
import type { Bridge } from "./bridge/bridges.ts";
import type { OpenUpstream } from "./bridge/upstream.ts";
import type {
  CoapHandler,
  CoapMethods,
  CoapOptions,
  CoapResource,
} from "./handlers/coap_handler.ts";
import { addDnsHandler, type DnsHandler } from "./dns/handler.ts";
import { Engine } from "./engine.ts";
import type { GatewayOptions, PathTables } from "./gateway_options.ts";
import type { Handler } from "./handlers/handler.ts";
import type { Hooks } from "./hooks.ts";
import type { Listening, ListenOptions } from "./listeners.ts";
import { Member } from "./member.ts";
import type { Methods } from "./handlers/methods.ts";
import type { SocketHandler, SocketOptions } from "./handlers/socket_handler.ts";
import type { Space } from "./space.ts";
import { type MessageHandler, subscribe } from "./subscriber.ts";
import type { HandleOptions } from "./handlers/web_server.ts";
import type { SpawnOptions } from "./supervisor.ts";
import type { TreeNode } from "./tree.ts";

/** Topic levels that the library itself accepts. */
const MAX_LEVELS = 128;

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
  readonly #engine: Engine;
  readonly #space: Space;
  readonly #publisher: Hub;
  #names = 0;

  /** @ignore */
  constructor(tables: PathTables, options: GatewayOptions = {}, open?: OpenUpstream) {
    this.#engine = new Engine(tables, options, open);
    this.#space = this.#engine.space;
    this.finished = this.#engine.finished;
    const inbox = { name: "library", deliver: () => false, post: () => false };
    this.#publisher = new Member(this.#space, inbox);
  }

  /** What was counted since the start, by name, such as `delivery.dropped`. */
  get counters(): ReadonlyMap<string, number> {
    return this.#space.counters;
  }

  /**
   * Has `hooks` asked too, after those that are there already, until the answer is called. Clients
   * that have been let in by then are not asked again who they are; what they follow is asked about
   * again, if it was before. Sessions of a store come back when the gateway is made: a gateway that is
   * made with `hooks`, even `{}`, has those sessions asked about by hooks that are added later.
   */
  use(hooks: Hooks): () => void {
    return this.#space.use(hooks, this.#engine.log);
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
    const { listeners } = this.#engine;
    const listening = "listen" in transport
      ? listeners.streams(transport, protocol as OpenSession, options)
      : listeners.datagrams(transport, protocol as OpenDatagramSession, options);
    listening.ready.catch((error) => this.#engine.fail(error));
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
    const name = `${filter} ${++this.#names}`, { subscribers: supervisor } = this.#engine;
    return subscribe(filter, handler, { name, space: this.#space, supervisor });
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
    return this.#engine.bridges.add(options);
  }

  /** The stored value of a topic; undefined when there is none, or it has expired. */
  retained(topic: string): Publication | undefined {
    return this.#publisher.retained(topic);
  }

  /**
   * Answers HTTP and CoAP requests for `path`: this one, with a final `/*` everything below it, or
   * what a `URLPattern` fits. An exact path goes before the longest that fits; what is below `/topics`
   * is the gateway's own unless the path says so, and for CoAP always. The answer takes it out again.
   *
   * CoAP is mapped as RFC 8075 maps HTTP, the other way round; the URL of such a request begins with
   * `coap:`.
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
  handle(
    path: string | URLPattern,
    handler: Handler | Methods,
    options: HandleOptions = {},
  ): () => void {
    return this.#engine.web.handle(path, handler, options);
  }

  /**
   * Answers CoAP requests for `path`, or for everything below one that ends in `/*`, in CoAP's own
   * terms: options, codes, formats, observers. It goes before what `handle` has; `/topics`, `/ps`,
   * `/pubsub` and `/.well-known/core` are the gateway's own.
   *
   * @throws {TypeError} When the path is none, is taken, or the gateway has stopped.
   */
  coap(
    path: string,
    handler: CoapHandler | CoapMethods,
    options: CoapOptions = {},
  ): CoapResource {
    return this.#engine.coap.handle(path, handler, options);
  }

  /**
   * Gives the WebSockets that are opened on `path` to `handler`, found as `handle` finds them. Each
   * is an actor: one that throws is closed with 1011. Those that are open stay so when the answer
   * takes the path out again.
   *
   * @throws {TypeError} When the path begins without `/`, is taken, or the gateway has stopped.
   * @example Two that talk
   * ```ts
   * import { gateway, http, tcp } from "@meerkat/gateway";
   * import assert from "node:assert/strict";
   *
   * await using hub = gateway();
   * hub.websocket("/upper", (socket) => {
   *   socket.onmessage = ({ data }) => socket.send(String(data).toUpperCase());
   * });
   * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
   * const client = new WebSocket(`ws://127.0.0.1:${port}/upper`);
   * client.onopen = () => client.send("hi");
   * assert.equal(await new Promise((heard) => client.onmessage = ({ data }) => heard(data)), "HI");
   * client.close();
   * ```
   */
  websocket(
    path: string | URLPattern,
    handler: SocketHandler,
    options: SocketOptions = {},
  ): () => void {
    return this.#engine.web.websocket(path, handler, options);
  }

  /** @ignore */
  answering(name: string, handler: Handler): Answering {
    return this.#engine.web.answering(name, handler);
  }

  /** Has `handler` asked, after those before it, what no zone answers; the answer takes it out. */
  dns(handler: DnsHandler): () => void {
    const name = `dns ${++this.#names}`;
    return addDnsHandler(handler, {
      name,
      space: this.#space,
      supervisor: this.#engine.subscribers,
    });
  }

  /**
   * Starts an actor of your own: it ends when the gateway does. With `restart: "crash"` it is
   * started again however often it crashes, after 10 ms at first and 5 s at most.
   *
   * @throws {TypeError} When the name is taken or the gateway has stopped.
   */
  spawn<M>(name: string, behaviour: Behaviour<M>, options?: SpawnOptions): Ref<M> {
    return this.#engine.actors.spawn(name, behaviour, options);
  }

  /** The actors as they are now, for an operator or a dashboard. */
  tree(): TreeNode {
    const { root } = this.#engine;
    return { name: root.name, kind: "supervisor", restarts: 0, children: root.tree() };
  }

  /**
   * Stops accepting, lets everyone finish what is in flight for at most `drainMs` milliseconds
   * (default 10,000), and stops. Resolves then, whoever asked first.
   */
  stop({ drainMs = 10_000 }: { drainMs?: number } = {}): Promise<void> {
    return this.#engine.stop(drainMs);
  }

  /** Resolves once all that must survive is safe; rejects when it cannot be made so. */
  async stored(): Promise<void> {
    await this.#space.ledger?.flushed();
  }

  /** Stops as `stop` does: `await using hub = gateway()` needs no more. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
