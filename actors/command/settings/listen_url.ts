import { nearest } from "./nearest.ts";
import { quote } from "./place.ts";

/** What carries the bytes. */
type Carrier = "tcp" | "tls" | "udp" | "unix";

interface SchemeFacts {
  readonly protocol: "http" | "mqtt" | "coap" | "dns" | "any";
  readonly carrier: Carrier;
  /** Where it listens when the URL names no port; 0 for a Unix socket. */
  readonly port: number;
  readonly doc: string;
}

/** The schemes of listeners. */
export const schemes = {
  "http": { protocol: "http", carrier: "tcp", port: 8080, doc: "HTTP and WebSocket" },
  "https": { protocol: "http", carrier: "tls", port: 8443, doc: "HTTP and WebSocket over TLS" },
  "mqtt": { protocol: "mqtt", carrier: "tcp", port: 1883, doc: "MQTT" },
  "mqtts": { protocol: "mqtt", carrier: "tls", port: 8883, doc: "MQTT over TLS" },
  "coap": { protocol: "coap", carrier: "udp", port: 5683, doc: "CoAP over UDP" },
  "coap+tcp": { protocol: "coap", carrier: "tcp", port: 5683, doc: "CoAP over TCP" },
  "coaps+tcp": { protocol: "coap", carrier: "tls", port: 5684, doc: "CoAP over TLS" },
  "dns": { protocol: "dns", carrier: "udp", port: 53, doc: "DNS over UDP and TCP" },
  "any": {
    protocol: "any",
    carrier: "tcp",
    port: 8000,
    doc: "MQTT, HTTP, WebSocket and CoAP on one port, with or without TLS",
  },
  "http+unix": { protocol: "http", carrier: "unix", port: 0, doc: "HTTP on a Unix socket" },
  "mqtt+unix": { protocol: "mqtt", carrier: "unix", port: 0, doc: "MQTT on a Unix socket" },
} as const satisfies Record<string, SchemeFacts>;

type Scheme = keyof typeof schemes;

/** Schemes that people may try, and what to do instead. */
const strangers: Record<string, string> = {
  "coaps": "there is no DTLS here: CoAP is encrypted in TLS, as in coaps+tcp://:5684",
  "ws": "WebSocket is part of http:, as in http://:8080",
  "coap+ws": "CoAP over WebSocket is part of http:, as in http://:8080",
  "coaps+ws": "CoAP over WebSocket is part of https:, as in https://:8443",
  "wss": "WebSocket is part of https:, as in https://:8443",
  "tcp": "name the protocol, as in mqtt://:1883",
  "tls": "name the protocol, as in mqtts://:8883",
  "ssl": "name the protocol, as in mqtts://:8883",
  "udp": "name the protocol, as in coap://:5683",
  "unix": "name the protocol, as in http+unix:/run/meerkat.sock",
};

/** Where to listen, and for what. */
export interface ListenUrl {
  readonly scheme: Scheme;
  readonly protocol: SchemeFacts["protocol"];
  readonly carrier: Carrier;
  /** A name or an address without brackets; "" for a Unix socket. */
  readonly hostname: string;
  /** 0 for a Unix socket, or to have the system choose one. */
  readonly port: number;
  /** The path of a Unix socket. */
  readonly path?: string;
  /** All of it, as `listening …` shows it. */
  readonly url: string;
}

/** True when only one of the two can listen. */
export function areOnePort(one: ListenUrl, other: ListenUrl): boolean {
  if (one.carrier === "unix" || other.carrier === "unix") return one.path === other.path;
  if (one.port === 0 || one.port !== other.port || one.hostname !== other.hostname) return false;
  // DNS listens by UDP and by TCP.
  return (one.carrier === "udp") === (other.carrier === "udp") ||
    [one, other].some(({ protocol }) => protocol === "dns");
}

