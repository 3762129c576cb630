/**
 * Meerkat: a gateway for HTTP, WebSocket, MQTT and CoAP. Every listener and connection is a
 * supervised actor, and clients of all four share one topic space.
 *
 * ```ts
 * import { gateway, http, mqtt, tcp } from "./mod.ts";
 *
 * await using hub = gateway();
 * hub.listen(tcp({ port: 0 }), mqtt());
 * hub.listen(tcp({ port: 0 }), http());
 * hub.subscribe("sensors/+room/temperature", (message, { room }) => {
 *   if (Number(message.text()) > 30) hub.publish(`alerts/${room}`, "too hot");
 * });
 * hub.handle("/hello", () => new Response("hello"));
 * ```
 *
 * @module
 */
import { Gateway, type GatewayOptions } from "./actors/gateway.ts";
import { Handlers } from "./protocols/http/handlers.ts";
import { coap } from "./protocols/coap/session.ts";
import { http as openHttp, type HttpOptions } from "./protocols/http/session.ts";
import type { CommonLimits } from "./protocols/limits.ts";
import { mqtt } from "./protocols/mqtt/session.ts";
import type { OpenSession } from "./protocols/session.ts";
import { looksLikeHttp, looksLikeMqtt, sniff } from "./protocols/sniff.ts";
import { websocket } from "./protocols/websocket/upgrade.ts";
import { eitherTls } from "./transports/either.ts";
import { tcp } from "./transports/tcp.ts";
import { tls } from "./transports/tls.ts";
import { udp } from "./transports/udp.ts";
import { unix } from "./transports/unix.ts";

export { coap, eitherTls, mqtt, tcp, tls, udp, unix, websocket };
export { memoryPair, MemoryTransport } from "./transports/memory.ts";
export { Log } from "./actors/log.ts";
export { Delivery, Publication } from "./protocols/publication.ts";
export { ProtocolError } from "./protocols/session.ts";

/** Makes a gateway, with no listener yet. */
export function gateway(options: GatewayOptions = {}): Gateway {
  return new Gateway(Handlers, options);
}

/** HTTP, with WebSocket as an upgrade and MQTT inside WebSockets. */
export function http(options: HttpOptions = {}): OpenSession {
  return openHttp({ upgrade: websocket({ mqtt: mqtt() }), ...options });
}

/** MQTT, HTTP or WebSocket, whichever the client's first bytes show. */
export function any(protocols: { mqtt?: OpenSession; http?: OpenSession } = {}): OpenSession {
  return sniff([
    { name: "MQTT", recognises: looksLikeMqtt, open: protocols.mqtt ?? mqtt() },
    { name: "HTTP", recognises: looksLikeHttp, open: protocols.http ?? http() },
  ]);
}

if (import.meta.main) {
  const { main } = await import("./actors/command/main.ts");
  const { limitsOf, usualLimits } = await import("./protocols/limits.ts");
  const { default: { version } } = await import("./deno.json", { with: { type: "json" } });
  const streams = {
    mqtt: (set: CommonLimits) => mqtt(limitsOf(set).mqtt),
    http(set: CommonLimits): OpenSession {
      const { http: limits, websocket: socket } = limitsOf(set);
      return openHttp({
        limits,
        upgrade: websocket({ limits: socket, mqtt: streams.mqtt(set) }),
      });
    },
    any: (set: CommonLimits) => any({ mqtt: streams.mqtt(set), http: streams.http(set) }),
  };
  const code = await main({
    version,
    limits: usualLimits,
    gateway,
    tcp,
    tls,
    eitherTls,
    unix,
    udp,
    streams,
    coap: (set) => coap(limitsOf(set).coap),
  });
  Deno.exit(code);
}
