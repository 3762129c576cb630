import assert from "node:assert/strict";
import type { Packet, Publish } from "../../../../protocols/mqtt/packets/packet.ts";
import { FakeSpace } from "../../fakes.ts";
import { dice } from "../dice.ts";
import { ack, connect, publish, subscribe, Talk } from "../talk.ts";

/** A client that keeps QoS 2 to the letter, whatever becomes of its connections. */
class Survivor {
  readonly delivered: string[] = [];
  /** Messages to be sent again until PUBREC has come. */
  readonly #unreceived = new Map<number, Publish>();
  /** Identifiers to be released until PUBCOMP has come. */
  readonly #unreleased = new Set<number>();
  readonly #taken = new Set<number>();
  #talk: Talk | undefined;
  #nextId = 1;

  constructor(readonly name: string, readonly space: FakeSpace, readonly version: 4 | 5) {}

  get isSettled(): boolean {
    return this.#unreceived.size === 0 && this.#unreleased.size === 0;
  }

  get hasRoom(): boolean {
    return this.#unreceived.size + this.#unreleased.size < 20;
  }

  connect(): void {
    const { version, name: clientId } = this;
    // The old connection may still be open: the new one takes over.
    const old = this.#talk;
    this.#talk = new Talk({ space: this.space, version, limits: { maxInflight: 5 } });
    const properties = version === 5 ? { sessionExpiry: 1000 } : undefined;
    this.#talk.say(connect({ version, clientId, clean: false, properties }));
    old?.stage.turn();
    old?.stage.end();
    this.#talk.stage.turn();
    for (const packet of this.#unreceived.values()) this.#talk.say({ ...packet, dup: true });
    for (const id of this.#unreleased) this.#talk.say(ack("pubrel", id));
  }

  subscribe(filter: string): void {
    this.#talk!.say(subscribe(filter));
  }

  send(payload: string): void {
    while (this.#unreceived.has(this.#nextId) || this.#unreleased.has(this.#nextId)) {
      this.#nextId = this.#nextId % 50 + 1;
    }
    const packetId = this.#nextId, packet = publish("t", payload, { qos: 2, packetId });
    this.#nextId = this.#nextId % 50 + 1;
    this.#unreceived.set(packetId, packet);
    this.#talk!.say(packet);
  }

  /** Reads up to `most` packets of what has come; what it does not read is lost when it crashes. */
  read(most: number): void {
    const packets = this.#talk!.hear();
    for (const packet of packets.slice(0, most)) this.#take(packet);
    if (packets.length > most) this.crash();
  }

  crash(): void {
    this.#talk!.stage.end();
    this.connect();
  }

  #take(packet: Packet): void {
    if (packet.type === "publish") {
      if (!this.#taken.has(packet.packetId)) {
        this.delivered.push(new TextDecoder().decode(packet.payload));
      }
      this.#taken.add(packet.packetId);
      this.#talk!.say(ack("pubrec", packet.packetId));
    } else if (packet.type === "pubrel") {
      this.#taken.delete(packet.packetId);
      this.#talk!.say(ack("pubcomp", packet.packetId));
    } else if (packet.type === "pubrec") {
      this.#unreceived.delete(packet.packetId);
      this.#unreleased.add(packet.packetId);
      this.#talk!.say(ack("pubrel", packet.packetId));
    } else if (packet.type === "pubcomp") {
      this.#unreleased.delete(packet.packetId);
    }
  }
}

function survive(seed: number): void {
  const roll = dice(seed), space = new FakeSpace();
  const version = roll(2) === 0 ? 4 : 5;
  const from = [0, 1].map((each) => new Survivor(`from ${each}`, space, version));
  const to = new Survivor("to", space, version);
  const sent: string[] = [];
  for (const each of [to, ...from]) each.connect();
  to.subscribe("t");
  to.read(Infinity);
  for (let step = 0; step < 300; step++) {
    const publisher = from[roll(2)]!, one = [to, ...from][roll(3)]!;
    if (roll(2) === 0 && publisher.hasRoom) {
      publisher.send(`${sent.length}`);
      sent.push(`${sent.length}`);
    }
    one.read(roll(8) === 0 ? roll(3) : Infinity);
    if (roll(12) === 0) one.crash();
    // A second connection comes while the first is still there.
    if (roll(30) === 0) one.connect();
  }
  for (let round = 0; round < 2000 && to.delivered.length < sent.length; round++) {
    for (const each of [to, ...from]) each.read(Infinity);
  }
  for (let round = 0; round < 10; round++) for (const each of [to, ...from]) each.read(Infinity);
  const byNumber = (one: string, other: string) => Number(one) - Number(other);
  assert.deepEqual(to.delivered.toSorted(byNumber), sent);
  assert.ok(from.every((each) => each.isSettled));
}

Deno.test("MqttSession delivers each message of QoS 2 once, however often clients crash", () => {
  for (let seed = 1; seed <= 200; seed++) {
    try {
      survive(seed * 104_729);
    } catch (error) {
      throw new Error(`The conversation with seed ${seed * 104_729} went wrong`, { cause: error });
    }
  }
});
