import type { Gateway } from "../../gateway/gateway.ts";
import type { SocketHandler, SocketOptions } from "../../handlers/socket_handler.ts";
import type { WebPart } from "../part.ts";
import type { ProxyOptions } from "./proxy.ts";
import { socketsTo } from "./proxy_socket.ts";
import type { Upstreams } from "./upstreams.ts";

/** How the WebSockets of one path are passed on by one listener. */
interface Passage {
  readonly pass: SocketHandler;
  /** Parts that may refuse them, in order. */
  readonly gates: readonly WebPart[];
}

/** By path, and then by listener: what one listener passes on does not exist at another. */
const passed = new WeakMap<Gateway, Map<string, Map<string, Passage>>>();

/** Passes on the WebSockets that come to one listener for a path. */
export function passSockets(
  hub: Gateway,
  settings: Omit<ProxyOptions, "health"> & { readonly protocols?: readonly string[] },
  { upstreams, listener, gates }: {
    upstreams: Upstreams;
    listener: string;
    gates: readonly WebPart[];
  },
): void {
  const { path = "/", protocols } = settings, mount = path.replace(/\/$/, "");
  const paths = passed.get(hub) ?? new Map<string, Map<string, Passage>>();
  passed.set(hub, paths);
  const passage: Passage = { pass: socketsTo(upstreams, settings), gates };
  const known = paths.get(mount);
  if (known !== undefined) {
    known.set(listener, passage);
    return;
  }
  const listeners = new Map([[listener, passage]]);
  paths.set(mount, listeners);
  const pass: SocketHandler = (socket) =>
    listeners.get(socket.info.identity.listener)?.pass(socket);
  const options: SocketOptions = {
    ...protocols && { protocols },
    async accept(request, info) {
      const found = listeners.get(info.identity.listener);
      if (found === undefined) {
        return new Response("No WebSocket is at this path\n", { status: 404 });
      }
      for (const gate of found.gates) {
        const answer = await gate(request, info);
        if (answer !== undefined) return answer;
      }
      return undefined;
    },
  };
  hub.websocket(`${mount}/*`, pass, options);
  if (mount !== "") hub.websocket(mount, pass, options);
}
