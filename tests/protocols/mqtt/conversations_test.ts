import assert from "node:assert/strict";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, FakeSpace, hex } from "../fakes.ts";
import { dice } from "./dice.ts";
import { Model } from "./model.ts";
import { ack, connect, disconnect, ping, publish, subscribe, Talk } from "./talk.ts";

const topics = ["a", "a/b", "a/b/c", "b", "/", "$x/a", "a//b"];
const filters = ["#", "+", "a/#", "a/+", "+/b", "a", "b", "$x/#", "+/+", "a/b/c", "/#"];

/** What no client may say after CONNECT, and the reason that MQTT 5 gives. */
const wrong: [hex: string, reason: number][] = [
  ["0000", 0x81],
  ["c100", 0x81],
  ["3600", 0x81],
  ["8000", 0x81],
  ["2003 000000", 0x82],
  ["d000", 0x82],
  ["9003 0001 00", 0x82],
  ["1000", 0x82],
  ["c0 ffffffff 7f", 0x81],
];

class Driver {
  readonly #roll: (limit: number) => number;
  readonly #space = new FakeSpace();
  readonly #model: Model;
  #talk: Talk;
  #stays = false;
  #count = 0;

  constructor(seed: number) {
    this.#roll = dice(seed);
    this.#model = new Model(this.#roll(2) === 0 ? 4 : 5);
    this.#talk = this.#dial();
  }

  run(): void {
    this.#connect();
    for (let steps = 5 + this.#roll(40); steps > 0; steps--) this.#step();
    this.#talk.stage.end();
  }

  #dial(): Talk {
    return new Talk({ space: this.#space, version: this.#model.version });
  }

  #connect(): void {
    const clean = this.#roll(3) === 0;
    this.#stays = this.#model.version === 4 ? !clean : this.#roll(2) === 0;
    const properties = this.#stays && this.#model.version === 5 ? { sessionExpiry: 99 } : undefined;
    const { version } = this.#model;
    this.#check(this.#model.connect(clean), [connect({ version, clean, properties })]);
  }

  /** Says something, in pieces of any size, and compares what comes with what must come. */
  #check(expected: string[], packets: Packet[], raw?: Uint8Array): void {
    const { stage } = this.#talk;
    if (raw !== undefined) stage.feed(raw, 1 + this.#roll(9));
    this.#talk.say(...packets);
    const heard = this.#model.heard(this.#talk.hear());
    // Stored messages come in any order.
    assert.deepEqual(heard.toSorted(), expected.toSorted());
    const acks = (all: string[]) => all.filter((each) => !each.startsWith("publish"));
    assert.deepEqual(acks(heard), acks(expected));
  }

  #step(): void {
    const roll = this.#roll, model = this.#model;
    const topic = topics[roll(topics.length)]!, filter = filters[roll(filters.length)]!;
    const packetId = 1 + roll(4), payload = roll(6) === 0 ? "" : `m${++this.#count}`;
    const message = { topic, payload, qos: roll(3), retain: roll(4) === 0 };
    switch (roll(14)) {
      case 0:
      case 1:
      case 2: {
        const id = message.qos === 0 ? 0 : packetId;
        const expected = model.publish(message, { own: true, packetId: id });
        const { qos, retain } = message;
        const packet = publish(topic, payload, { qos: qos as 0 | 1 | 2, retain, packetId: id });
        return this.#check(expected, [packet]);
      }
      case 3:
      case 4:
        return this.#others(message);
      case 5:
      case 6:
        return this.#subscribe(filter);
      case 7:
        return this.#check(model.unsubscribe(packetId, filter), [
          { type: "unsubscribe", packetId, filters: [filter], properties: undefined },
        ]);
      case 8:
      case 9:
        return this.#acknowledge();
      case 10:
        return this.#check(model.release(packetId), [ack("pubrel", packetId)]);
      case 11:
        return this.#check(["pingresp"], [ping]);
      case 12:
        return this.#break();
      default:
        return this.#return(message);
    }
  }

  #others(message: { topic: string; payload: string; qos: number; retain: boolean }): void {
    const { topic, payload, retain } = message, qos = message.qos as 0 | 1 | 2;
    this.#space.publish(new Publication(topic, bytes(payload), { qos, retain }));
    const expected = this.#model.publish(message, { own: false, packetId: 0 });
    if (this.#model.online) this.#check(expected, []);
  }

  #subscribe(filter: string): void {
    const roll = this.#roll, isNew = this.#model.version === 5;
    const id = isNew && roll(2) === 0 ? 1 + roll(300) : undefined;
    const options = {
      qos: roll(3) as 0 | 1 | 2,
      noLocal: isNew && roll(4) === 0,
      retainAsPublished: isNew && roll(2) === 0,
      retainHandling: (isNew ? roll(3) : 0) as 0 | 1 | 2,
    };
    const properties = id === undefined ? undefined : { subscriptionIds: [id] };
    const expected = this.#model.subscribe(1, { filter, id, ...options });
    this.#check(expected, [subscribe(filter, { ...options, properties })]);
  }

  #acknowledge(): void {
    const roll = this.#roll, model = this.#model;
    const one = model.sent[roll(model.sent.length + 1)];
    const unknown = 60_000 + roll(9);
    if (one === undefined) {
      const type = (["puback", "pubrec", "pubcomp"] as const)[roll(3)]!;
      return this.#check(model.acknowledge(type, unknown), [ack(type, unknown)]);
    }
    const right = one.qos === 1 ? "puback" : one.released ? "pubcomp" : "pubrec";
    if (roll(12) > 0) {
      return this.#check(model.acknowledge(right, one.packetId), [ack(right, one.packetId)]);
    }
    // An acknowledgement of the other QoS.
    const other = one.qos === 1 ? "pubrec" : "puback";
    this.#end(model.version === 5 ? [`disconnect ${0x82}`] : [], [ack(other, one.packetId)]);
  }

  #break(): void {
    const [digits, reason] = wrong[this.#roll(wrong.length)]!;
    this.#end(this.#model.version === 5 ? [`disconnect ${reason}`] : [], [], hex(digits));
  }

  /** The connection ends, messages come meanwhile, and the client returns. */
  #return(message: { topic: string; payload: string; qos: number; retain: boolean }): void {
    if (this.#roll(2) === 0) {
      return this.#end([], [disconnect()], undefined, () => this.#others(message));
    }
    this.#talk.stage.end();
    this.#model.leave(this.#stays);
    for (let more = this.#roll(3); more > 0; more--) this.#others(message);
    this.#talk = this.#dial();
    this.#connect();
  }

  #end(expected: string[], packets: Packet[], raw?: Uint8Array, meanwhile = () => {}): void {
    this.#check(expected, packets, raw);
    assert.ok(this.#talk.stage.closed, "closed");
    this.#talk.stage.end();
    this.#model.leave(this.#stays);
    meanwhile();
    this.#talk = this.#dial();
    this.#connect();
  }
}

Deno.test("MqttSession does what the specification says in 2,000 random conversations", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    try {
      new Driver(seed * 7919).run();
    } catch (error) {
      throw new Error(`Conversation with seed ${seed * 7919} went wrong`, { cause: error });
    }
  }
});
