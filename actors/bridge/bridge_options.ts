import type { Qos } from "../../protocols/publication.ts";
import type { ByteStream } from "../../transports/transport.ts";

/**
 * Which topics a bridge carries, in which direction, and what they are called at either end.
 *
 * @example Two prefixes
 * ```ts
 * import { type BridgeRoute, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * // `line/7` here is `plants/north/line/7` there.
 * const route: BridgeRoute = {
 *   direction: "both",
 *   filter: "line/#",
 *   qos: 2,
 *   remotePrefix: "plants/north/",
 * };
 * await using hub = gateway();
 * const url = "mqtts://broker.example";
 * const faulty = { ...route, remotePrefix: "plants/+/" };
 * assert.throws(() => hub.bridge({ name: "plant", url, routes: [faulty] }), TypeError);
 * ```
 */
export interface BridgeRoute {
  /** `in` brings messages from the upstream here, `out` sends ours there. */
  direction: "in" | "out" | "both";
  /** Which topics, by a filter without the prefixes; `#` is all of them. */
  filter: string;
  /** The highest QoS on the way to and from the upstream; default 1. */
  qos?: Qos;
  /** What these topics begin with here, such as `site-7/`; default: nothing. */
  localPrefix?: string;
  /** What these topics begin with at the upstream; default: nothing. */
  remotePrefix?: string;
}

/**
 * Whom a client trusts, and who it is, where its URL asks for TLS. Certificates and keys are PEM
 * text (RFC 7468), not names of files.
 *
 * @example A broker that is reached by its address
 * ```ts
 * import { type BridgeTls, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const tls: BridgeTls = { servername: "broker.example" };
 * await using hub = gateway();
 * const routes = [{ direction: "in", filter: "#" }] as const;
 * const { name } = hub.bridge({ name: "plant", url: "mqtts://127.0.0.1:1", tls, routes });
 * assert.equal(name, "plant");
 * ```
 */
export interface BridgeTls {
  /** The authorities whose certificates are trusted; default: those that Deno trusts. */
  ca?: string;
  /** Our certificate, for a server that asks for one; needs `key`. */
  cert?: string;
  /** The private key of `cert`. */
  key?: string;
  /** The name that the server's certificate must have; default: the host of the URL. */
  servername?: string;
  /**
   * False accepts any certificate, so that anybody on the way can read and change everything;
   * default true.
   */
  rejectUnauthorized?: boolean;
}

/**
 * How much may wait for a bridge's upstream, and how often it is dialled.
 *
 * @example Room for one message
 * ```ts
 * import { type BridgeLimits, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const limits: Partial<BridgeLimits> = { maxQueuedMessages: 1 };
 * hub.bridge({
 *   name: "plant",
 *   dial: () => Promise.reject(new Error("Nobody is there yet")),
 *   routes: [{ direction: "out", filter: "#", qos: 1 }],
 *   limits,
 * });
 * assert.equal(hub.publish("a", "1", { qos: 1 }), "accepted");
 * assert.equal(hub.publish("a", "2", { qos: 1 }), "overloaded");
 * ```
 */
export interface BridgeLimits {
  /** Messages that wait for the upstream, or for its acknowledgement; default 100,000. */
  maxQueuedMessages: number;
  /** Bytes of those messages; default 65,536 KiB. */
  maxQueuedBytes: number;
  /**
   * Messages of QoS 1 and 2 that are sent and not acknowledged, in each direction; default 1,024.
   */
  maxInflight: number;
  /** Waiting messages above which publishers wait, while the upstream is there; default 4,096. */
  queueHighWater: number;
  /** Milliseconds before the first new attempt to connect; default 500. Each pause doubles. */
  retryMinMs: number;
  /** Milliseconds of the longest pause between attempts; default 30,000. */
  retryMaxMs: number;
  /** Milliseconds from dialling to the upstream's answer to CONNECT; default 10,000. */
  connectTimeoutMs: number;
}

/** The limits of a bridge that names none. */
export const bridgeDefaults: BridgeLimits = {
  /** 100,000: an hour of 27 messages a second. */
  maxQueuedMessages: 100_000,
  /** 64 MiB: the same in bytes, for messages of some hundred bytes. */
  maxQueuedBytes: 64 << 20,
  /** 1,024: fills a link of 100 ms at 10,000 messages a second. */
  maxInflight: 1024,
  /** 4,096: enough to keep the link busy, and sent within the grace period on a good one. */
  queueHighWater: 4096,
  /** 500 ms: a restart of the upstream takes about as long. */
  retryMinMs: 500,
  /** 30 s: an outage costs next to nothing, and its end is seen soon. */
  retryMaxMs: 30_000,
  /** 10 s: as long as we give those who connect to us. */
  connectTimeoutMs: 10_000,
};

/**
 * A bridge to another MQTT broker, its upstream: where that is, who we are to it, and what crosses.
 *
 * @example Two gateways, one topic space
 * ```ts
 * import { type BridgeOptions, gateway, MemoryTransport, mqtt } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using north = gateway(), south = gateway();
 * const transport = new MemoryTransport();
 * await north.listen(transport, mqtt()).ready;
 * const options: BridgeOptions = {
 *   name: "north",
 *   dial: () => Promise.resolve(transport.connect()),
 *   routes: [{ direction: "out", filter: "#" }],
 * };
 * const heard = new Promise((resolve) => {
 *   north.subscribe("door", (message) => resolve(message.text()));
 * });
 * await south.bridge(options).online;
 * south.publish("door", "open", { qos: 1 });
 * assert.equal(await heard, "open");
 * ```
 */
export interface BridgeOptions {
  /** What the log, `Gateway.tree` and the default `stateTopic` call it: one topic level. */
  name: string;
  /** Where the upstream is: `mqtt:`, `mqtts:`, `ws:` or `wss:`. Needed unless there is `dial`. */
  url?: string;
  /** Opens the stream to the upstream, in place of dialling the URL; `signal` gives that up. */
  dial?: (signal: AbortSignal) => Promise<ByteStream>;
  /** Which topics it carries. */
  routes: readonly BridgeRoute[];
  /** Whom to trust and who we are, for `mqtts:` and `wss:`. */
  tls?: BridgeTls;
  /**
   * Our client identifier. Default: a new one with each start; `clean: false` needs one of yours.
   */
  clientId?: string;
  /** The user name that the upstream gets; default: none. */
  username?: string;
  /** The password that the upstream gets; default: none. */
  password?: string;
  /** The version of MQTT; default: 5, and 3.1.1 for an upstream that refuses it. */
  version?: "5" | "3.1.1";
  /**
   * False has the upstream keep our session, with its messages, while we are away; default true.
   */
  clean?: boolean;
  /** Seconds for which an MQTT 5 upstream keeps that session; default 604,800 (7 days). */
  sessionExpirySeconds?: number;
  /** Seconds of silence after which each side checks whether the other is there; default 60. */
  keepAliveSeconds?: number;
  /** True queues QoS 0 messages, too, while the upstream is away; default false drops them. */
  queueQos0?: boolean;
  /**
   * The topic whose stored value is `online` or `offline`; default `$bridge/NAME/state`, "" for
   * none.
   */
  stateTopic?: string;
  /** Limits that differ from their defaults. */
  limits?: Partial<BridgeLimits>;
}
