// An MQTT load generator in one process; the options and the last line are those of mqtt_load.c, and
// more: -V 5 speaks MQTT 5, -G has the subscribers share one subscription, -Q is the subscribers' port.
//
//   mqtt_load.ts pubsub -p PORT [-P pubs] [-S subs] [-t topics] [-q qos] [-s bytes]
//                [-n msgs-per-pub] [-w window] [-r msgs/s-per-pub] [-W] [-V 4|5] [-G] [-Q PORT] [-T secs]
//   mqtt_load.ts conns  -p PORT [-n connections] [-T hold-secs]
//
// The last line is one JSON object. Exit 0 when the run ended by itself and, at QoS 1 and 2, nothing was lost.

import { parseArgs } from "node:util";
import { Client } from "./client.ts";
import { pubsub } from "./pubsub.ts";

/** Handshakes at a time while connections are opened. */
const AT_ONCE = 64;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", short: "h", default: "127.0.0.1" },
    port: { type: "string", short: "p", default: "1883" },
    pubs: { type: "string", short: "P", default: "1" },
    subs: { type: "string", short: "S", default: "1" },
    topics: { type: "string", short: "t", default: "1" },
    qos: { type: "string", short: "q", default: "0" },
    size: { type: "string", short: "s", default: "64" },
    count: { type: "string", short: "n", default: "100000" },
    window: { type: "string", short: "w", default: "100" },
    rate: { type: "string", short: "r", default: "0" },
    seconds: { type: "string", short: "T", default: "60" },
    websocket: { type: "boolean", short: "W", default: false },
    version: { type: "string", short: "V", default: "4" },
    shared: { type: "boolean", short: "G", default: false },
    subscribers: { type: "string", short: "Q" },
  },
});

const where = { hostname: values.host, port: Number(values.port), webSocket: values.websocket };
const seconds = Number(values.seconds);

if (positionals[0] === "conns") await conns(Number(values.count));
else {
  const result = await pubsub({
    ...where,
    subscriberPort: Number(values.subscribers ?? values.port),
    version: values.version === "5" ? 5 : 4,
    shared: values.shared,
    pubs: Number(values.pubs),
    subs: Number(values.subs),
    topics: Number(values.topics),
    qos: Number(values.qos),
    // The time takes eight bytes.
    size: Math.max(8, Number(values.size)),
    perPub: Number(values.count),
    window: Number(values.window),
    rate: Number(values.rate),
    seconds,
  });
  console.log(JSON.stringify(result));
  Deno.exit(result.timed_out || (result.qos > 0 && result.lost > 0) ? 1 : 0);
}

async function conns(asked: number): Promise<void> {
  const clients: Client[] = [];
  const start = performance.now();
  let opened = 0;
  async function open(): Promise<void> {
    while (opened < asked) {
      const clientId = `load-${Deno.pid}-3-${opened++}`;
      clients.push(await Client.open({ ...where, clientId, readBytes: 64 }));
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, open));
  const elapsed = (performance.now() - start) / 1000;
  console.error(`${clients.length} connections ready after ${elapsed.toFixed(2)} s`);
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const alive = clients.filter((client) => client.isOpen).length;
  console.log(JSON.stringify({
    mode: "conns",
    asked,
    ready: clients.length,
    alive,
    connect_s: Number(elapsed.toFixed(3)),
    connects_per_s: Math.round(clients.length / elapsed),
  }));
  Deno.exit(alive === asked ? 0 : 1);
}
