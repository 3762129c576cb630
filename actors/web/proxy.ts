import { forwardedFields, mappedPath, passedOn } from "../../protocols/web/forwarding.ts";
import type { RouteInfo } from "../handlers/handler.ts";
import type { WebPart } from "./part.ts";
import { type HealthOptions, watchHealth } from "./health.ts";
import { isUnder, withScope } from "./scope.ts";
import { ProxyError, UpstreamClient } from "./upstream_client.ts";
import { Upstreams, type UpstreamServer } from "./upstreams.ts";

/**
 * What a proxy passes on, and to whom.
 *
 * @example Two servers, and less patience
 * ```ts
 * import { proxy, type ProxyOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: ProxyOptions = {
 *   path: "/api",
 *   to: ["http://127.0.0.1:8001", "http://127.0.0.1:8002"],
 *   answerTimeoutMs: 5_000,
 * };
 * assert.equal(typeof proxy(options), "function");
 * ```
 */
export interface ProxyOptions {
  /** Requests for this path and all below it are passed on, without it; default `/`, which is all. */
  path?: string;
  /** The servers: URLs whose path stands before what is passed on. */
  to: readonly string[];
  /** Whether servers are told the client's own Host; default false: they are told theirs. */
  keepHost?: boolean;
  /** Whether `Forwarded` and `X-Forwarded-…` of the client are believed, and added to; default false. */
  trustForwarded?: boolean;
  /** Milliseconds to connect; default 5,000. */
  connectTimeoutMs?: number;
  /** Milliseconds from the request until the head of the answer; default 60,000. */
  answerTimeoutMs?: number;
  /** Milliseconds without a byte of the answer's body; default 60,000. */
  idleTimeoutMs?: number;
  /** Milliseconds that a server which failed is not asked while another can be; default 10,000. */
  restMs?: number;
  /** How servers are asked whether they are well; without it only failed requests tell. */
  health?: HealthOptions;
}

/** Methods that may be sent again when it is not known what became of them (RFC 9110 §9.2.2). */
const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * Passes requests on to other servers (RFC 9110 §7.6): the one with the fewest under way. Bodies
 * stream both ways. A request that has no body and may be repeated goes to another server when one
 * cannot be reached. Who is not reached is 502, who does not answer in time 504; when all servers
 * have failed their health checks it is 503. Throws a `TypeError` for a server that is no `http:` or
 * `https:` URL.
 *
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

/** Passes requests on, without the beginning of their path that is named with each. */
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
