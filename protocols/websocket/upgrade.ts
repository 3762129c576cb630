import { withLength, withoutLength } from "../coap/stream/codec.ts";
import { OPTION_BYTES } from "../coap/stream/session.ts";
import { builtInLength, Handlers } from "../http/handlers.ts";
import type { RequestHead, Upgrade } from "../http/messages/message.ts";
import { faultOfOrigin } from "../http/origin.ts";
import type { Qos } from "../publication.ts";
import type { OpenSession, Wire } from "../session.ts";
import { pathToTopic } from "../topic.ts";
import { acceptKnown, acceptSocket, type Asking, login } from "./accept.ts";
import { FramedWire } from "./framed_wire.ts";
import type { CompressionOptions } from "./frames/extensions.ts";
import {
  asksForWebSocket,
  checkHandshake,
  chooseSubprotocol,
  type Refusal,
  refusal,
} from "./handshake.ts";
import { defaults, type WebSocketLimits } from "./limits.ts";
import { type Framing, MessageWire } from "./message_wire.ts";
import type { OpenMode } from "./mode.ts";
import { isForRoute, openRoute } from "./route.ts";
import { frameEncoders } from "./topics/frames.ts";
import { JsonMode } from "./topics/json.ts";
import { faultOfName } from "./topics/operation.ts";
import { RawMode } from "./topics/raw.ts";

/**
 * How WebSockets are accepted.
 *
 * @example For the pages of one web site
 * ```ts
 * import { gateway, http, mqtt, tcp, websocket, type WebSocketOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: WebSocketOptions = { origins: ["https://app.example"], mqtt: mqtt() };
 * await using hub = gateway();
 * const protocol = http({ upgrade: websocket(options) });
 * const { port } = await hub.listen(tcp({ port: 0 }), protocol).ready;
 * const headers = { origin: "https://app.example" };
 * const socket = new WebSocket(`ws://127.0.0.1:${port}/topics/chat`, { headers });
 * await new Promise((resolve) => socket.onopen = resolve);
 * assert.equal(socket.readyState, WebSocket.OPEN);
 * socket.close();
 * ```
 */
export interface WebSocketOptions {
  /** Limits other than the defaults. */
  limits?: Partial<WebSocketLimits>;
  /**
   * Origins of web pages that may connect, besides those of this host and of the loopback, such as
   * `https://app.example`; `*` for all (RFC 6455 §10.2, RFC 6454 §6.2). Default: none.
   */
  origins?: readonly string[] | undefined;
  /** Opens the session inside a WebSocket of the subprotocol `mqtt`; without it there are none. */
  mqtt?: OpenSession;
  /** The same for the subprotocol `coap` at `/.well-known/coap` (RFC 8323 §4). */
  coap?: OpenSession;
  /**
   * How messages are compressed where the client offers it (RFC 7692); false: they are not.
   * Default: with 4 KiB windows. MQTT and CoAP inside are never compressed.
   */
  compression?: CompressionOptions | boolean | undefined;
}

const TOPICS = "/topics/";

/** The path of WebSockets that carry CoAP (RFC 8323 §8.3). */
const COAP_PATH = "/.well-known/coap";

/**
 * Accepts WebSockets as an upgrade of HTTP (RFC 6455 §4.2): topics as plain messages, and the
 * subprotocols `json` and, where they are given, `mqtt` and `coap`.
 *
 * @example Every message of a topic
 * ```ts
 * import { gateway, http, tcp, websocket } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), http({ upgrade: websocket() })).ready;
 * const socket = new WebSocket(`ws://127.0.0.1:${port}/topics/chat`);
 * const heard = new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
 * socket.onopen = () => hub.publish("chat", "hello");
 * assert.equal(await heard, "hello");
 * socket.close();
 * ```
 */
