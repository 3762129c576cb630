import { forwardedFields, mappedPath, passedOn } from "../../../protocols/web/forwarding.ts";
import { connectWebSocket } from "../../clients/connect_websocket.ts";
import type { MessageSocket } from "../../handlers/message_socket.ts";
import type { SocketHandler } from "../../handlers/socket_handler.ts";
import { type ProxyOptions, upstreamsOf } from "./proxy.ts";
import type { Upstreams } from "./upstreams.ts";

/** 256 KiB: when more bytes than this wait for one side, the other is not read. */
const WAITING_BYTES = 256 * 1024;

/** Fields by which a WebSocket is opened, which belong to each connection. */
const OPENING = /^(?:origin|cookie2|sec-websocket-.*)$/;

/**
 * Makes a handler for `Gateway.websocket` that connects each WebSocket with another server, the one
 * with the fewest under way, and passes messages on both ways. Neither side is read faster than the
 * other takes it. The WebSocket is closed with 1014 when the server cannot be reached, and with
 * 1013 when all servers have failed their health checks.
 *
 * @throws {TypeError} When a server is not an `http:` or `https:` URL.
 * @example Chats of another server
 * ```ts
 * import { gateway, http, proxySocket, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using behind = gateway();
 * behind.websocket("/upper", (socket) => {
 *   socket.onmessage = ({ data }) => socket.send(String(data).toUpperCase());
 * });
 * const far = await behind.listen(tcp({ port: 0 }), http()).ready;
 *
 * await using hub = gateway();
 * const to = [`http://127.0.0.1:${far.port}`];
 * hub.websocket("/chat/*", proxySocket({ path: "/chat", to }));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const client = new WebSocket(`ws://127.0.0.1:${port}/chat/upper`);
 * client.onopen = () => client.send("hi");
 * assert.equal(await new Promise((heard) => client.onmessage = ({ data }) => heard(data)), "HI");
 * client.close();
 * ```
 */
export function proxySocket(options: Omit<ProxyOptions, "idleTimeoutMs">): SocketHandler {
  return socketsTo(upstreamsOf(options), options);
}

/** The same as `proxySocket`, for servers that others ask, too. */
export function socketsTo(
  upstreams: Upstreams,
  options: Omit<ProxyOptions, "idleTimeoutMs">,
): SocketHandler {
  const mount = (options.path ?? "/").replace(/\/$/, "");
  return (socket) => {
    const server = upstreams.next(Date.now());
    if (server === undefined) return socket.close(1013, "No server behind is well");
    const { pathname, search } = new URL(socket.request.url);
    // Set part by part: in a text, two slashes at the beginning of a path would name another host.
    const url = new URL(server.url);
    url.pathname = mappedPath(pathname, mount, server.url.pathname);
    url.search = search;
    url.protocol = server.url.protocol === "https:" ? "wss:" : "ws:";
    const far = connectWebSocket(url.href, {
      protocols: socket.protocol === "" ? [] : [socket.protocol],
      headers: headersOf(socket, options.trustForwarded ?? false),
      timeoutMs: options.connectTimeoutMs,
    });
    server.active++;
    let isOpen = false;
    // Until the server is reached the client must keep what it wants to say.
    socket.pause();
    far.onopen = () => {
      isOpen = true;
      upstreams.answered(server);
      socket.resume();
    };
    join(socket, far);
    join(far, socket);
    far.addEventListener("close", ({ code, reason }) => {
      server.active--;
      if (isOpen) return close(socket, code, reason);
      upstreams.failed(server, Date.now());
      socket.close(1014, "Cannot reach the server behind");
    });
    socket.addEventListener("close", ({ code, reason }) => close(far, code, reason));
  };
}

/** Sends what one says to the other, which stops the first while it is behind. */
function join(from: MessageSocket, to: MessageSocket): void {
  from.addEventListener("message", ({ data }) => {
    to.send(data);
    if (to.bufferedAmount > WAITING_BYTES) from.pause();
  });
  to.addEventListener("drained", () => from.resume());
}

/** Closes as the other side was closed; codes that are only told locally are not sent (RFC 6455 §7.4.1). */
function close(socket: MessageSocket, code: number, reason: string): void {
  if (code === 1005) socket.close();
  else if (code === 1006 || code === 1015) socket.close(1011, "The other side has gone");
  else socket.close(code, reason);
}

function headersOf({ request, info }: MessageSocket, trustForwarded: boolean): [string, string][] {
  const { headers } = request, { hostname, host, protocol } = new URL(request.url);
  const passed = passedOn(headers, trustForwarded).filter(([name]) => !OPENING.test(name));
  const hop = {
    address: info.remoteAddr.transport === "tcp" ? info.remoteAddr.hostname : "",
    host: headers.get("host") ?? (host || hostname),
    scheme: protocol === "https:" || protocol === "wss:" ? "https" : "http",
  } as const;
  return [...passed, ...forwardedFields(hop, trustForwarded ? headers : undefined)];
}
