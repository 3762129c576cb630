/**
 * A gateway in front of another server: its requests and its WebSockets, below /api.
 *
 *   deno run -A examples/reverse_proxy.ts http://127.0.0.1:8001
 *
 * Without a URL it starts a server of its own to pass on to. Then:
 *
 *   curl http://127.0.0.1:8080/api/hello
 *
 * Try: stopping the server behind; two URLs; a WebSocket to ws://127.0.0.1:8080/api/.
 */
import { gateway, http, proxy, proxySocket, tcp } from "../mod.ts";

export async function main(options: { port: number; to: readonly string[] }) {
  const hub = gateway();
  const to = options.to.length > 0 ? options.to : [await ownServer(hub)];
  const part = proxy({ path: "/api", to });
  hub.handle("/api/*", async (request, info) => (await part(request, info))!);
  hub.websocket("/api/*", proxySocket({ path: "/api", to }));
  const { port } = await hub.listen(tcp({ port: options.port }), http()).ready;
  console.log(`http://127.0.0.1:${port}/api/ is ${to.join(" and ")}`);
  return { hub, port };
}

/** Something to pass on to, which ends when `front` does. */
async function ownServer(front: ReturnType<typeof gateway>): Promise<string> {
  const behind = gateway();
  front.finished.finally(() => behind.stop());
  behind.handle(
    "/hello",
    (request) => new Response(`Hello from behind, ${request.headers.get("x-forwarded-for")}\n`),
  );
  behind.websocket("/", (socket) => {
    socket.onmessage = ({ data }) => socket.send(`behind: ${data}`);
  });
  const { port } = await behind.listen(tcp({ port: 0 }), http()).ready;
  return `http://127.0.0.1:${port}`;
}

if (import.meta.main) await main({ port: 8080, to: Deno.args });
