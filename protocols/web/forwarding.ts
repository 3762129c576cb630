/** Fields of one connection, which end with it (RFC 9110 §7.6.1). */
export const hopByHop: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** What is between a client and its proxy, or answered by that. */
const forProxies = new Set(["expect", "proxy-authenticate", "proxy-authorization"]);

/** Fields without those that end at this hop, the ones that `Connection` names among them. */
export function endToEnd(
  fields: Iterable<readonly [string, string]>,
  connection: string | null,
): [string, string][] {
  const named = (connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const found: [string, string][] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const ends = hopByHop.has(lower) || forProxies.has(lower) || named.includes(lower);
    if (!ends) found.push([name, value]);
  }
  return found;
}

/** What the hop itself says to the next. */
const said = /^(?:host|content-length|forwarded|x-forwarded-(?:for|host|proto))$/;
/** What says on whose behalf somebody asks, which anybody may claim. */
const claimed = /^x-(?:forwarded-.*|real-ip)$/;

/** The fields of a request that are passed on as they are; names are in lower case. */
export function passedOn(
  fields: Iterable<[string, string]> & { get(name: string): string | null },
  isTrusted: boolean,
): [string, string][] {
  return endToEnd(fields, fields.get("connection")).filter(([name]) => {
    // Programs that get fields as variables take `X_A` for `X-A`.
    const plain = name.replaceAll("_", "-");
    return !hopByHop.has(plain) && !said.test(plain) && (isTrusted || !claimed.test(plain));
  });
}

/** What the next hop is told of the client. */
export interface Hop {
  /** Its IP address, without brackets. */
  readonly address: string;
  /** The host that it asked for. */
  readonly host: string;
  readonly scheme: "http" | "https";
}

/** The fields that say where a request comes from, added to those that others before us have set. */
export function forwardedFields(
  { address, host, scheme }: Hop,
  before: { get(name: string): string | null } | undefined,
): [string, string][] {
  const also = (name: string, value: string): [string, string] => {
    const others = before?.get(name);
    return [name, others ? `${others}, ${value}` : value];
  };
  // RFC 7239 §6: IPv6 addresses are quoted, because of their colons.
  const node = address.includes(":") ? `"[${address}]"` : address === "" ? "unknown" : address;
  const forwarded = `for=${node};host=${quoted(host)};proto=${scheme}`;
  return [
    also("forwarded", forwarded),
    also("x-forwarded-for", address),
    ["x-forwarded-host", before?.get("x-forwarded-host") ?? host],
    ["x-forwarded-proto", before?.get("x-forwarded-proto") ?? scheme],
  ];
}

function quoted(value: string): string {
  return /^[\w.!#$%&'*+^`|~-]+$/.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

/** A path with the prefix of a mount taken off and that of the upstream put before. */
export function mappedPath(path: string, mount: string, base: string): string {
  const rest = path.slice(mount.replace(/\/$/, "").length);
  const start = base.replace(/\/$/, "");
  return start + (rest === "" || rest.startsWith("/") ? rest : `/${rest}`) || "/";
}
