import type { Qos } from "../../protocols/publication.ts";
import type { ByteStream } from "../../transports/transport.ts";

/**
 * Which messages a bridge carries, and what they are called at either end.
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
  /** `in` from the upstream, `out` to it. */
  direction: "in" | "out" | "both";
  /** Without the prefixes; `#` is everything. */
  filter: string;
  /** The highest QoS on the way to and from the upstream; default 1. */
  qos?: Qos;
  /** What stands before the filter, and before its topics, here; such as `site-7/`. */
  localPrefix?: string;
  /** What stands before the filter, and before its topics, at the upstream. */
  remotePrefix?: string;
}

/**
 * Whom a bridge trusts, and who it is, where the URL asks for TLS. All PEM is text.
 *
 * @example An authority of one's own
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
  /** Whoever vouches for the upstream; default: those that Deno trusts. */
  ca?: string;
  /** Our certificate. */
  cert?: string;
  /** Its private key. */
  key?: string;
  /** The name to find in the upstream's certificate, in place of the host. */
  servername?: string;
  /** False takes any certificate: whoever is on the way can read and change everything. */
  rejectUnauthorized?: boolean;
}

/**
 * What a bridge may take; its own name and default for each.
 *
 * @example Little room
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
  /** Messages of QoS 1 and 2 under way to the upstream, and from it, at once; default 1,024. */
  maxInflight: number;
  /**
   * Messages waiting above which publishers are held back while the upstream is there; default
   * 4,096.
   */
  queueHighWater: number;
  /** Milliseconds before the first new attempt to connect; doubled each time; default 500. */
  retryMinMs: number;
  /** The longest pause between attempts, in milliseconds; default 30,000. */
  retryMaxMs: number;
  /** Milliseconds from dialling to the upstream's answer; default 10,000. */
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
 * A bridge to another broker: where it is, who we are to it, and what goes over.
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
  /** What the tree, the log and the state's topic call it. */
  name: string;
  /** Where the upstream is: `mqtt:`, `mqtts:`, `ws:` or `wss:`. */
  url?: string;
  /** Makes the stream to the upstream, in place of what the URL says. */
  dial?: (signal: AbortSignal) => Promise<ByteStream>;
  /** What it carries. */
  routes: readonly BridgeRoute[];
  /** Whom to trust, and who we are. */
  tls?: BridgeTls;
  /** Default: made of both names, new with each start; a session that stays needs one of yours. */
  clientId?: string;
  /** Default: none. */
  username?: string;
  /** Default: none. */
  password?: string;
  /** Default: 5, and 3.1.1 for an upstream that refuses it. */
  version?: "5" | "3.1.1";
  /** False keeps the session at the upstream while we are away; default true. */
  clean?: boolean;
  /** How long an MQTT 5 upstream keeps that session; default 604,800 (7 days). */
  sessionExpirySeconds?: number;
  /** Seconds of silence after which each side asks for the other; default 60. */
  keepAliveSeconds?: number;
  /** True keeps QoS 0 messages, too, while the upstream is away; default false. */
  queueQos0?: boolean;
  /** Where `online` and `offline` are retained; default `$bridge/NAME/state`, "" for nowhere. */
  stateTopic?: string;
  /** What it may take, in place of the defaults. */
  limits?: Partial<BridgeLimits>;
}
