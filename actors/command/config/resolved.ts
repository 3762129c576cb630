import type { PolicyOptions } from "../../identity/policy.ts";
import type { LogFormat, LogLevel } from "../../log.ts";
import type { RetainedTree } from "../../space/retained_tree.ts";
import type { AuthSettings } from "../settings/auth_settings.ts";
import type { CoapSettings } from "../settings/coap_settings.ts";
import type { DnsSettings } from "../settings/dns_settings.ts";
import type { Limits } from "../settings/limits.ts";
import type { ListenUrl } from "../settings/listen_url.ts";
import type { MqttSettings } from "../settings/mqtt_settings.ts";
import type { Place } from "../settings/place.ts";
import type { StoreSettings } from "../settings/store_settings.ts";
import type { WebSettings } from "../settings/web_settings.ts";
import type { BridgeSettings } from "./bridges.ts";
import type { TlsSettings } from "./resolve_tls.ts";

/** Everything that can be set, complete and free of contradictions. */
export interface Settings {
  readonly listen: readonly ListenSettings[];
  /** Origins of web pages that may use the gateway. */
  readonly origins: readonly string[];
  /** True when messages of WebSockets are compressed. */
  readonly webSocketCompression: boolean;
  /** Milliseconds between two updates of `$SYS`; 0 for never. */
  readonly sysIntervalMs: number;
  /** Whom a cross-proxy may ask; undefined where there is none. */
  readonly crossProxy?: readonly string[] | undefined;
  /** Whose presence is published. */
  readonly presence: "registered" | "all" | "none";
  readonly bridges: readonly BridgeSettings[];
  /** Undefined when nothing survives a restart. */
  readonly store?: StoreSettings | undefined;
  /** Present when something was set about names. */
  readonly dns?: DnsSettings;
  readonly drainMs: number;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  /** The limits that were set for the whole gateway. */
  readonly limits: Limits;
  /** Who may do what. */
  readonly policy?: PolicyOptions;
  /** Limits of parts of the topic space. */
  readonly retainedTrees?: readonly RetainedTree[];
}

/** One listener. */
export interface ListenSettings {
  readonly url: ListenUrl;
  /** Present when the listener can speak TLS. */
  readonly tls?: TlsSettings;
  /** True when clients may stay without a login, wherever they are. */
  readonly allowAnonymous: boolean;
  /** Who may come, by IP address. */
  readonly access?: string;
  /** Proxies that begin with a PROXY header, and those whose X-Forwarded-For is believed. */
  readonly proxyProtocol?: string;
  readonly trustedProxies?: string;
  /** How its clients log in; missing where nobody has to. */
  readonly auth?: readonly AuthSettings[];
  /** The limits that were set for this listener, or for all. */
  readonly limits: Limits;
  /** What was set of MQTT, for this listener or for all. */
  readonly mqtt: MqttSettings;
  /** What was set of CoAP, for this listener or for all. */
  readonly coap: CoapSettings;
  /** Multicast groups that it joins. */
  readonly groups?: readonly string[];
  /** Its web site, when it speaks HTTP and has one. */
  readonly web?: WebSettings;
}

/** A file or a directory that must be there for the gateway to start. */
export interface NeededFile {
  readonly place: Place;
  readonly name: string;
  /** The file of those who have signed it. */
  readonly authority?: string | undefined;
  readonly holds:
    | "certificate"
    | "private key"
    | "revocation lists"
    | "password"
    | "users"
    | "digests"
    | "key"
    | "logins"
    | "files";
}

/** The settings, unless `sources` has heard of a fault; and the files they need. */
export interface Resolved {
  readonly settings: Settings;
  readonly files: readonly NeededFile[];
}
