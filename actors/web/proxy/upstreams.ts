/** One server behind a proxy. */
export interface UpstreamServer {
  readonly url: URL;
  /** Requests and WebSockets under way. */
  active: number;
  /** Not asked before then, in milliseconds since 1970, while another can be. */
  restsUntil: number;
  /** True once it has failed its health checks, until it passes them: not asked at all. */
  isDown: boolean;
}

/** The servers behind a proxy: who is asked next. */
export class Upstreams {
  readonly servers: readonly UpstreamServer[];
  readonly #restMs: number;

  constructor(urls: readonly string[], restMs = 10_000) {
    if (urls.length === 0) throw new TypeError("Cannot proxy to nobody: name an upstream");
    this.servers = urls.map((text) => {
      return { url: readUrl(text), active: 0, restsUntil: 0, isDown: false };
    });
    this.#restMs = restMs;
  }

  /**
   * The one with the fewest requests under way of those that work and are not among `tried`;
   * undefined when all that are left are down.
   */
  next(now: number, tried: readonly UpstreamServer[] = []): UpstreamServer | undefined {
    const left = this.servers.filter((each) => !each.isDown && !tried.includes(each));
    const well = left.filter(({ restsUntil }) => restsUntil <= now);
    // When none is known to work, the one that rests the longest is the likeliest.
    if (well.length === 0) return best(left, ({ restsUntil }) => restsUntil);
    return best(well, ({ active }) => active);
  }

  /** It could not be reached, or did not answer. */
  failed(server: UpstreamServer, now: number): void {
    server.restsUntil = now + this.#restMs;
  }

  /** It answered. */
  answered(server: UpstreamServer): void {
    server.restsUntil = 0;
  }
}

function best(
  servers: readonly UpstreamServer[],
  cost: (server: UpstreamServer) => number,
): UpstreamServer | undefined {
  let found: UpstreamServer | undefined;
  for (const each of servers) if (found === undefined || cost(each) < cost(found)) found = each;
  return found;
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.search === "" && url.hash === "") {
    return url;
  }
  throw new TypeError(`Cannot proxy to "${text}": give a URL such as http://127.0.0.1:8001/base`);
}
