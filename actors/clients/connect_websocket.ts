import { encodeBase64 } from "@std/encoding/base64";
import type { OpenSession } from "../../protocols/session.ts";
import { wishesOf } from "../../protocols/websocket/accept.ts";
import { Deflation } from "../../protocols/websocket/frames/deflation.ts";
import {
  type CompressionOptions,
  offerOf,
  readAnswer,
} from "../../protocols/websocket/frames/extensions.ts";
import { defaults, type WebSocketLimits } from "../../protocols/websocket/limits.ts";
import { WebSocketSession } from "../../protocols/websocket/session.ts";
import { SocketMode } from "../../protocols/websocket/socket_mode.ts";
import { PrefixedStream } from "../../transports/prefixed_stream.ts";
import { dialTls } from "../../transports/tls/dial_tls.ts";
import type { ByteStream } from "../../transports/transport.ts";
import type { BridgeTls } from "../bridge/bridge_options.ts";
import { connection } from "../connections/connection.ts";
import { connectionDefaults } from "../connections/connection_options.ts";
import { MessageSocket } from "../handlers/message_socket.ts";
import { startSocket } from "../handlers/socket_handler.ts";
import { connect } from "./dial.ts";
import { home } from "./home.ts";
import { shakeHands } from "./websocket_handshake.ts";

/**
 * How a WebSocket is opened, and what its messages may be.
 *
 * @example With a name and a password
 * ```ts
 * import { connectWebSocket, type ConnectWebSocketOptions, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.websocket("/", (socket) => socket.send(socket.request.headers.get("authorization")!));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const options: ConnectWebSocketOptions = { username: "kim", password: "secret" };
 * const socket = connectWebSocket(`ws://127.0.0.1:${port}/`, options);
 * const heard = await new Promise((heard) => socket.onmessage = ({ data }) => heard(data));
 * assert.equal(heard, `Basic ${btoa("kim:secret")}`);
 * socket.close();
 * ```
 */
export interface ConnectWebSocketOptions {
  /** Subprotocols that we offer, the favourite first. */
  protocols?: readonly string[];
  /** Header fields beside those that open a WebSocket. */
  headers?: HeadersInit;
  /** Who we are, sent by Basic (RFC 7617); default: what stands before `@` in the URL. */
  username?: string;
  /** The password of that name. */
  password?: string;
  /** Whom to trust and who we are, for `wss:`. */
  tls?: BridgeTls;
  /** How messages are compressed if the server agrees; default: with 4 KiB windows. */
  compression?: CompressionOptions | boolean;
  /** Limits that differ from their defaults. */
  limits?: Partial<WebSocketLimits>;
  /**
   * True for `fragment` events with the pieces of messages as they arrive, in place of `message`.
   */
  fragments?: boolean;
  /** Milliseconds until it must be open; default 10,000. */
  timeoutMs?: number;
}

/** As long as a client may take to open one of ours. */
const TIMEOUT_MS = 10_000;

let count = 0;

/**
 * Opens a WebSocket as a client. It has the methods and events of those that `Gateway.websocket`
 * gives; the first event is `open`, or `error` and then `close` when it cannot be opened.
 *
 * @throws {TypeError} When the URL is not `ws:` or `wss:`, or has a fragment.
 * @example Asking and being answered
 * ```ts
 * import { connectWebSocket, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.websocket("/echo", (socket) => {
 *   socket.onmessage = ({ data }) => socket.send(data);
 * });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const socket = connectWebSocket(`ws://127.0.0.1:${port}/echo`);
 * socket.onopen = () => socket.send("hello");
 * assert.equal(await new Promise((heard) => socket.onmessage = ({ data }) => heard(data)), "hello");
 * socket.close();
 * ```
 */
