// How fast a broker hands all its stored values to somebody who subscribes to `#`.
//
//   mqtt_retained.ts -p PORT [-n VALUES] [-s bytes] [-k subscribers, one after the other]
//
// The last line is one JSON object: the median rate of the subscribers, and what they did not get.

import { parseArgs } from "node:util";
import { median } from "../table.ts";
import { Client } from "./client.ts";
import { PublishTemplate, subscribePacket } from "./packets.ts";

const defaults = {
  /** Unacknowledged values while they are being stored. */
  window: 500,
  /** 2 s without a value: what is missing will not come. */
  quietMs: 2000,
};

const { values } = parseArgs({
  options: {
    host: { type: "string", short: "h", default: "127.0.0.1" },
    port: { type: "string", short: "p", default: "1883" },
    count: { type: "string", short: "n", default: "100000" },
    size: { type: "string", short: "s", default: "64" },
    subscribers: { type: "string", short: "k", default: "3" },
  },
});

const where = { hostname: values.host, port: Number(values.port) };
const count = Number(values.count);

await store();
const rates: number[] = [];
let lost = 0;
for (let i = 0; i < Number(values.subscribers); i++) {
  const { received, seconds } = await readAll(i);
  rates.push(received / seconds);
  lost += count - received;
}
console.log(JSON.stringify({ mode: "retained", count, lost, values_per_s: median(rates) }));
Deno.exit(0);

async function store(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let sent = 0, acked = 0;
  const client: Client = await Client.open({
    ...where,
    clientId: "retained-publisher",
    onPacket(first) {
      if (first !== 0x40) return;
      if (++acked === count) resolve();
      pump();
    },
  });
  function pump(): void {
    for (; sent < count && sent - acked < defaults.window; sent++) {
      const options = { qos: 1, retain: true };
      const packet = new PublishTemplate(
        `values/${sent % 100}/${sent}`,
        Number(values.size),
        options,
      );
      client.emit(packet.stamp(sent % 65535 + 1, 0));
    }
    client.flush();
  }
  pump();
  await promise;
  client.close();
}

async function readAll(index: number): Promise<{ received: number; seconds: number }> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let received = 0, lastAt = performance.now();
  const client: Client = await Client.open({
    ...where,
    clientId: `retained-subscriber-${index}`,
    onPacket(first) {
      if (first >> 4 !== 3) return;
      lastAt = performance.now();
      if (++received === count) resolve();
    },
  });
  const start = performance.now();
  client.emit(subscribePacket(1, ["#"], 0));
  client.flush();
  const timer = setInterval(() => {
    if (performance.now() - Math.max(start, lastAt) > defaults.quietMs) resolve();
  }, 100);
  await promise;
  clearInterval(timer);
  client.close();
  return { received, seconds: (lastAt - start) / 1000 };
}
