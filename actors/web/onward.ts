const defaults = {
  /** 10 requests that the server has asked itself for one client: more are a circle. */
  hops: 10,
};

const hops = new WeakMap<Request, number>();

/**
 * A request that the server asks itself while it answers `request`; undefined when it goes in a
 * circle.
 */
export function onward(request: Request, path: string): Request | undefined {
  const count = (hops.get(request) ?? 0) + 1;
  if (count > defaults.hops) return undefined;
  const headers = new Headers(request.headers);
  // These fields are about the body, and the representation, of what the client has asked for.
  for (const name of [...headers.keys()]) {
    if (/^(?:content-|if-|range$|transfer-encoding$)/.test(name)) headers.delete(name);
  }
  const method = request.method === "HEAD" ? "HEAD" : "GET";
  // A path that begins with two slashes must not name another host.
  const url = new URL(path.replace(/^\/+/, "/"), request.url);
  const other = new Request(url, { method, headers, signal: request.signal });
  hops.set(other, count);
  return other;
}
