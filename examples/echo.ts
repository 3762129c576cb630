/**
 * Echo, in HTTP and WebSocket: what a test of conformance or a load generator is pointed at.
 *
 *   deno run -A examples/echo.ts 9001
 *   curl -d hello http://127.0.0.1:9001/anything
 *
 * Every WebSocket, on whatever path, gets its messages back: of up to 16 MiB, in as many fragments
 * as anybody sends, compressed when its client offers that.
 */
import { gateway, http, tcp, websocket } from "../mod.ts";

const ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/** Paths that the gateway would answer itself, unless somebody takes them. */
const OWN = ["/topics", "/topics/*", "/.well-known/core"];

async function answer(request: Request): Promise<Response> {
  if (request.method === "OPTIONS") {
    return new Response(null, { headers: { "content-type": "text/plain", allow: ALLOW } });
  }
  const headers = { "content-type": "text/plain" };
  const { pathname } = new URL(request.url);
  if (pathname === "/echo") return new Response(lines(request.headers), { headers });
  if (pathname === "/cookie") {
    return new Response(cookies(request.headers.get("cookie") ?? ""), { headers });
  }
  if (request.body === null) return new Response("OK", { headers });
  const body = await request.bytes();
  if (body.length === 0) return new Response("OK", { headers });
  return new Response(body, { headers: { ...headers, "content-length": `${body.length}` } });
}

function lines(headers: Headers): string {
  return [...headers].map(([name, value]) => `${name}: ${value}\n`).join("");
}

/** One line for each cookie (RFC 6265 §4.2.1). */
function cookies(header: string): string {
  const pairs = header.split(";").map((pair) => pair.trim()).filter((pair) => pair !== "");
  return pairs.map((pair) => `${pair}\n`).join("");
}

export async function main(port = 9001) {
  const hub = gateway();
  for (const path of ["/*", ...OWN]) {
    hub.handle(path, answer);
    hub.websocket(path, (socket) => {
      socket.onmessage = ({ data }) => socket.send(data);
    });
  }
  const upgrade = websocket({ limits: { maxMessageBytes: 16 << 20 }, origins: ["*"] });
  const listening = hub.listen(tcp({ hostname: "127.0.0.1", port }), http({ upgrade }));
  const address = await listening.ready;
  console.log(`Echo on http://127.0.0.1:${address.port}/`);
  return { hub, port: address.port };
}

if (import.meta.main) await main(Number(Deno.args[0] ?? 9001));
