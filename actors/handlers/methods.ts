import type { Handler } from "./handler.ts";

/**
 * A handler for each method of a path. Without handlers of their own, `HEAD` is answered like
 * `GET`, and `OPTIONS` with the methods there are; any other method is answered 405 (RFC 9110
 * §15.5.6).
 *
 * @example A counter
 * ```ts
 * import { gateway, http, type Methods, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * let count = 0;
 * const counter: Methods = {
 *   GET: () => new Response(`${count}`),
 *   POST: () => new Response(`${++count}`),
 * };
 *
 * await using hub = gateway();
 * hub.handle("/count", counter);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/count`;
 * assert.equal(await (await fetch(url, { method: "POST" })).text(), "1");
 * const refused = await fetch(url, { method: "DELETE" });
 * assert.deepEqual([refused.status, refused.headers.get("allow")], [405, "GET, HEAD, POST, OPTIONS"]);
 * ```
 */
export type Methods = Readonly<Record<string, Handler>>;

/** One handler that calls that of the method. */
export function byMethod(methods: Methods): Handler {
  const table = new Map(Object.entries(methods));
  const allow = allowedBy(methods).join(", ");
  return (request, info) => {
    const { method } = request;
    const handler = table.get(method) ?? (method === "HEAD" ? table.get("GET") : undefined);
    if (handler !== undefined) return handler(request, info);
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    const text = `Cannot ${method} this page: it takes ${allow}\n`;
    return new Response(text, { status: 405, headers: { allow } });
  };
}

/** Every method that is answered, in the order of the table. */
export function allowedBy(methods: Methods): string[] {
  const given = Object.keys(methods);
  const all = given.flatMap((method) => method === "GET" ? ["GET", "HEAD"] : [method]);
  return [...new Set([...all, "OPTIONS"])];
}
