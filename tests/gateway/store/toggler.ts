import assert from "node:assert/strict";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { dialMqtt, type MqttClient } from "../../interop/mqtt_client.ts";

const FILTERS = 8;

/** A subscription as it stands in an export: flags and identifier. */
type Wish = readonly [flags: number, id: number | null];

/** One session that subscribes and unsubscribes all the time, and remembers what was acknowledged. */
export class Toggler {
  readonly #known = new Map<string, Wish>();
  /** What was asked for last and not acknowledged; its filter may be as before, or so. */
  #asked: { filter: string; wish: Wish | undefined } | undefined;
  #isKnown = false;

  constructor(readonly name: string, readonly roll: (limit: number) => number) {}

  async run(port: number): Promise<void> {
    let client: MqttClient | undefined;
    try {
      client = await dialMqtt(port, {
        clientId: this.name,
        version: 5,
        clean: false,
        properties: { sessionExpiry: 3600 },
      });
      const [connack] = client.packets;
      assert.equal(connack?.type === "connack" && connack.sessionPresent, this.#isKnown);
      this.#isKnown = true;
      for (;;) await this.#toggle(client);
    } catch (error) {
      const { name, message } = error as Error;
      if (!name.startsWith("Connection") && !message.includes("connection ended")) throw error;
    } finally {
      await client?.close();
    }
  }

  /** Fails where the rows of an export are not what was acknowledged. */
  check(rows: readonly { filter: string; flags: number; id: number | null }[]): void {
    const found = new Map(rows.map(({ filter, flags, id }) => [filter, `${[flags, id]}`]));
    for (let at = 0; at < FILTERS; at++) {
      const filter = `toggled/${at}`, wish = this.#known.get(filter);
      const right = [wish, ...this.#asked?.filter === filter ? [this.#asked.wish] : []];
      const texts = right.map((each) => each && `${each}`);
      assert.ok(texts.includes(found.get(filter)), `${filter}: ${found.get(filter)}, not ${texts}`);
    }
    // What the store says is how it is from now on.
    this.#asked = undefined;
    this.#known.clear();
    for (const { filter, flags, id } of rows) this.#known.set(filter, [flags, id]);
  }

  async #toggle(client: MqttClient): Promise<void> {
    const filter = `toggled/${this.roll(FILTERS)}`, packetId = client.nextId();
    const isEnd = this.roll(3) === 0, id = this.roll(3);
    const qos = this.roll(3) as 0 | 1 | 2;
    const noLocal = this.roll(2) === 0, retainAsPublished = this.roll(2) === 0;
    const flags = qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0);
    const wish: Wish | undefined = isEnd ? undefined : [flags, id || null];
    this.#asked = { filter, wish };
    const properties = id > 0 ? { subscriptionIds: [id] } : undefined;
    const request = { filter, qos, noLocal, retainAsPublished, retainHandling: 2 } as const;
    const packet: Packet = isEnd
      ? { type: "unsubscribe", packetId, filters: [filter], properties: undefined }
      : { type: "subscribe", packetId, filters: [request], properties };
    await client.send(packet);
    assert.equal((await client.next()).type, isEnd ? "unsuback" : "suback");
    if (wish === undefined) this.#known.delete(filter);
    else this.#known.set(filter, wish);
    this.#asked = undefined;
  }
}
