import { Client, type ClientOptions } from "./client.ts";
import { ackPacket, PublishTemplate, subscribePacket, type Version } from "./packets.ts";
import { Samples } from "./samples.ts";

const defaults = {
  /** 32 KiB: enough for one write to carry many messages, little enough to be stopped by the server. */
  aheadBytes: 32_768,
  /** 2 s without a delivery after the last message was sent: what is missing will not come. */
  quietMs: 2000,
};

/** What to publish, how fast, and to how many. */
export interface PubsubOptions {
  hostname: string;
  port: number;
  /** Where the subscribers are: on the other side of a bridge. */
  subscriberPort: number;
  webSocket: boolean;
  version: Version;
  /** True when the subscribers share one subscription. */
  shared: boolean;
  pubs: number;
  subs: number;
  topics: number;
  qos: number;
  size: number;
  perPub: number;
  window: number;
  rate: number;
  seconds: number;
}

/** The last line of a run. */
export interface PubsubResult {
  mode: "pubsub";
  pubs: number;
  subs: number;
  qos: number;
  size: number;
  ws: number;
  sent: number;
  delivered: number;
  lost: number;
  duplicated: boolean;
  timed_out: boolean;
  duration_s: number;
  sent_per_s: number;
  delivered_per_s: number;
  p50_us: number;
  p99_us: number;
  max_us: number;
}

/** What all clients of a run count together. */
class Tally {
  readonly latencies = new Samples();
  sent = 0;
  acked = 0;
  received = 0;
  lastAt = performance.now();
}

/** Runs publishers and subscribers until everything has arrived or nothing more does. */
export async function pubsub(options: PubsubOptions): Promise<PubsubResult> {
  const { pubs, subs, qos, size, perPub, shared } = options;
  const tally = new Tally();
  for (let i = 0; i < subs; i++) await subscriber(options, tally, i);
  const publishers: Publisher[] = [];
  for (let i = 0; i < pubs; i++) publishers.push(await Publisher.open(options, tally, i));
  const start = tally.lastAt = performance.now();
  const timedOut = await finished(publishers, options, tally);
  const seconds = Math.max(tally.lastAt - start, 0.001) / 1000;
  const want = perPub * pubs * (shared ? 1 : subs);
  return {
    mode: "pubsub",
    pubs,
    subs,
    qos,
    size,
    ws: options.webSocket ? 1 : 0,
    sent: tally.sent,
    delivered: tally.received,
    lost: Math.max(0, want - tally.received),
    duplicated: tally.received > want,
    timed_out: timedOut,
    duration_s: Number(seconds.toFixed(3)),
    sent_per_s: Math.round(tally.sent / seconds),
    delivered_per_s: Math.round(tally.received / seconds),
    p50_us: tally.latencies.quantile(0.5),
    p99_us: tally.latencies.quantile(0.99),
    max_us: tally.latencies.quantile(1),
  };
}

/** Drives the publishers; true when time ran out. */
async function finished(
  publishers: Publisher[],
  { pubs, subs, shared, qos, perPub, rate, seconds }: PubsubOptions,
  tally: Tally,
): Promise<boolean> {
  const toSend = perPub * pubs;
  const toReceive = toSend * (shared ? 1 : subs);
  const limit = performance.now() + seconds * 1000;
  let sentAt = Infinity;
  for (;;) {
    for (const publisher of publishers) publisher.pump();
    const now = performance.now();
    if (tally.sent === toSend && sentAt === Infinity) sentAt = now;
    if (tally.received >= toReceive && (qos === 0 || tally.acked === toSend)) return false;
    if (now - Math.max(sentAt, tally.lastAt) > defaults.quietMs) return false;
    if (now > limit) return true;
    await new Promise((resolve) => setTimeout(resolve, rate > 0 ? 1 : 10));
  }
}

async function subscriber(options: PubsubOptions, tally: Tally, index: number): Promise<void> {
  const { version, shared, subscriberPort: port } = options;
  const properties = version === 5 ? 1 : 0;
  const { promise, resolve } = Promise.withResolvers<void>();
  const client: Client = await Client.open({
    ...connection(options),
    port,
    clientId: `load-${Deno.pid}-2-${index}`,
    onPacket(first, bytes, from) {
      if (first === 0x90) return resolve();
      if (first === 0x62) return client.emit(ackPacket(0x70, bytes, from));
      if (first >> 4 !== 3) return;
      const qos = first >> 1 & 3;
      const idAt = from + 2 + (bytes[from]! << 8 | bytes[from + 1]!);
      tally.lastAt = performance.now();
      tally.received++;
      const timeAt = (qos > 0 ? idAt + 2 : idAt) + properties;
      tally.latencies.add((tally.lastAt - readTime(bytes, timeAt)) * 1000);
      if (qos > 0) client.emit(ackPacket(qos === 1 ? 0x40 : 0x50, bytes, idAt));
    },
  });
  const filter = shared ? "$share/load/bench/#" : "bench/#";
  client.emit(subscribePacket(1, [filter], options.qos, version));
  client.flush();
  await promise;
}

class Publisher {
  #client!: Client;
  #template: PublishTemplate;
  #sent = 0;
  #acked = 0;
  #id = 0;
  #dueAt = 0;

  static async open(options: PubsubOptions, tally: Tally, index: number): Promise<Publisher> {
    const publisher = new Publisher(options, tally, index);
    publisher.#client = await Client.open({
      ...connection(options),
      clientId: `load-${Deno.pid}-1-${index}`,
      onPacket: (first, bytes, from) => publisher.#acknowledged(first, bytes, from),
      onDrained: () => publisher.pump(),
    });
    return publisher;
  }

  constructor(readonly options: PubsubOptions, readonly tally: Tally, index: number) {
    const { topics, size, qos, version } = options;
    this.#template = new PublishTemplate(`bench/${index % topics}`, size, { qos, version });
  }

  /** Publishes what window, pace and the server's appetite allow. */
  pump(): void {
    const { perPub, qos, window, rate } = this.options;
    while (this.#sent < perPub && this.#client.waiting < defaults.aheadBytes) {
      if (qos > 0 && this.#sent - this.#acked >= window) break;
      const now = performance.now();
      if (rate > 0) {
        this.#dueAt ||= now;
        if (now < this.#dueAt) break;
        this.#dueAt += 1000 / rate;
      }
      this.#id = this.#id % 65535 + 1;
      this.#client.emit(this.#template.stamp(this.#id, now));
      this.#sent++;
      this.tally.sent++;
    }
    this.#client.flush();
  }

  #acknowledged(first: number, bytes: Uint8Array, from: number): void {
    if (first === 0x50) return this.#client.emit(ackPacket(0x62, bytes, from));
    // PUBACK and PUBCOMP end an exchange.
    if (first !== 0x40 && first !== 0x70) return;
    this.#acked++;
    this.tally.acked++;
    if (this.options.rate === 0) this.pump();
  }
}

function connection(
  { hostname, port, webSocket, version }: PubsubOptions,
): Omit<ClientOptions, "clientId"> {
  return { hostname, port, webSocket, version };
}

function readTime(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + at, 8).getFloat64(0);
}
