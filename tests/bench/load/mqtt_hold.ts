// Holds something on a broker while others are measured, until it is killed.
//
//   mqtt_hold.ts filters -p PORT -n FILTERS   subscriptions that match nothing that is published
//   mqtt_hold.ts silent  -p PORT -n CLIENTS   subscribers of bench/# that never read
//   mqtt_hold.ts clients -p PORT -n CLIENTS -c FILTERS   clients with that many subscriptions each. Says
//                                                        `connected`, waits for SIGUSR2, has half of them
//                                                        subscribe, says `half`, and waits again
//
// Says `holding` once all is in place.

import { parseArgs } from "node:util";
import { Client } from "./client.ts";
import { connectPacket, subscribePacket } from "./packets.ts";

/** 1,000 subscriptions a client: what any broker grants; and 100 of them in one packet. */
const PER_CLIENT = 1000;
const PER_PACKET = 100;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    host: { type: "string", short: "h", default: "127.0.0.1" },
    port: { type: "string", short: "p", default: "1883" },
    count: { type: "string", short: "n", default: "1" },
    each: { type: "string", short: "c", default: "100" },
  },
});

const hostname = values.host;
const port = Number(values.port);
const count = Number(values.count);
const held: unknown[] = [];

class Subscriber {
  #client!: Client;
  #acknowledged = () => {};

  static async open(clientId: string): Promise<Subscriber> {
    const subscriber = new Subscriber();
    subscriber.#client = await Client.open({
      hostname,
      port,
      clientId,
      readBytes: 2048,
      onPacket(first, bytes, bodyFrom, bodyTo) {
        if (first !== 0x90) return;
        if (bytes.subarray(bodyFrom + 2, bodyTo).includes(0x80)) throw new Error("SUBACK refused");
        subscriber.#acknowledged();
      },
    });
    return subscriber;
  }

  async subscribe(from: number, to: number): Promise<void> {
    for (let next = from; next < to; next += PER_PACKET) {
      const count = Math.min(PER_PACKET, to - next);
      const names = Array.from({ length: count }, (_, i) => name(next + i));
      const done = new Promise<void>((resolve) => this.#acknowledged = resolve);
      this.#client.emit(subscribePacket(1, names, 0));
      this.#client.flush();
      await done;
    }
  }
}

if (positionals[0] === "silent") {
  for (let i = 0; i < count; i++) held.push(await silent(`silent-${i}`));
} else if (positionals[0] === "clients") {
  const each = Number(values.each);
  let go = () => {};
  Deno.addSignalListener("SIGUSR2", () => go());
  const subscribers: Subscriber[] = [];
  for (let i = 0; i < count; i++) subscribers.push(await Subscriber.open(`client-${i}`));
  for (const [i, subscriber] of subscribers.entries()) {
    if (i === 0 || i === count >> 1) {
      console.log(i === 0 ? "connected" : "half");
      await new Promise<void>((resolve) => go = resolve);
    }
    await subscriber.subscribe(i * each, (i + 1) * each);
  }
  held.push(subscribers);
} else {
  for (let from = 0; from < count; from += PER_CLIENT) {
    const subscriber = await Subscriber.open(`filters-${from}`);
    await subscriber.subscribe(from, Math.min(count, from + PER_CLIENT));
    held.push(subscriber);
  }
}
console.log("holding", held.length);
// Connections that nobody reads do not keep a program alive.
setInterval(() => held.length, 1 << 30);

/** Its socket's buffers fill up, and then the broker's. */
async function silent(clientId: string): Promise<Deno.TcpConn> {
  const stream = await Deno.connect({ hostname, port });
  await stream.write(connectPacket(clientId));
  await readExactly(stream, 4);
  await stream.write(subscribePacket(1, ["bench/#"], 0));
  await readExactly(stream, 5);
  return stream;
}

async function readExactly(stream: Deno.TcpConn, bytes: number): Promise<void> {
  for (let left = bytes; left > 0;) {
    const read = await stream.read(new Uint8Array(left));
    if (read === null) throw new Error("Closed by the server");
    left -= read;
  }
}

/** Neighbours of `bench/0` on every branch that a match must look at. */
function name(i: number): string {
  switch (i % 4) {
    case 0:
      return `bench/0/${i}`;
    case 1:
      return `bench/+/${i}/#`;
    case 2:
      return `+/other/${i}`;
    default:
      return `other/${i}`;
  }
}
