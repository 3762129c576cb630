import assert from "node:assert/strict";
import { coap, gateway, http, Log, MemoryTransport, mqtt, sqliteStore, tcp } from "../../../mod.ts";
import type { Connack, Connect } from "../../../protocols/mqtt/packets/packet.ts";
import { MemoryDatagrams } from "../../../transports/memory_datagrams.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { request } from "../../protocols/coap/fake_datagrams.ts";
import { bytes } from "../../protocols/fakes.ts";
import { CoapClient } from "../lab.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const limits = { maxRetainedPerUser: 3, maxRetainedPerUserBytes: 1_000 };

/** A gateway where everybody is who he says he is, and the ways in. */
class House implements AsyncDisposable {
  readonly #mqtt = new MemoryTransport();
  readonly #network = new MemoryDatagrams();
  readonly #clients: MqttClient[] = [];
  #port = 0;

  constructor(readonly hub: ReturnType<typeof gateway>) {}

  static async open(file?: string): Promise<House> {
    const authenticate = ({ username }: { username?: string | undefined }) => ({ user: username! });
    const store = file === undefined ? undefined : sqliteStore(file);
    const log = new Log({ sink: () => {} });
    const house = new House(gateway({ limits, log, store, hooks: { authenticate } }));
    await house.hub.listen(house.#mqtt, mqtt({ maxSessionsPerUser: 2 })).ready;
    await house.hub.listen(house.#network, coap()).ready;
    house.#port = (await house.hub.listen(tcp({ port: 0 }), http()).ready).port;
    return house;
  }

  /** The reason in CONNACK. */
  async connect(username: string, clientId: string, more: Partial<Connect> = {}): Promise<number> {
    const client = new MqttClient(this.#mqtt.connect(), 5);
    this.#clients.push(client);
    const properties = { sessionExpiry: 0xffff_ffff };
    const stay = { version: 5, clean: false, username, properties } as const;
    const answer: Connack = await client.introduce({ clientId, ...stay, ...more });
    return answer.reason;
  }

  /** The reason in PUBACK to a value that the client that connected last stores. */
  async store(topic: string): Promise<number> {
    const client = this.#clients.at(-1)!, common = { dup: false, properties: undefined };
    const value = { topic, payload: bytes("v"), qos: 1, retain: true, packetId: 1 } as const;
    await client.send({ type: "publish", ...value, ...common });
    const answer = await client.next();
    return "reason" in answer ? answer.reason : -1;
  }

  async put(user: string, topic: string, body = "v"): Promise<number> {
    const headers = { authorization: `Basic ${btoa(`${user}:x`)}` };
    const url = `http://127.0.0.1:${this.#port}/topics/${topic}`;
    const answer = await fetch(url, { method: "PUT", headers, body });
    await answer.body?.cancel();
    return answer.status;
  }

  /** Class and detail of the answer, such as 503. */
  async putCoap(user: string, topic: string): Promise<number> {
    const client = new CoapClient(this.#network.bind());
    const put = request(3, `/topics/${topic}?u=${user}&p=x`, { payload: "v" });
    const { code } = await client.ask(put);
    client.port.close();
    return (code >> 5) * 100 + (code & 31);
  }

  async hangUp(): Promise<void> {
    for (const each of this.#clients.splice(0)) await each.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hangUp();
    await this.hub.stop({ drainMs: 0 });
  }
}

Deno.test(
  "A user fills his part of the values by all protocols together, and no more",
  strict,
  async () => {
    await using house = await House.open();
    assert.equal(await house.connect("ann", "a"), 0);
    assert.ok(await house.store("ann/1") < 0x80);
    assert.equal(await house.put("ann", "ann/2"), 201);
    assert.equal(await house.putCoap("ann", "ann/3"), 201);
    assert.equal(await house.store("ann/4"), 0x97);
    assert.equal(await house.put("ann", "ann/5"), 503);
    assert.equal(await house.putCoap("ann", "ann/6"), 503);
    assert.equal(await house.put("ann", "ann/1", "w"), 204, "what there is may change");
    assert.equal(await house.put("bob", "bob/1"), 201);
    assert.equal(await house.putCoap("bob", "bob/2"), 201);
    assert.equal(house.hub.publish("own", "v", { retain: true }), "accepted");
    assert.equal(house.hub.counters.get("retained.refused"), 3);
  },
);

Deno.test(
  "The will of a client is stored for its user, who may have no room for it",
  strict,
  async () => {
    await using house = await House.open();
    const properties = undefined;
    for (const each of [1, 2, 3, 4]) {
      const will = { topic: `gone/${each}`, payload: bytes("x"), qos: 0, retain: true } as const;
      await house.connect("ann", "a", { clean: true, properties, will: { ...will, properties } });
      // Whoever comes by the same name has it gone.
      await house.connect("ann", "a", { clean: true, properties });
    }
    assert.deepEqual(
      [1, 2, 3, 4].map((each) => house.hub.retained(`gone/${each}`)?.text()),
      ["x", "x", "x", undefined],
    );
    assert.equal(await house.put("ann", "more"), 503);
  },
);

Deno.test("What each user has is counted again after a restart", strict, async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
  try {
    {
      await using house = await House.open(file);
      assert.equal(await house.connect("ann", "one"), 0);
      assert.ok(await house.store("ann/1") < 0x80);
      assert.equal(await house.connect("ann", "two"), 0);
      assert.equal(await house.put("ann", "ann/2"), 201);
      assert.equal(await house.put("ann", "ann/3"), 201);
    }
    await using house = await House.open(file);
    assert.equal(await house.connect("ann", "three"), 0x97);
    assert.equal(await house.connect("bob", "four"), 0);
    assert.equal(await house.connect("ann", "two"), 0, "it is there already");
    assert.equal(await house.put("ann", "ann/4"), 503);
    assert.equal(await house.put("bob", "bob/1"), 201);
    assert.equal(await house.put("ann", "ann/3", "w"), 204);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
