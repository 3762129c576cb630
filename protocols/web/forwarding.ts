/** Fields that are about one connection, and are passed on by nobody (RFC 9110 §7.6.1). */
export const CONNECTION_FIELDS: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Fields that a proxy does not pass on; `Expect` is among them because it is answered here. */
const hopByHop = new Set([
  ...CONNECTION_FIELDS,
  "expect",
  "proxy-authenticate",
  "proxy-authorization",
]);

/** The fields to be passed on: not those of one hop, nor those that `Connection` names. */
export function endToEnd(
  fields: Iterable<readonly [string, string]>,
  connection: string | null,
): [string, string][] {
  const named = (connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const found: [string, string][] = [];
  for (const [name, value] of fields) {
    const lower = name.toLowerCase();
    const ends = hopByHop.has(lower) || named.includes(lower);
    if (!ends) found.push([name, value]);
  }
  return found;
}

/** Fields that this hop itself says to the next. */
const said = /^(?:host|content-length|forwarded|x-forwarded-(?:for|host|proto))$/;
/** Fields that say on whose behalf somebody asks, which anybody may claim. */
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

/** What the next server is told of the client. */
export interface Hop {
  /** Its IP address, without brackets. */
  readonly address: string;
  /** The host that the client asked for. */
  readonly host: string;
  readonly scheme: "http" | "https";
}

/** The fields that say where a request comes from, with what proxies before us have said. */
export function forwardedFields(
  { address, host, scheme }: Hop,
  before: { get(name: string): string | null } | undefined,
): [string, string][] {
  const also = (name: string, value: string): [string, string] => {
    const others = before?.get(name);
    return [name, others ? `${others}, ${value}` : value];
  };
  // IPv6 addresses are quoted, because of their colons (RFC 7239 §6).
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

/** The path for the server behind: with `base` in front in place of `mount`. */
export function mappedPath(path: string, mount: string, base: string): string {
  const rest = path.slice(mount.replace(/\/$/, "").length);
  const start = base.replace(/\/$/, "");
  return start + (rest === "" || rest.startsWith("/") ? rest : `/${rest}`) || "/";
}
