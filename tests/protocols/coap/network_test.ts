import assert from "node:assert/strict";
import { ACK, Code, CON, decode, encode, Message, Option } from "../../../protocols/coap/codec.ts";
import { Options, uint, uintOf } from "../../../protocols/coap/options.ts";
import { FakeDatagrams, request, seeded, valueOf } from "./fake_datagrams.ts";

/** Datagrams of which 30 % are lost, 20 % come twice, and all come after 1 to 400 ms. */
class Network {
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

  run(stage: FakeDatagrams, until: number): void {
    while (this.now < until) {
      this.#queue.sort((a, b) => a.at - b.at);
      const at = Math.min(until, this.#queue[0]?.at ?? until, stage.session.deadline);
      this.now = Math.max(this.now, at);
      stage.wait(this.now - stage.now);
      while (this.#queue[0] && this.#queue[0].at <= this.now) this.#queue.shift()!.arrive();
    }
  }
}

/** A client that sends each request until it is answered, and follows its observations. */
class Client {
  readonly answers = new Map<string, Message>();
  /** Of the newest notification by RFC 7641 §3.4. */
  seen: { sequence: number; text: string } | undefined;
  #acknowledged = new Set<number>();

  constructor(readonly stage: FakeDatagrams, readonly network: Network, readonly address: string) {}

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
    this.answers.set(message.token.join(), message);
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

function join(seed: number, count: number): [FakeDatagrams, Network, Client[]] {
  const random = seeded(seed);
  const network = new Network(random);
  const stage = new FakeDatagrams({ maxRetransmit: 8 }, undefined, random);
  const clients = Array.from(
    { length: count },
    (_, index) => new Client(stage, network, `192.0.2.${index + 1}:5000`),
  );
  const byAddress = new Map(clients.map((client) => [client.address, client]));
  stage.onSend = (datagram, to) => {
    network.carry(() => byAddress.get(to)?.receive(datagram));
  };
  return [stage, network, clients];
}

for (const seed of [1, 2, 3]) {
  Deno.test(`CoapSession publishes once over a bad network (seed ${seed})`, () => {
    const [stage, network, clients] = join(seed, 5);
    for (const [index, client] of clients.entries()) {
      for (let round = 0; round < 40; round++) {
        const token = Uint8Array.of(round), payload = `${index} ${round}`;
        network.after(round * 200, () => {
          client.send(request(Code.post, "/topics/t", { token, payload }));
        });
      }
    }
    network.run(stage, network.now + 240_000);
    const texts = stage.space.published.map((publication) => publication.text());
    assert.equal(new Set(texts).size, texts.length, "carried out twice");
    for (const client of clients) {
      assert(client.answers.size >= 39);
      for (const { code } of client.answers.values()) assert.equal(code, Code.changed);
    }
    network.run(stage, network.now + 300_000);
    assert.deepEqual(stage.session.load.peers, 0);
  });

  Deno.test(`Observation converges on the last value over a bad network (seed ${seed})`, () => {
    const [stage, network, clients] = join(seed, 10);
    const options = [new Option(Options.observe, uint(0))];
    for (const client of clients) client.send(request(Code.get, "/topics/t?qos=1", { options }));
    network.run(stage, network.now + 60_000);
    for (let value = 0; value < 100; value++) {
      stage.tell("t", String(value));
      network.run(stage, network.now + 100);
    }
    network.run(stage, network.now + 400_000);
    const reached = clients.filter(({ seen }) => seen !== undefined);
    assert(reached.length >= 9);
    assert.deepEqual(reached.map(({ seen }) => seen!.text), reached.map(() => "99"));
    assert.equal(stage.session.load.timers, stage.session.load.observers);
  });
}