/** Reads a listener URL. Throws a `TypeError` whose message says what would be right. */
export function parseListenUrl(text: string): ListenUrl {
  const [scheme, rest] = split(text);
  const { carrier, port: usual } = schemes[scheme];
  if (carrier === "unix") return unixSocket(scheme, rest);
  const authority = /^(?:\/\/)?([^/?#]*)(.*)$/s.exec(rest)!;
  if (authority[2] !== "" && authority[2] !== "/") {
    throw new TypeError("a listener has a host and a port and nothing after them");
  }
  if (authority[1]!.includes("@")) throw new TypeError("a listener has no user and no password");
  const found = /^(\[.*\]|[^:[\]]*)(?::(\d*))?$/s.exec(authority[1]!);
  if (!found) {
    throw new TypeError(`give a host and a port, as in ${scheme}://127.0.0.1:${usual}; IPv6 in []`);
  }
  // mqtt:1883 names a port: no host is all digits.
  const bare = found[2] === undefined && /^\d+$/.test(found[1]!);
  const port = portOf(bare ? found[1]! : found[2] ?? "", usual);
  return at(scheme, bare ? "127.0.0.1" : hostOf(found[1]!), port);
}

/** The same listener with the port that the system chose. */
export function withPort(listener: ListenUrl, port: number): ListenUrl {
  return listener.carrier === "unix" ? listener : at(listener.scheme, listener.hostname, port);
}

/** True when nobody beyond this machine can reach the address: 127.0.0.0/8, ::1, `localhost`. */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "::1" ||
    isIpv4(hostname) && hostname.startsWith("127.") || /^::ffff:7f[\da-f]{2}:/.test(hostname);
}

/** True when nobody beyond this machine can reach the listener. */
export function isLocal(listener: ListenUrl): boolean {
  return listener.carrier === "unix" || isLoopback(listener.hostname);
}

function split(text: string): [Scheme, string] {
  // A port, :port or host:port alone is HTTP.
  if (/^(?::?\d+|(?:localhost|[\d.]+|\[[^\]]*\]):\d+)$/.test(text)) return ["http", "//" + text];
  const [, scheme, rest] = /^([a-z][a-z\d+.-]*):(.*)$/is.exec(text) ?? [];
  if (scheme === undefined || rest === undefined) {
    throw new TypeError("give a URL such as mqtt://127.0.0.1:1883, or a port for HTTP");
  }
  const name = scheme.toLowerCase();
  if (Object.hasOwn(schemes, name)) return [name as Scheme, rest];
  if (Object.hasOwn(strangers, name)) throw new TypeError(strangers[name]);
  const known = Object.keys(schemes);
  const near = nearest(name, known);
  throw new TypeError(
    `unknown scheme "${name}"` +
      (near ? `, did you mean "${near}"?` : `, known are ${known.join(", ")}`),
  );
}

function unixSocket(scheme: Scheme, rest: string): ListenUrl {
  const path = rest.replace(/^\/\/(?=\/)/, "");
  if (!path.startsWith("/") || path.startsWith("//") || path.endsWith("/") || path.includes("\0")) {
    throw new TypeError(`give the absolute path of a socket, as in ${scheme}:/run/meerkat.sock`);
  }
  return { scheme, ...factsOf(scheme), hostname: "", port: 0, path, url: `${scheme}:${path}` };
}

function at(scheme: Scheme, hostname: string, port: number): ListenUrl {
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return { scheme, ...factsOf(scheme), hostname, port, url: `${scheme}://${host}:${port}` };
}

function factsOf(scheme: Scheme): Pick<SchemeFacts, "protocol" | "carrier"> {
  const { protocol, carrier } = schemes[scheme];
  return { protocol, carrier };
}

function portOf(digits: string, usual: number): number {
  if (digits === "") return usual;
  if (digits.length > 5 || Number(digits) > 65_535) {
    throw new TypeError(`a port is at most 65535, and ${digits.slice(0, 12)} is more`);
  }
  return Number(digits);
}

function hostOf(host: string): string {
  // Safe by default: every interface has to be asked for, by 0.0.0.0 or [::].
  if (host === "") return "127.0.0.1";
  if (host === "*") throw new TypeError("every address is 0.0.0.0, or [::] with IPv6");
  if (host.startsWith("[")) return ipv6(host);
  // The system reads 127.1 and 0177.0.0.1 as addresses; people read them as something else.
  const isName = /^(?=.{1,253}$)(?!-)[a-z\d_-]{1,63}(?:\.[a-z\d_-]{1,63})*\.?$/i.test(host) &&
    !/(?:^|\.)(?:\d+|0x[\da-f]*)\.?$/i.test(host);
  if (!isName && !isIpv4(host)) {
    throw new TypeError(`${quote(host)} is neither an IP address nor a host name`);
  }
  return host.toLowerCase();
}

function ipv6(host: string): string {
  const parsed = URL.parse(`http://${host}/`)?.hostname;
  if (!parsed?.startsWith("[")) throw new TypeError(`${quote(host)} is not an IPv6 address`);
  return parsed.slice(1, -1);
}

function isIpv4(host: string): boolean {
  return /^(?:(?:0|[1-9]\d?|1\d\d|2[0-4]\d|25[0-5])(?:\.(?!$)|$)){4}$/.test(host);
}
