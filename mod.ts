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
import { Log } from "./actors/log.ts";
import { Handlers } from "./protocols/http/handlers.ts";
import { coap } from "./protocols/coap/session.ts";
import { http as openHttp, type HttpOptions } from "./protocols/http/session.ts";
import type { CommonLimits } from "./protocols/limits.ts";
import type { MqttOptions } from "./protocols/mqtt/options.ts";
import { scramCredentials, scramSha256 } from "./protocols/mqtt/scram.ts";
import { mqtt } from "./protocols/mqtt/session.ts";
import { Publication } from "./protocols/publication.ts";
import { type OpenSession, ProtocolError } from "./protocols/session.ts";
import { looksLikeHttp, looksLikeMqtt, sniff } from "./protocols/sniff.ts";
import { websocket } from "./protocols/websocket/upgrade.ts";
import { eitherTls } from "./transports/either.ts";
import { memoryPair, MemoryTransport } from "./transports/memory.ts";
import { tcp } from "./transports/tcp.ts";
import { tls } from "./transports/tls.ts";
import { udp } from "./transports/udp.ts";
import { unix } from "./transports/unix.ts";

export { coap, eitherTls, mqtt, tcp, tls, udp, unix, websocket };
export { Gateway, Log, memoryPair, MemoryTransport, ProtocolError, Publication };
export { scramCredentials, scramSha256 };

export type { Actor, Behaviour, Exit, Ref, Self } from "./actors/actor.ts";
export type { GatewayLimits, GatewayOptions } from "./actors/gateway.ts";
export type { Listening, ListenLimits, ListenOptions } from "./actors/listeners.ts";
export type { Clock } from "./actors/clock.ts";
export type { Handler, HandlerInfo, RemoteAddress } from "./actors/fetch_handler.ts";
export type { Level, levels } from "./actors/log.ts";
export type { Mailbox } from "./actors/mailbox.ts";
export type { RetainedLimits } from "./actors/retained.ts";
export type { RetainedTree } from "./actors/retained_tree.ts";
export type { Levels, MessageHandler } from "./actors/subscriber.ts";
export type { SpawnOptions } from "./actors/supervisor.ts";
export type { TreeNode } from "./actors/tree.ts";
export type { CoapLimits } from "./protocols/coap/limits.ts";
export type { Fields, RequestHead, ResponseHead, Upgrade } from "./protocols/http/message.ts";
export type { HttpOptions } from "./protocols/http/session.ts";
export type { AuthExchange, AuthMethod, AuthStep } from "./protocols/mqtt/authentication.ts";
export type { MqttLimits, QueuePolicy, SharedStrategy } from "./protocols/mqtt/limits.ts";
export type { MqttOptions, ServerReference } from "./protocols/mqtt/options.ts";
export type { ScramCredentials, ScramStore } from "./protocols/mqtt/scram.ts";
export type {
  Delivery,
  Encoder,
  MessageProperties,
  PublicationOptions,
  Qos,
} from "./protocols/publication.ts";
export type {
  DatagramSession,
  DatagramWire,
  Gate,
  Hub,
  Inbox,
  OpenDatagramSession,
  OpenSession,
  Outcome,
  Peer,
  Publisher,
  Receiver,
  Session,
  Subscription,
  Wire,
} from "./protocols/session.ts";
export type { WebSocketOptions } from "./protocols/websocket/upgrade.ts";
export type { MemoryOptions } from "./transports/memory.ts";
export type { SecureOptions } from "./transports/secure.ts";
export type { TcpOptions } from "./transports/tcp.ts";
export type { TlsOptions } from "./transports/tls.ts";
export type {
  Address,
  ByteStream,
  DatagramPort,
  DatagramTransport,
  Listener,
  Transport,
} from "./transports/transport.ts";
export type { UdpOptions } from "./transports/udp.ts";
export type { UnixOptions } from "./transports/unix.ts";
export type { AdmissionLimits } from "./actors/admission.ts";
export type { ConnectionLimits } from "./actors/connection_options.ts";
export type { EndpointLimits } from "./actors/endpoint.ts";
export type { HttpLimits } from "./protocols/http/limits.ts";
export type { WebSocketLimits } from "./protocols/websocket/limits.ts";

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
    mqtt: (set: CommonLimits, options: Partial<MqttOptions>) =>
      mqtt({ ...limitsOf(set).mqtt, ...options }),
    http(set: CommonLimits, options: Partial<MqttOptions>): OpenSession {
      const { http: limits, websocket: socket } = limitsOf(set);
      return openHttp({
        limits,
        upgrade: websocket({ limits: socket, mqtt: streams.mqtt(set, options) }),
      });
    },
    any: (set: CommonLimits, options: Partial<MqttOptions>) =>
      any({ mqtt: streams.mqtt(set, options), http: streams.http(set, options) }),
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
