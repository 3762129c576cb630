import { ipv4Bytes, ipv6Bytes, ipv6Text } from "../../protocols/dns/addresses.ts";
import { canonical } from "../../protocols/dns/names.ts";

/** The port of DNS. */
const DNS_PORT = 53;

/** What the system says about names: `/etc/resolv.conf`, as resolv.conf(5) describes it. */
export interface SystemNames {
  /** `host:port`, `[host]:port` for IPv6. */
  servers: string[];
  search: string[];
  /** Dots in a name that is asked for as it is before search domains are tried. */
  ndots: number;
}

/** Reads `/etc/resolv.conf`. Lines and options that it does not know are for other programs. */
export function parseResolvConf(text: string): SystemNames {
  const found: SystemNames = { servers: [], search: [], ndots: 1 };
  for (const line of text.split("\n")) {
    const [keyword, ...words] = line.replace(/[#;].*/, "").trim().split(/\s+/);
    if (keyword === "nameserver" && isAddress(words[0])) found.servers.push(serverAt(words[0]));
    if (keyword === "search" || keyword === "domain") found.search = words.filter(isName);
    if (keyword !== "options") continue;
    for (const word of words) {
      const dots = /^ndots:(\d{1,2})$/.exec(word)?.[1];
      if (dots !== undefined) found.ndots = Math.min(15, Number(dots));
    }
  }
  return found;
}

/** Reads a hosts file, as hosts(5) describes it: names, and their addresses. */
export function parseHosts(text: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [address, ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    if (!isAddress(address)) continue;
    for (const name of names.filter(isName).map(canonical)) {
      const known = found.get(name);
      if (known === undefined) found.set(name, [address]);
      else if (!known.includes(address)) known.push(address);
    }
  }
  return found;
}

/**
 * A server as the sender of its replies is shown: `127.0.0.1:53`. Throws a `TypeError` if it is
 * none.
 */
export function serverAt(text: string): string {
  const found = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text);
  const host = found?.[1] ?? found?.[2] ?? text;
  const port = Number(found?.[3] ?? DNS_PORT);
  const six = ipv6Bytes(host);
  if (port > 0 && port <= 65_535) {
    if (six !== undefined) return `[${ipv6Text(six)}]:${port}`;
    if (ipv4Bytes(host) !== undefined) return `${host}:${port}`;
  }
  throw new TypeError(
    `Cannot use ${JSON.stringify(text)} as a name server: give "system", or an address such as ` +
      "192.0.2.53, 127.0.0.1:5353 or [::1]:5353",
  );
}

/** True for an IP address. */
export function isAddress(text: string | undefined): text is string {
  return text !== undefined && (ipv4Bytes(text) ?? ipv6Bytes(text)) !== undefined;
}

function isName(text: string): boolean {
  try {
    return canonical(text) !== "";
  } catch {
    return false;
  }
}
