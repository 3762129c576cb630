import type { Qos } from "../../protocols/publication.ts";
import type { UpstreamOptions } from "./upstream.ts";

/** Which messages a bridge carries, and where to. */
export interface Route {
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

/** What a bridge may take. */
export interface BridgeLimits {
  /** Messages that wait for the upstream, or for its acknowledgement. */
  maxQueuedMessages: number;
  /** Bytes of those messages. */
  maxQueuedBytes: number;
  /** Messages of QoS 1 and 2 under way to the upstream, and from it, at once. */
  maxInflight: number;
  /** Messages waiting above which publishers are held back while the upstream is there. */
  queueHighWater: number;
  /** Milliseconds before the first new attempt to connect; doubled each time. */
  retryMinMs: number;
  /** The longest pause between attempts, in milliseconds. */
  retryMaxMs: number;
  /** Milliseconds from dialling to the upstream's answer. */
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

/** A bridge to another broker. */
export interface BridgeOptions extends
  Pick<
    UpstreamOptions,
    "url" | "tls" | "dial" | "username" | "password" | "version"
  > {
  /** What the tree, the log and the state's topic call it. */
  name: string;
  routes: readonly Route[];
  /** Default: made of both names, new with each start; a session that stays needs one of yours. */
  clientId?: string;
  /** False keeps the session at the upstream while we are away; default true. */
  clean?: boolean;
  /** How long an MQTT 5 upstream keeps that session; default 604,800 (7 days). */
  sessionExpirySeconds?: number;
  /** Default 60. */
  keepAliveSeconds?: number;
  /** True keeps QoS 0 messages, too, while the upstream is away; default false. */
  queueQos0?: boolean;
  /** Where `online` and `offline` are retained; default `$bridge/NAME/state`, "" for nowhere. */
  stateTopic?: string;
  limits?: Partial<BridgeLimits>;
}
