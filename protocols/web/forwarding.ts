/** Fields of one hop, which a proxy does not pass on (RFC 9110 §7.6.1), and what it answers itself. */
const hopByHop = new Set([
  "connection",
  "expect",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Fields without those that end at this hop, the ones that `Connection` names among them. */
export function endToEnd(
  fields: Iterable<readonly [string, string]>,
  connection: string | null,
): [string, string][] {
  const named = (connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const found: [string, string][] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    if (!hopByHop.has(lower) && !named.includes(lower)) found.push([name, value]);
  }
  return found;
}

/** What the next hop is told of the client. */
interface Hop {
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