export function connectWebSocket(
  url: string | URL,
  options: ConnectWebSocketOptions = {},
): MessageSocket {
  const target = targetOf(url);
  const headers = new Headers(options.headers);
  const username = options.username ?? decodeURIComponent(target.username);
  if (username !== "") {
    const password = options.password ?? decodeURIComponent(target.password);
    headers.set("authorization", `Basic ${encodeBase64(`${username}:${password}`)}`);
  }
  target.username = target.password = "";
  const giveUp = new AbortController();
  const { supervisor } = home();
  const name = `${target.host} ${++count}`;
  const opening = { target, headers, options, signal: giveUp.signal };
  const socket: MessageSocket = new MessageSocket({
    url: target.href,
    wantsPieces: options.fragments ?? false,
    info: {
      remoteAddr: { transport: "tcp", hostname: target.hostname, port: portOf(target) },
      identity: {
        user: undefined,
        groups: [],
        clientId: undefined,
        certificate: undefined,
        address: target.host,
        listener: "",
      },
      params: {},
    },
    request: () => new Request(target.href.replace(/^ws/, "http"), { headers }),
    start: (socket) => startSocket(socket, name, () => {}, supervisor),
    cancel: () => giveUp.abort(new Error("Cannot open a WebSocket: it was closed before")),
  });
  open(socket, name, opening).catch((error) => socket.failed(error));
  return socket;
}

interface Opening {
  target: URL;
  headers: Headers;
  options: ConnectWebSocketOptions;
  signal: AbortSignal;
}

/** What client and server have agreed on. */
interface Agreement {
  subprotocol: string;
  deflation: Deflation | undefined;
  /** What the server sent behind its answer. */
  rest: Uint8Array<ArrayBuffer>;
}

async function open(socket: MessageSocket, name: string, opening: Opening): Promise<void> {
  const { target, options, signal } = opening, { tls, timeoutMs = TIMEOUT_MS } = options;
  const hostname = target.hostname.replace(/^\[|\]$/g, "");
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new Error(`Cannot open a WebSocket within ${timeoutMs} ms`)),
    timeoutMs,
  );
  const either = AbortSignal.any([signal, late.signal]);
  let stream: ByteStream | undefined;
  const hangUp = () => stream?.close();
  either.addEventListener("abort", hangUp);
  try {
    stream = await connect({ hostname, port: portOf(target), signal: either });
    if (target.protocol === "wss:") stream = await dialTls(stream, { ...tls, host: hostname });
    const { subprotocol, deflation, rest } = await agree(stream, opening);
    either.throwIfAborted();
    const limits = { ...defaults, ...options.limits };
    socket.agreed(subprotocol);
    run(
      new PrefixedStream(stream, rest),
      name,
      (wire, hub, now) =>
        new WebSocketSession(wire, hub, {
          open: (link, now) =>
            new SocketMode(link, socket, { limits, now, label: target.pathname }),
          role: "client",
          limits,
          deflation,
          now,
        }),
    );
  } catch (error) {
    throw either.aborted ? either.reason : error;
  } finally {
    clearTimeout(timer);
    either.removeEventListener("abort", hangUp);
  }
}

/** Shakes hands with the server; closes `stream` when that fails. */
async function agree(
  stream: ByteStream,
  { target, headers, options: { protocols = [], compression } }: Opening,
): Promise<Agreement> {
  const wishes = wishesOf(compression);
  const { answer, rest } = await shakeHands(stream, {
    host: target.host,
    path: target.pathname + target.search,
    subprotocol: protocols.length > 0 ? protocols.join(", ") : undefined,
    extensions: wishes && offerOf(wishes),
    fields: headers,
  });
  const agreed = answer.extensions === undefined || wishes === undefined
    ? undefined
    : readAnswer(answer.extensions, wishes);
  if (typeof agreed === "string") {
    stream.close();
    throw new Error(`Cannot open a WebSocket: ${agreed}`);
  }
  const deflation = agreed && new Deflation(agreed, wishes!);
  return { subprotocol: answer.subprotocol ?? "", deflation, rest };
}

function run(stream: ByteStream, name: string, open: OpenSession): void {
  const { space, supervisor, log } = home();
  const limits = connectionDefaults;
  const behaviour = connection(stream, { open, listener: "", space, log, limits });
  const ref = supervisor.spawn(`${name} connection`, behaviour, { kind: "connection" });
  // Output is flushed at the end of a turn: this is one, for what was sent while it was opened.
  ref.tell(() => {});
}

function targetOf(url: string | URL): URL {
  const target = new URL(url);
  if (!/^wss?:$/.test(target.protocol)) {
    throw new TypeError(`Cannot open a WebSocket at "${target.href}": give ws: or wss:`);
  }
  if (target.hash !== "") {
    throw new TypeError(
      `Cannot open a WebSocket at "${target.href}": leave out the fragment, from # on`,
    );
  }
  return target;
}

function portOf({ port, protocol }: URL): number {
  return port === "" ? protocol === "wss:" ? 443 : 80 : Number(port);
}
