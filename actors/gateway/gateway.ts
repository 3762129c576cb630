import type { Publication, PublicationOptions } from "../../protocols/publication.ts";
import type { OpenDatagramSession, OpenSession, Outcome } from "../../protocols/session.ts";
import type { DatagramTransport, Transport } from "../../transports/transport.ts";
import type { Behaviour, Ref } from "../actor.ts";
import type { BridgeOptions } from "../bridge/bridge_options.ts";
import type { Bridge } from "../bridge/bridges.ts";
import type { OpenUpstream } from "../bridge/upstream.ts";
import type { Listening, ListenOptions } from "../connections/listeners.ts";
import type { DnsHandler } from "../dns/handler.ts";
import type { Answering } from "../handlers/answering.ts";
import type {
  CoapHandler,
  CoapMethods,
  CoapOptions,
  CoapResource,
} from "../handlers/coap_handler.ts";
import type { Handler } from "../handlers/handler.ts";
import type { Methods } from "../handlers/methods.ts";
import type { SocketHandler, SocketOptions } from "../handlers/socket_handler.ts";
import type { HandleOptions } from "../handlers/web_server.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { SpawnOptions } from "../supervisor.ts";
import type { TreeNode } from "../tree.ts";
import { Engine } from "./engine.ts";
import type { GatewayOptions, PathTables } from "./gateway_options.ts";
import type { MessageHandler } from "./subscriber.ts";

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
   * Resolves when the gateway has stopped. Rejects with the cause when it had to stop: a listener
   * could not start, or a part of the gateway crashed more often than its supervisor tolerates.
   */
  readonly finished: Promise<void>;
  readonly #engine: Engine;

  /** @ignore */
  constructor(tables: PathTables, options: GatewayOptions = {}, open?: OpenUpstream) {
    this.#engine = new Engine(tables, options, open);
    this.finished = this.#engine.finished;
  }

  /** How often things have happened since the start, by name, such as `delivery.dropped`. */
  get counters(): ReadonlyMap<string, number> {
    return this.#engine.space.counters;
  }

  /**
   * Adds a set of hooks, which is asked after those that are there already. The returned function
   * removes it.
   *
   * Clients that are connected are not asked again who they are. What they have subscribed to is
   * asked about again if there was any `authorize` hook when they subscribed. Sessions that a store
   * brings back are there before `use` can be called: make the gateway with `hooks: {}` where they
   * are to be asked about too.
   */
  use(hooks: Hooks): () => void {
    return this.#engine.space.use(hooks, this.#engine.log);
  }

  /**
   * Accepts streams of a transport, such as `tcp()`, and speaks a protocol on each. When it cannot
   * start, `ready` and `finished` reject with the cause, and the gateway stops.
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
   * Calls `handler` for each message that `filter` selects (MQTT 5.0 §4.7), stored values first.
   * A level `+name` or `#name` is a wildcard whose value the handler gets by that name. The
   * returned function ends the subscription.
   *
   * At most 65,536 messages wait for a handler; more are dropped and counted.
   *
   * @throws {TypeError} When the filter is invalid, has more than 128 levels, or the gateway has
   * stopped.
   * @example Named levels
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
    return this.#engine.application.subscribe(filter, handler);
  }

  /**
   * Publishes to every subscriber of every protocol, and says what became of it. Text goes as
   * UTF-8; bytes are copied.
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
    return this.#engine.application.publish(topic, payload, options);
  }

  /**
   * Starts a bridge, which exchanges messages with another MQTT broker until it is closed.
   *
   * @throws {TypeError} When an option is wrong.
   */
  bridge(options: BridgeOptions): Bridge {
    return this.#engine.bridges.add(options);
  }

  /** The stored value of a topic; undefined when there is none, or it has expired. */
  retained(topic: string): Publication | undefined {
    return this.#engine.application.retained(topic);
  }

  /**
   * Answers HTTP and CoAP requests for `path`, or for everything below it if it ends in `/*`, or
   * for what a `URLPattern` matches. An exact path goes before patterns, a longer pattern before a
   * shorter one. The gateway itself answers below `/topics`, unless `path` names a place there, and
   * for CoAP always. The returned function removes the handler.
   *
   * CoAP requests are translated by the rules of RFC 8075, read from CoAP to HTTP; their URLs begin
   * with `coap:`.
   *
   * @throws {TypeError} When the path does not begin with `/`, is taken, or the gateway has
   * stopped.
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
   * Answers CoAP requests for `path`, or for everything below it if it ends in `/*`, in CoAP's own
   * terms: options, codes, formats, observers. Such a path goes before those of `handle`. The
   * gateway itself answers `/topics`, `/ps`, `/pubsub` and `/.well-known/core`.
   *
   * @throws {TypeError} When the path is invalid, is taken, or the gateway has stopped.
   */
  coap(
    path: string,
    handler: CoapHandler | CoapMethods,
    options: CoapOptions = {},
  ): CoapResource {
    return this.#engine.coap.handle(path, handler, options);
  }

  /**
   * Gives each WebSocket that a client opens on `path` to `handler`; paths are those of `handle`.
   * Each socket is an actor: one whose handler throws is closed with 1011. The returned function
   * removes the handler, and leaves sockets that are open as they are.
   *
   * @throws {TypeError} When the path does not begin with `/`, is taken, or the gateway has
   * stopped.
   * @example A conversation
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

  /**
   * Has `handler` answer DNS questions that neither a zone nor an earlier handler answers. The
   * returned function removes it.
   */
  dns(handler: DnsHandler): () => void {
    return this.#engine.application.dns(handler);
  }

  /**
   * Starts an actor of your own, which ends when the gateway does. With `restart: "crash"` it is
   * started again however often it crashes, after pauses that grow from 10 ms to 5 s.
   *
   * @throws {TypeError} When the name is taken or the gateway has stopped.
   */
  spawn<M>(name: string, behaviour: Behaviour<M>, options?: SpawnOptions): Ref<M> {
    return this.#engine.actors.spawn(name, behaviour, options);
  }

  /** All supervisors and actors as they are now, for an operator or a dashboard. */
  tree(): TreeNode {
    const { root } = this.#engine;
    return { name: root.name, kind: "supervisor", restarts: 0, children: root.tree() };
  }

  /**
   * Stops the gateway: nobody new is accepted, clients have at most `drainMs` milliseconds (default
   * 10,000) to finish what is in flight, then every actor is stopped. Resolves after that. Only the
   * first call counts; later ones wait for the same end.
   */
  stop({ drainMs = 10_000 }: { drainMs?: number } = {}): Promise<void> {
    return this.#engine.stop(drainMs);
  }

  /**
   * Resolves once the store has safely written everything that was published until now; at once
   * where there is no store. Rejects when the store cannot write it.
   */
  async stored(): Promise<void> {
    await this.#engine.space.ledger?.flushed();
  }

  /** Stops the gateway at the end of the block that says `await using hub = gateway()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
