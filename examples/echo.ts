/**
 * Echo, in HTTP and WebSocket: a server for conformance tests and load generators.
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
  if (request.method === "OPTIONS") return plain("", { allow: ALLOW });
  const { pathname } = new URL(request.url);
  if (pathname === "/echo") return plain(lines(request.headers));
  if (pathname === "/cookie") return plain(cookies(request.headers.get("cookie") ?? ""));
  if (request.body === null) return plain("OK");
  const body = await request.bytes();
  return plain(body.length === 0 ? "OK" : body);
}

/** An answer with its length, which could not be seen otherwise in the answer to HEAD. */
function plain(body: string | Uint8Array<ArrayBuffer>, more: Record<string, string> = {}) {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const headers = { "content-type": "text/plain", "content-length": `${bytes.length}`, ...more };
  return new Response(bytes, { headers });
}

function lines(headers: Headers): string {
  return [...headers].map(([name, value]) => `${name}: ${value}\n`).join("");
}

/** One line for each cookie (RFC 6265 §4.2.1); two fields arrive here joined by a comma. */
function cookies(header: string): string {
  const pairs = header.split(/;|, (?=[^;,= ]+=)/).map((pair) => pair.trim()).filter((pair) =>
    pair !== ""
  );
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
  const listening = hub.listen(
    tcp({ hostname: "127.0.0.1", port }),
    http({ upgrade, origins: ["*"] }),
  );
  const address = await listening.ready;
  console.log(`Echo on http://127.0.0.1:${address.port}/`);
  return { hub, port: address.port };
}

if (import.meta.main) await main(Number(Deno.args[0] ?? 9001));
