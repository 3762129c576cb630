import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { connectPacket, type Introduction } from "../../interop/mqtt_client.ts";
import { frame, sample, text } from "../../protocols/websocket/peer.ts";
import { Raw } from "../raw.ts";
import type { ProbePorts } from "./probe.ts";

/** Chance, from a seed. */
export type Random = (below: number) => number;

/** Brings a fresh connection into some state; whoever called it then drops the connection. */
type State = (raw: Raw, random: Random) => Promise<void>;

/** A state, and the listener for it. */
interface Scenario {
  to: keyof ProbePorts;
  reach: State;
}

const CONNACK_BYTES = 4;

/** Connects and waits for CONNACK. Some client identifiers come again: those sessions are taken over. */
async function connect(raw: Raw, random: Random, more: Partial<Introduction> = {}): Promise<void> {
  const id = random(4) === 0 ? `again ${random(20)}` : `once ${random(1e9)}`;
  const packet = connectPacket({ clientId: id, keepAlive: random(100), ...more });
  await raw.send(encode(packet, packet.version)!);
  await raw.count(CONNACK_BYTES);
}

function mqtt(packet: Packet): Uint8Array {
  return encode(packet, 4)!;
}

function publish(random: Random, qos: 0 | 1 | 2): Uint8Array {
  const payload = new Uint8Array(random(3_000)).fill(120);
  const flags = { qos, retain: false, dup: false, packetId: qos === 0 ? 0 : 1 + random(65_535) };
  const topic = `storm/${random(10)}`;
  return mqtt({ type: "publish", topic, payload, ...flags, properties: undefined });
}

function subscribe(random: Random): Uint8Array {
  const wanted = ["storm/#", "storm/+", `storm/${random(10)}`, `lonely/${random(1e6)}/#`];
  const filters = wanted.slice(random(4)).map((filter) => ({
    filter,
    qos: random(3) as 0 | 1 | 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0 as const,
  }));
  return mqtt({ type: "subscribe", packetId: 1, filters, properties: undefined });
}

/** At least one byte of it, and not all. */
function half(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(0, 1 + random(bytes.length - 1));
}

function get(path: string, ...fields: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: localhost", ...fields, "", ""].join("\r\n");
}

async function upgrade(raw: Raw, path: string, ...fields: string[]): Promise<void> {
  const key = `Sec-WebSocket-Key: ${sample.key}`;
  const wanted = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", key];
  await raw.send(get(path, ...wanted, ...fields));
  await raw.until("\r\n\r\n");
}

