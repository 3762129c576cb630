/**
 * Meerkat: a gateway for HTTP, WebSocket, MQTT and CoAP. Clients of all four share one topic space:
 * what one publishes, the others receive in their own protocol. Every listener and connection is a
 * supervised actor, so that a crash ends one connection and nothing else.
 *
 * `gateway()` makes a gateway. `Gateway.listen` opens it to the network, with a transport such as
 * `tcp()` and a protocol such as `mqtt()`.
 *
 * @example Listeners, a rule and a page
 * ```ts
 * import { coap, gateway, http, mqtt, tcp, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.listen(tcp({ port: 0 }), mqtt());
 * hub.listen(udp({ port: 0 }), coap());
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 *
 * hub.subscribe("sensors/+room/temperature", (message, { room }) => {
 *   if (Number(message.text()) > 30) hub.publish(`alerts/${room}`, "too hot");
 * });
 * hub.handle("/hello", () => new Response("hello"));
 *
 * const alert = new Promise<string>((resolve) => {
 *   hub.subscribe("alerts/#room", (message, { room }) => resolve(`${room}: ${message.text()}`));
 * });
 * const url = `http://127.0.0.1:${port}/topics/sensors/attic/temperature`;
 * await fetch(url, { method: "POST", body: "31.5" });
 * assert.equal(await alert, "attic: too hot");
 * ```
 *
 * @module
 */
import { openUpstream } from "./actors/clients/upstream.ts";
import type { StreamSettings } from "./actors/command/main.ts";
import { forward } from "./actors/dns/forward.ts";
import { ResolveError, Resolver, resolver } from "./actors/dns/resolver.ts";
import { Gateway } from "./actors/gateway/gateway.ts";
import type { GatewayOptions } from "./actors/gateway/gateway_options.ts";
import { presence } from "./actors/presence/mod.ts";
import { sqliteStore } from "./actors/store/sqlite_store.ts";
import { Resources } from "./protocols/coap/paths/resources.ts";
import { coap } from "./protocols/coap/session.ts";
import { looksLikeCoap } from "./protocols/coap/stream/codec.ts";
import { coapStream } from "./protocols/coap/stream/server.ts";
import { dns } from "./protocols/dns/session.ts";
import { Handlers } from "./protocols/http/handlers.ts";
import type { HttpOptions } from "./protocols/http/options.ts";
import { http as openHttp } from "./protocols/http/session.ts";
import type { CommonLimits } from "./protocols/limits.ts";
import { mqtt } from "./protocols/mqtt/session.ts";
import type { OpenSession } from "./protocols/session.ts";
import { looksLikeHttp, looksLikeMqtt, sniff } from "./protocols/sniff.ts";
import { websocket } from "./protocols/websocket/upgrade.ts";
import { behindProxy } from "./transports/behind_proxy.ts";
import { eitherTls } from "./transports/either.ts";
import { tcp } from "./transports/tcp.ts";
import { tls } from "./transports/tls/tls.ts";
import { udp } from "./transports/udp.ts";
import { unix } from "./transports/unix.ts";

// The gateway: `gateway()` below makes one.
export type { Gateway, GatewayOptions };
export type { GatewayLimits } from "./actors/gateway/gateway_options.ts";
export type { Listening, ListenLimits, ListenOptions } from "./actors/connections/listeners.ts";
export type { AdmissionLimits } from "./actors/connections/admission.ts";
export type { ConnectionLimits } from "./actors/connections/connection_options.ts";
export type { EndpointLimits } from "./actors/connections/endpoint.ts";
export type { RetainedLimits } from "./actors/space/retained.ts";
export type { RetainedTree } from "./actors/space/retained_tree.ts";

// What survives a restart.
export { sqliteStore };
export { StoreError } from "./actors/store/store_error.ts";
export type { Durability, StoreOptions, StoreSource } from "./actors/store/sqlite_store.ts";
export type { HistoryRule } from "./actors/store/history.ts";

// Protocols that a listener may speak; `http()` and `any()` are below.
export { coap, coapStream, mqtt, websocket };
export type { HttpOptions };

// Names: what answers for them, and what asks.
export { dns, forward, ResolveError, Resolver, resolver };
export * from "./actors/dns/mod.ts";

// Who clients are, and what they may do.
export * from "./actors/identity/mod.ts";

// Who is there.
export { presence };
export type { PresenceOptions, PresenceSource, RegistrationLimits } from "./actors/presence/mod.ts";

// CoAP as the client.
export { CoapClient, coapClient } from "./actors/clients/coap_client.ts";
export type { CoapClientOptions } from "./actors/clients/coap_client.ts";
export type { CoapRequestInit } from "./actors/clients/coap_request.ts";
export { CoapAnswer } from "./actors/clients/coap_answer.ts";

// Transports that a listener may use.
export { behindProxy, eitherTls, tcp, tls, udp, unix };

// Messages, clients, protocols and transports, by their shapes; their limits and options.
export * from "./protocols/mod.ts";
export * from "./transports/mod.ts";

// Those who handle messages.
export type { Levels, MessageHandler } from "./actors/gateway/subscriber.ts";
export type { Bridge } from "./actors/bridge/bridges.ts";
export type {
  BridgeLimits,
  BridgeOptions,
  BridgeRoute,
  BridgeTls,
} from "./actors/bridge/bridge_options.ts";

// What an application decides about clients.
export type { HookLimits } from "./actors/hooks/hook_chain.ts";
export type { Hooks, Later, Login, Subscribed } from "./actors/hooks/hooks.ts";

// Requests and WebSockets, and those who answer them.
export * from "./actors/web/mod.ts";

