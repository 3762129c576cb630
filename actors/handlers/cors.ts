import type { PathPages } from "../../protocols/http/pages.ts";
import type { Handler } from "./handler.ts";

/**
 * Which web pages of other origins may use a path, and for what (the CORS protocol of Fetch §3.2).
 *
 * @example One page, with its visitor's cookies
 * ```ts
 * import { type CorsOptions, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const cors: CorsOptions = { origins: ["https://app.example"], credentials: true };
 * await using hub = gateway();
 * hub.handle("/data", () => new Response("data"), { cors });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const headers = { origin: "https://app.example" };
 * const answer = await fetch(`http://127.0.0.1:${port}/data`, { headers });
 * assert.equal(answer.headers.get("access-control-allow-origin"), "https://app.example");
 * await answer.body?.cancel();
 * ```
 */
export interface CorsOptions {
  /** The origins of these pages, such as `https://app.example`; default `*`, which is all. */
  origins?: readonly string[] | "*";
  /** Methods that pages may use; default: those of the path, or whichever they ask for. */
  methods?: readonly string[];
  /** Header fields that pages may send; default: whichever they ask for. */
  headers?: readonly string[];
  /** Header fields that pages may read, besides those that Fetch always lets them. */
  expose?: readonly string[];
  /** True lets pages send cookies and logins, and needs a list of `origins`; default false. */
  credentials?: boolean;
  /** Seconds for which browsers remember what is allowed; default: as long as they like. */
  maxAgeSeconds?: number;
}

/** Answers preflights, and tells browsers which pages may read what `handler` answers. */
export function withCors(
  handler: Handler,
  options: CorsOptions,
  allowed?: readonly string[],
): Handler {
  const { origins = "*", credentials = false } = options;
  if (credentials && (origins === "*" || origins.includes("*"))) {
    throw new TypeError("Cannot let pages of every origin send credentials: list the origins");
  }
  const isAny = origins === "*" || origins.includes("*");
  const sharedWith = (origin: string | null): string | undefined => {
    if (isAny) return "*";
    return origin !== null && origins.includes(origin) ? origin : undefined;
  };
  return async (request, info) => {
    const { headers } = request;
    const shared = sharedWith(headers.get("origin"));
    if (request.method === "OPTIONS" && headers.has("access-control-request-method")) {
      return preflight(request, options, allowed, shared);
    }
    const response = await handler(request, info);
    const fields = new Headers(response.headers);
    if (!isAny) fields.append("vary", "Origin");
    if (shared !== undefined) {
      fields.set("access-control-allow-origin", shared);
      if (credentials) fields.set("access-control-allow-credentials", "true");
      if (options.expose) fields.set("access-control-expose-headers", options.expose.join(", "));
    }
    const { status, statusText } = response;
    return new Response(response.body, { status, statusText, headers: fields });
  };
}

/** Which pages may change something by a path, by its options. */
export function pagesOf(cors: CorsOptions | undefined, origins: readonly string[]): PathPages {
  if (cors === undefined) return { origins, strangers: [] };
  const shared = [cors.origins ?? "*"].flat(), answersPreflights = true;
  return cors.credentials
    ? { origins: [...origins, ...shared], strangers: [], answersPreflights }
    : { origins, strangers: shared, answersPreflights };
}

function preflight(
  { headers }: Request,
  options: CorsOptions,
  allowed: readonly string[] | undefined,
  shared: string | undefined,
): Response {
  const fields = new Headers({
    vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
  });
  if (shared === undefined) return new Response(null, { status: 204, headers: fields });
  const methods = options.methods ?? allowed ?? [headers.get("access-control-request-method")!];
  const asked = headers.get("access-control-request-headers");
  fields.set("access-control-allow-origin", shared);
  fields.set("access-control-allow-methods", methods.join(", "));
  const sent = options.headers?.join(", ") ?? asked;
  if (sent) fields.set("access-control-allow-headers", sent);
  if (options.credentials) fields.set("access-control-allow-credentials", "true");
  if (options.maxAgeSeconds !== undefined) {
    fields.set("access-control-max-age", `${options.maxAgeSeconds}`);
  }
  return new Response(null, { status: 204, headers: fields });
}