const states: Record<string, Scenario> = {
  "connected only": { to: "mqtt", reach: () => Promise.resolve() },
  "connected to the web": { to: "http", reach: () => Promise.resolve() },
  "connected to whatever": { to: "any", reach: () => Promise.resolve() },
  "half a CONNECT": {
    to: "mqtt",
    reach: (raw, random) => {
      const packet = mqtt(connectPacket({ clientId: "half", keepAlive: 10 }));
      return raw.send(half(packet, random));
    },
  },
  "CONNECT done": { to: "mqtt", reach: connect },
  "CONNECT done on any": { to: "any", reach: connect },
  "a will": {
    to: "mqtt",
    reach: (raw, random) => {
      const payload = new TextEncoder().encode("gone");
      const flags = { qos: 1, retain: false, properties: undefined } as const;
      return connect(raw, random, { will: { topic: "storm/1", payload, ...flags } });
    },
  },
  "subscribed": {
    to: "mqtt",
    async reach(raw, random) {
      await connect(raw, random);
      await raw.send(subscribe(random));
      await raw.count(5);
    },
  },
  "subscribed, perhaps": {
    to: "mqtt",
    async reach(raw, random) {
      await connect(raw, random);
      await raw.send(subscribe(random));
    },
  },
  "half a SUBSCRIBE": {
    to: "mqtt",
    async reach(raw, random) {
      await connect(raw, random);
      await raw.send(half(subscribe(random), random));
    },
  },
  "in the middle of a PUBLISH": {
    to: "mqtt",
    async reach(raw, random) {
      await connect(raw, random);
      await raw.send(half(publish(random, random(3) as 0 | 1 | 2), random));
    },
  },
  "many a PUBLISH of QoS 2, none released": {
    to: "mqtt",
    async reach(raw, random) {
      await connect(raw, random);
      for (let count = random(20); count >= 0; count--) await raw.send(publish(random, 2));
    },
  },
  "half a request line": {
    to: "http",
    reach: (raw, random) => raw.send(get("/topics/storm/1").slice(0, 1 + random(14))),
  },
  "half a header": {
    to: "any",
    reach: (raw, random) =>
      raw.send(get("/topics/storm/1", "A: b", "C: d").slice(0, -1 - random(20))),
  },
  "half a body": {
    to: "http",
    reach: (raw, random) => {
      const fields = ["POST /topics/storm/2 HTTP/1.1", "Host: localhost", "Content-Length: 1000"];
      return raw.send([...fields, "", "x".repeat(random(999))].join("\r\n"));
    },
  },
  "a request answered": {
    to: "http",
    async reach(raw) {
      await raw.send(get("/topics/nothing"));
      await raw.until("\r\n\r\n");
    },
  },
  "a long poll": { to: "http", reach: (raw) => raw.send(get("/topics/x", "Prefer: wait=60")) },
  "a handler that never answers": { to: "http", reach: (raw) => raw.send(get("/never")) },
  "events": {
    to: "http",
    async reach(raw) {
      await raw.send(get("/topics/storm/%23", "Accept: text/event-stream"));
      await raw.until("retry");
    },
  },
  "a WebSocket": { to: "http", reach: (raw) => upgrade(raw, "/topics/storm/3") },
  "half a frame": {
    to: "http",
    async reach(raw, random) {
      await upgrade(raw, "/topics/storm/4");
      await raw.send(half(frame(2, new Uint8Array(200)), random));
    },
  },
  "a WebSocket of JSON": {
    to: "any",
    async reach(raw, random) {
      await upgrade(raw, "/topics/", "Sec-WebSocket-Protocol: json");
      const wish = { op: "subscribe", id: 1, topic: `storm/${random(10)}` };
      await raw.send(text(JSON.stringify(wish)));
    },
  },
  "MQTT in a WebSocket": {
    to: "http",
    async reach(raw, random) {
      await upgrade(raw, "/mqtt", "Sec-WebSocket-Protocol: mqtt");
      const packet = mqtt(connectPacket({ clientId: `inside ${random(1e9)}` }));
      await raw.send(frame(2, packet));
      await raw.send(frame(2, subscribe(random)));
    },
  },
  "noise": {
    to: "any",
    reach: (raw, random) =>
      raw.send(Uint8Array.from({ length: 1 + random(50) }, () => random(256))),
  },
};

const names = Object.keys(states);

/** Opens a connection, brings it into a random state, and drops it. */
export async function passBy(ports: ProbePorts, random: Random): Promise<void> {
  const { to, reach } = states[names[random(names.length)]!]!;
  const raw = await Raw.dial(ports[to]);
  try {
    await reach(raw, random);
  } catch {
    // Its session was taken over, or it said nonsense, and it was hung up on.
  } finally {
    raw.close();
  }
}

/** The first bytes of a TLS handshake: the header of a record, and of a ClientHello. */
const hello = Uint8Array.fromHex("1603010200010001fc0303");

/** Begins a TLS connection, brings it into a random state, and drops it. */
export async function passByTls(
  ports: ProbePorts,
  random: Random,
  caCerts: string[],
): Promise<void> {
  const port = random(2) === 0 ? ports.mqtts : ports.either;
  const state = random(5);
  if (state < 2) {
    const raw = await Raw.dial(port);
    if (state === 1) await raw.send(hello.subarray(0, 1 + random(hello.length)));
    return raw.close();
  }
  const socket = await Deno.connectTls({ hostname: "localhost", port, caCerts });
  const raw = new Raw(socket);
  try {
    if (state === 2) return;
    await connect(raw, random);
    if (state === 3) return;
    await raw.send(subscribe(random));
    await raw.send(half(publish(random, 1), random));
  } catch {
    // Its session was taken over.
  } finally {
    raw.close();
  }
}
