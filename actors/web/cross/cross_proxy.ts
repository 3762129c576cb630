import { FORWARD_PATH } from "../../../protocols/http/handlers.ts";
import { inertFields } from "../../../protocols/http/topics/state.ts";
import { fetchByName } from "../../clients/fetch_by_name.ts";
import { forwarder } from "../../handlers/forwarder.ts";
import type { Handler } from "../../handlers/handler.ts";
import { plainText } from "../../handlers/plain_text.ts";
import { readBody } from "../../handlers/read_body.ts";
import { CrossCache } from "./cross_cache.ts";
import { askCoap, MAX_BODY_BYTES } from "./cross_coap.ts";

/**
 * Which servers a cross-proxy may ask, and how many of their answers it remembers.
 *
 * @example Sensors of one network, and one service
 * ```ts
 * import { crossProxy, type CrossProxyOptions, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CrossProxyOptions = {
 *   targets: ["coap://*.sensors.example/", "http://10.0.0.7:8080/api/"],
 * };
 * await using hub = gateway();
 * hub.handle("/hc/*", crossProxy(options));
 * assert.throws(() => crossProxy({ targets: ["sensors.example"] }), /give URLs such as/);
 * ```
 */
export interface CrossProxyOptions {
  /**
   * Beginnings of the URLs that may be asked for: scheme, host and port must be the same, and the
   * path must begin with that of the target. A host that begins with `*.` is every host below it.
   * Requests for anything else are refused.
   */
  targets: readonly string[];
  /** Milliseconds to wait for an answer; default 30,000. */
  timeoutMs?: number;
  /** Answers that are remembered for as long as they are fresh; default 1,000, 0 for none. */
  maxCached?: number;
  /** Bytes of the bodies that are remembered; default 16 MiB. */
  maxCachedBytes?: number;
}

/** What is passed on of a request to HTTP. */
const PASSED = ["accept", "content-type", "if-match", "if-none-match"];

/** Marks requests that were passed on, so that one that comes round is known (RFC 9110 §7.6.3). */
const VIA = "1.1 meerkat";

interface Target {
  readonly protocol: string;
  readonly host: string;
  readonly port: string;
  readonly path: string;
  /** With its `?`, or "". */
  readonly query: string;
}

/**
 * Makes a handler for `/hc/*` that lets HTTP clients ask CoAP servers (RFC 8075), and CoAP clients
 * HTTP servers (RFC 7252 §10). An HTTP client asks for `/hc/coap://host/path` or
 * `/hc/?target_uri=…`, a CoAP client uses Proxy-Uri or Proxy-Scheme. Targets that are not listed
 * are refused with 403, or 5.05. Answers are remembered while they are fresh, and then asked for
 * again by their ETag.
 *
 * @throws {TypeError} When a target is not a `coap:`, `coap+tcp:`, `coaps+tcp:`, `http:` or
 * `https:` URL.
 * @example A CoAP sensor, asked by HTTP
 * ```ts
 * import { coap, crossProxy, gateway, http, tcp, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using sensor = gateway();
 * const { port } = await sensor.listen(udp({ port: 0 }), coap()).ready;
 * sensor.publish("celsius", "21.5", { retain: true });
 * await using hub = gateway();
 * hub.handle("/hc/*", crossProxy({ targets: [`coap://127.0.0.1:${port}/`] }));
 * const web = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${web.port}/hc/coap://127.0.0.1:${port}/topics/celsius`;
 * assert.equal(await (await fetch(url)).text(), "21.5");
 * ```
 */
export function crossProxy(options: CrossProxyOptions): Handler {
  const targets = options.targets.map(allowed), { timeoutMs = 30_000 } = options;
  const cache = new CrossCache(options.maxCached ?? 1_000, options.maxCachedBytes ?? 16 << 20);

  async function answer(request: Request): Promise<Response> {
    const isCoap = request.url.startsWith("coap");
    const text = targetIn(request.url), target = text === undefined ? undefined : read(text);
    if (text === undefined || target === undefined) {
      return plainText(400, `Cannot read the target: ask for ${FORWARD_PATH}coap://host/path`);
    }
    if (!targets.some((each) => covers(each, target))) {
      const asked = originOf(target) + target.path.slice(0, 200);
      const why = `Not allowed to ask ${asked}: it is not listed`;
      return plainText(isCoap ? 505 : 403, why);
    }
    if (request.headers.get("via")?.includes(VIA)) {
      return plainText(508, "This request has come round");
    }
    try {
      return await cache.answer(
        request,
        text,
        (asked) =>
          target.protocol.startsWith("coap")
            ? askCoap(originOf(target), target.path + target.query, { request: asked, timeoutMs })
            : askWeb(text, asked, timeoutMs),
      );
    } catch (error) {
      const { name, message } = error as Error;
      const isLate = name === "TimeoutError" || / within \d+ ms/.test(message);
      return plainText(
        isLate ? 504 : 502,
        isLate ? "No answer came in time" : "It cannot be asked",
      );
    }
  }

  return forwarder(async (request) => inert(await answer(request)));
}