export function websocket(options: WebSocketOptions = {}): Upgrade {
  const limits = { ...defaults, ...options.limits };
  const { origins = [], mqtt, coap, compression } = options;
  // Clients from before MQTT 3.1.1 ask for `mqttv3.1`.
  const known = ["json", ...mqtt ? ["mqtt", "mqttv3.1"] : [], ...coap ? ["coap"] : []];
  return (request, wire, hub, now) => {
    if (!asksForWebSocket(request)) return undefined;
    const offered = request.fields.get("sec-websocket-protocol");
    const found = hub.shared(Handlers).sockets.find(request, builtInLength(request.path));
    const route = found !== undefined && isForRoute(found.value, offered, known)
      ? found
      : undefined;
    const fault = checkHandshake(request) ??
      checkOrigin(request, wire, route?.value.origins ?? origins);
    if (fault !== undefined) return fault;
    const asking: Asking = { request, wire, hub };
    if (route !== undefined) return openRoute(asking, route, { limits, compression }, now);
    const subprotocol = chooseSubprotocol(offered, known);
    // MQTT clients log in with CONNECT, and CoAP clients with each request.
    if (subprotocol?.startsWith("mqtt")) {
      return acceptSocket(asking, { subprotocol, limits, open: openMqtt(mqtt!) }, now);
    }
    if (subprotocol === "coap") {
      if (request.path !== COAP_PATH) return refusal(404, `CoAP is spoken at ${COAP_PATH} only`);
      return acceptSocket(asking, { subprotocol, limits, open: openCoap(coap!, limits) }, now);
    }
    const topics = openTopics(request, subprotocol, limits);
    if ("status" in topics) return topics;
    const accepting = { subprotocol, limits, compression, open: topics.open };
    const { guard } = hub;
    if (guard === undefined) return acceptSocket(asking, accepting, now);
    return {
      ask: (decided) => login(asking, guard, topics, decided),
      open: (now) => acceptKnown(asking, guard, accepting, now),
    };
  };
}

/** A WebSocket on topics: what its path names, and its mode. */
interface TopicsWish {
  readonly filter: string | undefined;
  readonly qos: Qos;
  readonly open: OpenMode;
}

function checkOrigin(
  { fields }: RequestHead,
  { peer: { address } }: Wire,
  allowed: readonly string[],
): Refusal | undefined {
  const fault = faultOfOrigin(fields, { address, allowed });
  return fault === undefined ? undefined : refusal(403, fault);
}

function openMqtt(mqtt: OpenSession): OpenMode {
  return (link, now) => new FramedWire(link, mqtt, now);
}

function openCoap(open: OpenSession, { maxMessageBytes }: WebSocketLimits): OpenMode {
  const framing: Framing = {
    maxMessageBytes: maxMessageBytes + OPTION_BYTES,
    toSocket: withoutLength,
    toStream: withLength,
  };
  return (link, now) => new MessageWire(link, open, framing, now);
}

function openTopics(
  { path, query }: RequestHead,
  subprotocol: string | undefined,
  limits: WebSocketLimits,
): TopicsWish | Refusal {
  const named = path.startsWith(TOPICS) && (subprotocol === undefined || path !== TOPICS);
  if (!named && subprotocol === undefined) {
    return refusal(404, `No WebSocket is at this path: topics are below ${TOPICS}`);
  }
  const filter = named ? pathToTopic(path.slice(TOPICS.length)) : undefined;
  if (named) {
    const fault = filter === undefined
      ? "Cannot read the path: its percent-encoding is broken"
      : faultOfName(filter, "filter", limits.maxTopicLevels);
    if (fault !== undefined) return refusal(400, fault);
  }
  const parameters = new URLSearchParams(query);
  const qos = Number(parameters.get("qos") ?? 0);
  if (qos !== 0 && qos !== 1 && qos !== 2) {
    return refusal(400, "Cannot use the parameter qos: 0, 1 or 2 is required");
  }
  if (subprotocol !== undefined) {
    return { filter, qos, open: (link) => new JsonMode(link, { filter, qos, limits }) };
  }
  const frames = parameters.get("frames") ?? "auto";
  if (!Object.hasOwn(frameEncoders, frames)) {
    return refusal(400, "Cannot use the parameter frames: auto, text or binary is required");
  }
  const encoder = frameEncoders[frames]!;
  return {
    filter,
    qos,
    open: (link) => new RawMode(link, { filter: filter!, qos, encoder, limits }),
  };
}
