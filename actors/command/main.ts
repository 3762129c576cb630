import type { AuthMethod } from "../../protocols/mqtt/authentication.ts";
import type { MqttOptions } from "../../protocols/mqtt/options.ts";
import type { OpenDatagramSession, OpenSession } from "../../protocols/session.ts";
import { admissionDefaults } from "../connections/admission.ts";
import { connectionDefaults } from "../connections/connection_options.ts";
import type { DnsHandler } from "../dns/handler.ts";
import type { Gateway } from "../gateway/gateway.ts";
import type { GatewayOptions, PresenceSource } from "../gateway/gateway_options.ts";
import type { Log } from "../log.ts";
import type { PresenceOptions } from "../presence/mod.ts";
import { retainedDefaults } from "../space/retained.ts";
import type { StoreOptions, StoreSource } from "../store/sqlite_store.ts";
import { crossProxy } from "../web/cross/cross_proxy.ts";
import { openSite, type Site } from "../web/site.ts";
import type { ClientHost } from "./client/client.ts";
import { type CommandHost, run, type Running } from "./command.ts";
import { startBridge } from "./config/bridges.ts";
import { ListenError } from "./config/cause.ts";
import type { ListenSettings, Settings } from "./config/resolved.ts";
import { denoClientHost, denoHost } from "./deno_host.ts";
import { hooksOf } from "./serve/auth.ts";
import { type DnsParts, listenDns } from "./serve/dns.ts";
import { LivePolicy } from "./serve/live_policy.ts";
import { openWithStore } from "./serve/store.ts";
import { transportOf, type TransportParts, trusts } from "./serve/transports.ts";
import type { CoapSettings } from "./settings/coap_settings.ts";
import type { Limits } from "./settings/limits.ts";
import { withPort } from "./settings/listen_url.ts";
import type { MqttSettings } from "./settings/mqtt_settings.ts";

type Port = { port: number; hostname: string };

/** What is set for protocols of streams, beside their limits. */
export interface StreamSettings {
  mqtt: MqttSettings & Pick<MqttOptions, "authMethods">;
  /** Origins of web pages that may use the gateway. */
  origins: readonly string[];
  /** The web site, which answers the requests that nothing else answers. */
  site?: Site | undefined;
  /** True when messages of WebSockets are compressed. */
  webSocketCompression: boolean;
  /** Which peers are proxies that name their clients. */
  trusts?: (address: string) => boolean;
}

/** What the command is put together from. `mod.ts` gives it, which alone knows every protocol. */
export interface Parts extends DnsParts, TransportParts {
  readonly version: string;
  /** The limits of the protocols when nothing is set. */
  readonly limits: Limits;
  gateway(options: GatewayOptions): Gateway;
  /** Protocols of streams, with the limits that were set. */
  streams: Record<
    "mqtt" | "http" | "coap" | "any",
    (limits: Limits, set: StreamSettings) => OpenSession
  >;
  coap(limits: Limits, set: CoapSettings): OpenDatagramSession;
  /** Publishes who is connected. */
  presence(options: PresenceOptions): PresenceSource;
  /** Opens the file of what survives a restart. */
  store(file: string, options: StoreOptions, limits: Limits): StoreSource;
  /** Connects the commands that are MQTT clients. */
  connect: ClientHost["connect"];
  /** Asks CoAP and HTTP servers, for the commands that are their clients. */
  ask: ClientHost["ask"];
  follow: ClientHost["follow"];
  /** Asks for names, for the command `resolve`. */
  names: ClientHost["names"];
  /** Asks these servers for what no zone has. */
  forward(servers: readonly string[]): DnsHandler;
  /** Has these servers asked for the hosts of outgoing connections. */
  nameServers(servers: readonly string[]): void;
}

/** What holds for connections and stored values when nothing is set. */
const actorLimits: Limits = {
  maxConnections: admissionDefaults.maxConnections,
  maxConnectionsPerAddress: admissionDefaults.maxConnectionsPerAddress,
  maxConnectionsPerSecond: admissionDefaults.maxConnectionsPerSecond,
  outboxHighWaterBytes: connectionDefaults.outboxHighWaterBytes,
  graceMs: connectionDefaults.graceMs,
  ...retainedDefaults,
};

