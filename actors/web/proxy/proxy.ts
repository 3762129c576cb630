import { forwardedFields, mappedPath, passedOn } from "../../../protocols/web/forwarding.ts";
import type { RouteInfo } from "../../handlers/handler.ts";
import type { WebPart } from "../part.ts";
import { isUnder, withScope } from "../scope.ts";
import { type HealthOptions, watchHealth } from "./health.ts";
import { ProxyError, UpstreamClient } from "./upstream_client.ts";
import { Upstreams, type UpstreamServer } from "./upstreams.ts";

/**
 * Which requests a proxy passes on, to which servers, and how long it waits for them.
 *
 * @example A server that is gone, and another that takes its place
 * ```ts
 * import { gateway, http, proxy, type ProxyOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using behind = gateway(), hub = gateway();
 * behind.handle("/hello", () => new Response("still here"));
 * const far = await behind.listen(tcp({ port: 0 }), http()).ready;
 * const options: ProxyOptions = {
 *   to: ["http://127.0.0.1:1", `http://127.0.0.1:${far.port}`],
 *   connectTimeoutMs: 1_000,
 * };
 * const part = proxy(options);
 * hub.handle("/*", async (request, info) => (await part(request, info))!);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * assert.equal(await (await fetch(`http://127.0.0.1:${port}/hello`)).text(), "still here");
 * ```
 */
export interface ProxyOptions {
  /**
   * Requests for this path and all below it are passed on, with this beginning taken off; default
   * `/`, which is all requests.
   */
  path?: string;
  /** URLs of the servers; their paths are put before what is passed on. */
  to: readonly string[];
  /**
   * Whether servers get the `Host` that the client sent; default false, which gives them their own.
   */
  keepHost?: boolean;
  /**
   * Whether `Forwarded` and `X-Forwarded-…` of clients are believed and added to; default false.
   */
  trustForwarded?: boolean;
  /** Milliseconds to connect; default 5,000. */
  connectTimeoutMs?: number;
  /** Milliseconds from the request until the head of the answer; default 60,000. */
  answerTimeoutMs?: number;
  /** Milliseconds that may pass between two pieces of the answer's body; default 60,000. */
  idleTimeoutMs?: number;
  /**
   * Milliseconds for which a server that failed is not asked, if another can be; default 10,000.
   */
  restMs?: number;
  /** How servers are checked at intervals; default: only failed requests show that one is gone. */
  health?: HealthOptions;
}

/** Methods that may be sent again when it is not known what became of them (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * Makes a part of a web site that passes requests on to other servers (RFC 9110 §7.6), each to the
 * server with the fewest under way. Bodies stream both ways. When a server cannot be reached, a
 * request without a body that may be repeated goes to another.
 *
 * The client gets 502 when no server can be reached, 504 when one does not answer in time, and 503
 * when all have failed their health checks.
 *
 * @throws {TypeError} When a server is not an `http:` or `https:` URL.
 * @example One path of a gateway from another server
 * ```ts
 * import { gateway, http, proxy, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using behind = gateway();
 * behind.handle("/foo/hello", () => new Response("from behind"));
 * const far = await behind.listen(tcp({ port: 0 }), http()).ready;
 *
 * await using hub = gateway();
 * const part = proxy({ path: "/api", to: [`http://127.0.0.1:${far.port}/foo`] });
 * hub.handle("/api/*", async (request, info) => await part(request, info) ?? Response.error());
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/api/hello`);
 * assert.equal(await answer.text(), "from behind");
 * ```
 */
export function proxy(options: ProxyOptions): WebPart {
  return proxyTo(upstreamsOf(options), options);
}

/** The servers of a proxy, and the checks of their health. */
export function upstreamsOf({ to, restMs, health }: Omit<ProxyOptions, "path">): Upstreams {
  const upstreams = new Upstreams(to, restMs);
  if (health !== undefined) watchHealth(upstreams, health);
  return upstreams;
}

/** The same as `proxy`, for servers that others ask, too. */
export function proxyTo(upstreams: Upstreams, options: ProxyOptions): WebPart {
  const mount = (options.path ?? "/").replace(/\/$/, "");
  const pass = passing(options, upstreams);
  const part: WebPart = (request, info) =>
    isUnder(new URL(request.url).pathname, mount) ? pass(request, info, mount) : undefined;
  return withScope(part, (path) => isUnder(path, mount));
}

/** Passes requests on; the third argument is the beginning of their path that is taken off. */
export function passing(
  options: Omit<ProxyOptions, "path">,
  upstreams: Upstreams = upstreamsOf(options),
): (request: Request, info: RouteInfo, mount: string) => Promise<Response> {
  const client = new UpstreamClient(options);
  return (request, info, mount) =>
    new Passing(request, info, { options, mount, upstreams, client }).run();
}

interface Way {
  options: Omit<ProxyOptions, "path">;
  mount: string;
  upstreams: Upstreams;
  client: UpstreamClient;
}

/** One request on its way through. */
class Passing {
  readonly #request: Request;
  readonly #info: RouteInfo;
  readonly #way: Way;
  readonly #tried: UpstreamServer[] = [];

  constructor(request: Request, info: RouteInfo, way: Way) {
    this.#request = request;
    this.#info = info;
    this.#way = way;
  }

  async run(): Promise<Response> {
    const { upstreams } = this.#way;
    let refusal = new Response("No server behind is well\n", { status: 503 });
    for (;;) {
      const server = upstreams.next(Date.now(), this.#tried);
      if (server === undefined) return refusal;
      this.#tried.push(server);
      try {
        return await this.#ask(server);
      } catch (error) {
        if (!(error instanceof ProxyError)) throw error;
        if (!this.#request.signal.aborted) upstreams.failed(server, Date.now());
        const canRepeat = IDEMPOTENT.has(this.#request.method) && this.#request.body === null;
        refusal = new Response(`${error.message}\n`, { status: error.status });
        if (error.status !== 502 || !canRepeat) return refusal;
      }
    }
  }

  async #ask(server: UpstreamServer): Promise<Response> {
    const { client, upstreams } = this.#way;
    server.active++;
    try {
      const url = new URL(this.#request.url);
      const { mount } = this.#way;
      const target = mappedPath(url.pathname, mount, server.url.pathname) + url.search;
      const ended = () => server.active--;
      const answer = await client.ask(this.#request, {
        server: server.url,
        target,
        headers: this.#headers(url, server.url),
        ended,
      });
      upstreams.answered(server);
      return answer;
    } catch (error) {
      server.active--;
      throw error;
    }
  }

  #headers(url: URL, server: URL): [string, string][] {
    const { keepHost = false, trustForwarded = false } = this.#way.options;
    const { headers } = this.#request, { remoteAddr } = this.#info;
    const passed = passedOn(headers, trustForwarded);
    const hop = {
      address: remoteAddr.transport === "tcp" ? remoteAddr.hostname : "",
      host: headers.get("host") ?? url.host,
      scheme: url.protocol === "https:" ? "https" : "http",
    } as const;
    const host: [string, string] = ["host", keepHost ? hop.host : server.host];
    return [host, ...passed, ...forwardedFields(hop, trustForwarded ? headers : undefined)];
  }
}
