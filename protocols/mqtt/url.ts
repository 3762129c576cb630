import { parseServer } from "../server_url.ts";

/** What carries each scheme, and the port that it means when the URL names none. */
const schemes = {
  mqtt: { tls: false, websocket: false, port: 1883 },
  mqtts: { tls: true, websocket: false, port: 8883 },
  ws: { tls: false, websocket: true, port: 80 },
  wss: { tls: true, websocket: true, port: 443 },
} as const;

/** Names that other tools have for these schemes. */
const aliases: Readonly<Record<string, keyof typeof schemes>> = {
  tcp: "mqtt",
  ssl: "mqtts",
  tls: "mqtts",
};

/** Where an MQTT server is. */
export interface Target {
  /** Without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly tls: boolean;
  readonly websocket: boolean;
  /** `host` or `host:port` as in the URL, for the field Host. */
  readonly host: string;
  /** Path and query; `/mqtt` when the URL has none. */
  readonly path: string;
  /** The whole URL, with its port. */
  readonly url: string;
}

/** Reads the URL of an MQTT server. Throws a `TypeError` whose message says what would be right. */
export function parseTarget(text: string): Target {
  const [, given] = /^([a-z][a-z\d+.-]*):\/\//i.exec(text) ?? [];
  if (given === undefined) {
    throw new TypeError("give a URL such as mqtt://127.0.0.1:1883 or wss://host/mqtt");
  }
  const lower = given.toLowerCase();
  const scheme = aliases[lower] ?? lower;
  if (!Object.hasOwn(schemes, scheme)) {
    throw new TypeError(
      `unknown scheme "${given}", known are ${Object.keys(schemes).join(", ")}`,
    );
  }
  const { tls, websocket, port } = schemes[scheme as keyof typeof schemes];
  const server = parseServer(text.slice(`${given}://`.length), {
    like: tls ? "https" : "http",
    port,
    example: `${scheme}://127.0.0.1:${port}`,
  });
  const { url } = server;
  if (!websocket && (url.pathname !== "/" || url.search !== "")) {
    throw new TypeError(`${scheme}: has a host and a port and nothing after them`);
  }
  const path = url.pathname === "/" ? `/mqtt${url.search}` : url.pathname + url.search;
  return {
    hostname: server.hostname,
    port: server.port,
    tls,
    websocket,
    // Without the usual port of http or https, as the field Host wants it.
    host: url.host,
    path,
    url: `${scheme}://${url.hostname}:${server.port}${websocket ? path : ""}`,
  };
}
