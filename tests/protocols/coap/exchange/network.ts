import {
  ACK,
  Code,
  CON,
  decode,
  encode,
  Message,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { FakeDatagrams, seeded, valueOf } from "../fake_datagrams.ts";

/** What a clock is moved for. */
export interface Ticking {
  readonly deadline: number;
  tick(now: number): void;
}

/** Datagrams of which 30 % are lost, 20 % come twice, and all come after 1 to 400 ms. */
export class Network {
  now = 1_000_000;
  #queue: { at: number; arrive: () => void }[] = [];

  constructor(readonly random: () => number) {}

  carry(arrive: () => void): void {
    if (this.random() < 0.3) return;
    this.after(1 + this.random() * 400, arrive);
    if (this.random() < 0.2) this.after(1 + this.random() * 400, arrive);
  }

  after(ms: number, arrive: () => void): void {
    this.#queue.push({ at: this.now + ms, arrive });
  }

  /** Moves the clock; `clients` have deadlines of their own. */
  run(stage: FakeDatagrams, until: number, clients: readonly Ticking[] = []): void {
    while (this.now < until) {
      this.#queue.sort((a, b) => a.at - b.at);
      const deadlines = clients.map(({ deadline }) => deadline);
      const next = Math.min(this.#queue[0]?.at ?? until, stage.session.deadline, ...deadlines);
      this.now = Math.max(this.now, Math.min(until, next));
      stage.wait(this.now - stage.now);
      for (const client of clients) if (client.deadline <= this.now) client.tick(this.now);
      while (this.#queue[0] && this.#queue[0].at <= this.now) this.#queue.shift()!.arrive();
    }
  }
}

/** A client that sends each request until it is answered, and follows its observations. */
export class Client {
  readonly answers = new Map<string, Message>();
  /** Of the newest notification by RFC 7641 §3.4. */
  seen: { sequence: number; text: string } | undefined;
  readonly address: string;
  readonly stage: FakeDatagrams;
  readonly network: Network;
  #acknowledged = new Set<number>();
  #waiting = new Map<string, (answer: Message) => void>();

  constructor(
    { stage, network }: { stage: FakeDatagrams; network: Network },
    readonly index: number,
  ) {
    this.stage = stage;
    this.network = network;
    this.address = `192.0.2.${index + 1}:5000`;
  }

  /** Calls `then` with the first answer to a token. */
  whenAnswered(token: Uint8Array, then: (answer: Message) => void): void {
    this.#waiting.set(token.join(), then);
  }

  send(message: Message, attempt = 0): void {
    const { network, stage } = this, key = message.token.join();
    if (attempt > 8 || this.answers.has(key) || this.#acknowledged.has(message.id)) return;
    network.carry(() => stage.feed(encode(message), this.address));
    network.after(1000 * 2 ** Math.min(attempt, 4), () => this.send(message, attempt + 1));
  }

  receive(datagram: Uint8Array): void {
    const message = decode(datagram, 64);
    if (message.type === ACK) this.#acknowledged.add(message.id);
    if (message.code === Code.empty) return;
    const key = message.token.join(), then = this.#waiting.get(key);
    this.answers.set(key, message);
    this.#waiting.delete(key);
    then?.(message);
    if (message.type === CON) {
      const ack = encode(new Message(ACK, Code.empty, message.id));
      this.network.carry(() => this.stage.feed(ack, this.address));
    }
    const observe = valueOf(message, Options.observe);
    if (observe === undefined) return;
    const sequence = uintOf(observe), text = new TextDecoder().decode(message.payload);
    if (this.seen === undefined || sequence > this.seen.sequence) this.seen = { sequence, text };
  }
}

/** One session, and clients that reach it over one network. */
export function joinNetwork(seed: number, count: number): [FakeDatagrams, Network, Client[]] {
  const random = seeded(seed);
  const network = new Network(random);
  const stage = new FakeDatagrams({ maxRetransmit: 8 }, undefined, random);
  const clients = Array.from(
    { length: count },
    (_, index) => new Client({ stage, network }, index),
  );
  const byAddress = new Map(clients.map((client) => [client.address, client]));
  stage.onSend = (datagram, to) => {
    network.carry(() => byAddress.get(to)?.receive(datagram));
  };
  return [stage, network, clients];
}