/** Runs the command line of this process; resolves with its exit code. */
export function main(parts: Parts): Promise<number> {
  const { version } = parts;
  const limits = { ...actorLimits, ...parts.limits };
  const compiled = !/(^|[/\\])deno(\.exe)?$/.test(Deno.execPath());
  const program = compiled ? "meerkat" : "deno run -A mod.ts";
  const host: CommandHost = denoHost({
    version,
    limits,
    program,
    client: denoClientHost(parts),
    serve: (settings, log) => {
      const { readFile, readBytes } = host;
      return start(settings, { log, parts, readFile, readBytes, ending: [] });
    },
  });
  return run(Deno.args, host);
}

interface Surroundings {
  log: Log;
  parts: Parts;
  readFile(path: string): Promise<string>;
  readBytes(path: string): Promise<Uint8Array>;
  /** What is called when the gateway ends. */
  ending: (() => void)[];
}

async function start(settings: Settings, around: Surroundings): Promise<Running> {
  const { parts, log } = around, { retainedTrees, sysIntervalMs } = settings;
  const of = settings.presence, presence = of === "none" ? undefined : parts.presence({ of });
  const limits = { ...settings.limits, ...retainedTrees && { retainedTrees } };
  const version = `meerkat version ${parts.version}`;
  const handlers: Parameters<Gateway["handle"]>[] = [];
  const { hooks, methods } = await hooksOf(settings, {
    ...around,
    handle: (path, handler) => handlers.push([path, handler]),
  });
  // The store brings sessions back at once. They must know that there will be hooks, added below.
  const known = hooks.length > 0 || settings.policy ? { hooks: {} } : {};
  const options = { log, limits, sysIntervalMs, presence, version, ...known };
  const hub = openWithStore(settings, options, parts);
  const end = () => around.ending.forEach((each) => each());
  hub.finished.then(end, end);
  const listeners: string[] = [];
  let policy: LivePolicy | undefined;
  const { forward, nameServers } = settings.dns ?? {};
  if (forward) hub.dns(parts.forward(forward));
  if (nameServers) parts.nameServers(nameServers);
  try {
    const handle = hub.handle.bind(hub), { crossProxy: targets } = settings;
    if (targets !== undefined) {
      handle("/hc/*", crossProxy({ targets }), { link: false, cors: "listener" });
    }
    for (const each of handlers) handle(...each);
    for (const each of hooks) hub.use(each);
    if (settings.policy) policy = new LivePolicy(settings.policy, (rules) => hub.use(rules));
    for (const each of settings.listen) {
      const authMethods = methods.get(each);
      listeners.push(await listen(hub, each, { ...around, settings, authMethods, policy }));
    }
    for (const each of settings.bridges) await startBridge(hub, each, around);
  } catch (error) {
    await hub.stop({ drainMs: 0 });
    throw error;
  }
  return {
    listeners,
    finished: hub.finished,
    renew: (rules) => policy?.replace(rules),
    stop: (drainMs) => hub.stop({ drainMs }),
  };
}

async function listen(
  hub: Gateway,
  each: ListenSettings,
  around: Surroundings & {
    settings: Settings;
    authMethods: readonly AuthMethod[] | undefined;
    policy: LivePolicy | undefined;
  },
): Promise<string> {
  const { url, limits, mqtt, coap, groups, web, access, trustedProxies } = each;
  const { parts, log, authMethods, policy, settings } = around;
  const { origins, webSocketCompression, dns } = settings;
  const options = { name: url.url, limits, access };
  try {
    if (url.protocol === "dns") {
      return withPort(url, await listenDns(hub, each, { parts, zones: dns?.zones ?? [] })).url;
    }
    const site = web &&
      await openSite(hub, { name: url.url, port: url.port, web, log, policy, origins });
    const listening = url.carrier === "udp"
      ? hub.listen(
        parts.udp({ ...url, ...groups && { groups } }),
        parts.coap(limits, coap),
        options,
      )
      : hub.listen(
        await transportOf(each, around),
        parts.streams[url.protocol](limits, {
          mqtt: { ...mqtt, ...authMethods && { authMethods } },
          origins,
          webSocketCompression,
          site,
          ...trustedProxies && { trusts: trusts(trustedProxies) },
        }),
        options,
      );
    const { port } = await listening.ready;
    return withPort(url, port).url;
  } catch (error) {
    throw new ListenError(url.url, error);
  }
}