// Requests of CoAP in its own terms.
export type {
  CoapHandler,
  CoapMethods,
  CoapOptions,
  CoapResource,
} from "./actors/handlers/coap_handler.ts";

// Actors of your own.
export type { Actor, Behaviour, Exit, Ref, Self, Unread } from "./actors/actor.ts";
export type { SpawnOptions } from "./actors/supervisor.ts";
export type { TreeNode } from "./actors/tree.ts";

// What an operator gets, and what a test sets.
export { Log } from "./actors/log.ts";
export type { LogFormat, LogLevel, LogOptions } from "./actors/log.ts";
export type { Clock } from "./actors/clock.ts";

/**
 * Makes a gateway: one topic space, without a listener yet. It runs until `Gateway.stop`, or to the
 * end of the block that says `await using`.
 *
 * @throws {StoreError} When the file of `options.store` cannot be used.
 * @example A gateway as long as a block
 * ```ts
 * import { any, coap, gateway, tcp, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const hub = gateway({ limits: { maxConnections: 1_000 } });
 * {
 *   await using _stopped = hub;
 *   hub.listen(tcp({ port: 0 }), any());
 *   await hub.listen(udp({ port: 0 }), coap()).ready;
 *   assert.equal(hub.publish("a", "nobody hears this"), "unmatched");
 * }
 * assert.equal(hub.publish("a", "too late"), "closing");
 * ```
 */
export function gateway(options: GatewayOptions = {}): Gateway {
  return new Gateway({ handlers: Handlers, resources: Resources }, options, openUpstream);
}

/**
 * The protocol HTTP for `Gateway.listen`: HTTP/1.1 and HTTP/1.0 (RFC 9110, RFC 9112), with
 * WebSocket as an upgrade, and MQTT and CoAP inside WebSockets. Requests are answered by the
 * handlers of `Gateway.handle`, by `/topics/` and by `/.well-known/core`.
 *
 * @example The state of a topic, set and read
 * ```ts
 * import { gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/topics/attic/temperature`;
 * assert.equal((await fetch(url, { method: "PUT", body: "21.5" })).status, 201);
 * assert.equal(await (await fetch(url)).text(), "21.5");
 * ```
 */
export function http(options: HttpOptions = {}): OpenSession {
  const { origins } = options;
  return openHttp({
    upgrade: websocket({ mqtt: mqtt(), coap: coapStream(), origins }),
    ...options,
  });
}

/**
 * All protocols on one port, for `Gateway.listen`: MQTT, HTTP with WebSocket, or CoAP, whichever
 * the first bytes of a client show. A client that sends nothing within 10 seconds is disconnected.
 * Protocols that are given take the place of those with default limits.
 *
 * @example One port for the web and for sensors
 * ```ts
 * import { any, gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const protocol = any({ mqtt: mqtt({ maxPacketBytes: 64 << 10 }) });
 * const { port } = await hub.listen(tcp({ port: 0 }), protocol).ready;
 * assert.match(await (await fetch(`http://127.0.0.1:${port}/`)).text(), /^Meerkat/);
 * ```
 */
export function any(
  protocols: { mqtt?: OpenSession; http?: OpenSession; coap?: OpenSession } = {},
): OpenSession {
  return sniff([
    { name: "CoAP", recognises: looksLikeCoap, open: protocols.coap ?? coapStream() },
    { name: "MQTT", recognises: looksLikeMqtt, open: protocols.mqtt ?? mqtt() },
    { name: "HTTP", recognises: looksLikeHttp, open: protocols.http ?? http() },
  ]);
}

if (import.meta.main) {
  const { main } = await import("./actors/command/main.ts");
  const { useResolver } = await import("./actors/clients/names.ts");
  const { RecordLines } = await import("./actors/dns/record_lines.ts");
  const { connectClient } = await import("./actors/clients/command_client.ts");
  const { ask, follow } = await import("./actors/clients/ask.ts");
  const { limitsOf, usualLimits } = await import("./protocols/limits.ts");
  const { default: { version } } = await import("./deno.json", { with: { type: "json" } });
  const streams = {
    mqtt: (set: CommonLimits, options: StreamSettings) =>
      mqtt({ ...limitsOf(set).mqtt, ...options.mqtt }),
    http(set: CommonLimits, options: StreamSettings): OpenSession {
      const { http: limits, websocket: socket } = limitsOf(set), { origins } = options;
      const compression = options.webSocketCompression;
      const inside = { mqtt: streams.mqtt(set, options), coap: streams.coap(set) };
      const upgrade = websocket({ limits: socket, ...inside, origins, compression });
      return openHttp({ limits, origins, upgrade, trusts: options.trusts }, options.site);
    },
    coap: (set: CommonLimits) => coapStream(limitsOf(set).coap),
    any: (set: CommonLimits, options: StreamSettings) =>
      any({
        mqtt: streams.mqtt(set, options),
        http: streams.http(set, options),
        coap: streams.coap(set),
      }),
  };
  const code = await main({
    version,
    limits: usualLimits,
    gateway,
    tcp,
    tls,
    eitherTls,
    behindProxy,
    unix,
    udp,
    streams,
    coap: (set, options) => coap({ ...limitsOf(set).coap, ...options }),
    presence,
    store: (file, options, set) => sqliteStore(file, { ...options, mqtt: limitsOf(set).mqtt }),
    connect: connectClient,
    ask,
    follow,
    names: (options) => new RecordLines(options),
    dns: (zones) => dns({ zones }),
    forward: (servers) => forward(resolver({ servers })),
    nameServers: (servers) => useResolver(resolver({ servers })),
  });
  Deno.exit(code);
}