/** What other servers say is not to run as a page of this one. */
function inert(answer: Response): Response {
  const { headers } = answer;
  for (const [name, value] of inertFields(headers.get("content-type"))) headers.set(name, value);
  return answer;
}

/** The target that a request names, as it was written. */
function targetIn(text: string): string | undefined {
  const url = new URL(text), named = url.searchParams.get("target_uri");
  if (named !== null) return named;
  const at = text.indexOf(FORWARD_PATH, text.indexOf("://") + 3);
  const rest = at < 0 ? "" : text.slice(at + FORWARD_PATH.length);
  if (rest === "") return undefined;
  // The template form is percent-encoded as a whole, or not at all (RFC 8075 §5.4).
  if (/^[a-z+]+:\/\//i.test(rest)) return rest;
  try {
    return decodeURIComponent(rest);
  } catch {
    return undefined;
  }
}

/** No URL has these (RFC 3986 §2), and not everybody reads them alike: `h:22\:80` has two ports. */
// deno-lint-ignore no-control-regex
const UNFIT = /[\x00-\x20\x7f\\]/;

function read(text: string): Target | undefined {
  if (UNFIT.test(text)) return undefined;
  const [, scheme = "", rest = ""] = /^([a-z+]+):\/\/(.*)$/is.exec(text) ?? [];
  const protocol = `${scheme.toLowerCase()}:`;
  if (!/^(?:coap|coap\+tcp|coaps\+tcp|https?):$/.test(protocol)) return undefined;
  const url = URL.parse(`https://${rest}`), authority = /^[^/?#]*/.exec(rest)![0];
  // One without is a host of the path to those who skip slashes.
  if (url === null || authority === "" || url.username !== "" || url.password !== "") {
    return undefined;
  }
  const named = /:(\d+)$/.exec(authority)?.[1];
  const { hostname: host, pathname: path, search: query } = url;
  return { protocol, host, port: named ?? usual[protocol]!, path, query };
}

const usual: Readonly<Record<string, string>> = {
  "coap:": "5683",
  "coap+tcp:": "5683",
  "coaps+tcp:": "5684",
  "http:": "80",
  "https:": "443",
};

function allowed(text: string): Target {
  const target = read(text.replace("://*.", "://any."));
  if (target === undefined) {
    throw new TypeError(
      `Cannot use the target ${JSON.stringify(text)}: give URLs such as coap://192.0.2.7/topics/`,
    );
  }
  return text.includes("://*.") ? { ...target, host: target.host.slice("any".length) } : target;
}

function covers(rule: Target, { protocol, host, port, path }: Target): boolean {
  const isHost = rule.host.startsWith(".") ? host.endsWith(rule.host) : host === rule.host;
  return isHost && rule.protocol === protocol && rule.port === port && path.startsWith(rule.path);
}

function originOf({ protocol, host, port }: Target): string {
  return `${protocol}//${host}:${port}`;
}

async function askWeb(target: string, request: Request, timeoutMs: number): Promise<Response> {
  const headers = new Headers({ via: VIA });
  for (const name of PASSED) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const { method } = request,
    signal = AbortSignal.any([
      request.signal,
      AbortSignal.timeout(timeoutMs),
    ]);
  const hasBody = method !== "GET" && method !== "HEAD";
  // FETCH is CoAP's own (RFC 8132); iPATCH is PATCH for those who do not know it.
  if (method === "FETCH") return plainText(501, "HTTP has no FETCH");
  const body = hasBody ? await readBody(request, MAX_BODY_BYTES) : undefined;
  if (hasBody && body === undefined) {
    return plainText(413, `The body has more than ${MAX_BODY_BYTES} bytes`);
  }
  const answer = await fetchByName(target, {
    method: method === "iPATCH" ? "PATCH" : method,
    headers,
    signal,
    redirect: "manual",
    ...body && { body },
  });
  const passed = new Headers();
  for (const name of ["content-type", "etag", "cache-control", "location", "retry-after"]) {
    const value = answer.headers.get(name);
    if (value !== null) passed.set(name, value);
  }
  return new Response(answer.body, { status: answer.status, headers: passed });
}
