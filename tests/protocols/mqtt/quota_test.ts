import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { MqttLimits } from "../../../protocols/mqtt/limits.ts";
import type { Connack, Connect, Subscribe } from "../../../protocols/mqtt/packets/packet.ts";
import { bytes, FakeSpace, nobody } from "../fakes.ts";
import { brief } from "./guests.ts";
import { disconnect, online, subscribe, Talk, unsubscribe } from "./talk.ts";

/** Clients of one gateway, who say where they come from. */
class Town {
  readonly space = new FakeSpace();

  constructor(readonly limits: Partial<MqttLimits>) {}

  /** The reason in CONNACK, and the client. */
  connect(
    clientId: string,
    { address = "192.0.2.1:1", user, stays = true, ...more }: Partial<Connect> & {
      address?: string;
      user?: string;
      stays?: boolean;
    } = {},
  ): [reason: number, talk: Talk] {
    const talk = new Talk({ space: this.space, version: 5, limits: this.limits });
    talk.stage.identity = { ...nobody, user, address };
    talk.stage.guard = undefined;
    const properties = stays ? { sessionExpiry: 100 } : undefined;
    talk.connect({ clientId, clean: !stays, properties, ...more });
    return [(talk.hear()[0] as Connack).reason, talk];
  }
}

function will(size: number): Connect["will"] {
  const payload = bytes("x".repeat(size));
  return { topic: "gone", payload, qos: 0, retain: false, properties: undefined };
}

Deno.test("One address has room for so many sessions that stay, and leaves others theirs", () => {
  const town = new Town({ maxSessionsPerUser: 2 });
  const [first, ann] = town.connect("a"), [second, bob] = town.connect("b");
  assert.deepEqual([first, second], [0, 0]);
  assert.equal(town.connect("c", { address: "192.0.2.1:9" })[0], 0x97);
  assert.equal(town.connect("d", { address: "192.0.2.2:1" })[0], 0);
  assert.equal(town.connect("e", { stays: false })[0], 0, "connections have their own limits");
  // The same session again is no other.
  bob.stage.end();
  const [again, next] = town.connect("b");
  next.stage.end();
  assert.deepEqual([again, town.connect("b", { clean: true })[0]], [0, 0]);
  ann.say(disconnect(0, { sessionExpiry: 0 })).stage.end();
  assert.equal(town.connect("c")[0], 0);
});

Deno.test("MQTT 3.1.1 says that the server is unavailable to who has too many sessions", () => {
  const space = new FakeSpace(), limits = { maxSessionsPerUser: 1 };
  online("a", { space, limits, clean: false });
  const talk = new Talk({ space, limits }).connect({ clientId: "b", clean: false });
  assert.deepEqual(talk.hear().map(brief), ["connack 03"]);
  assert.ok(talk.stage.closed);
});

Deno.test("A session that is away counts until it has ended", () => {
  const town = new Town({ maxSessionsPerUser: 1 });
  town.connect("a")[1].stage.end();
  assert.equal(town.connect("b")[0], 0x97);
  town.space.shared(Broker).tick(200_000, town.connect("x", { stays: false })[1].stage);
  assert.equal(town.connect("b")[0], 0);
});

Deno.test("The wills of one address have so many bytes, and those of all", () => {
  const town = new Town({ maxWillBytesPerUser: 200, maxTotalWillBytes: 300 });
  const [reason, ann] = town.connect("a", { will: will(150), stays: false });
  assert.equal(reason, 0);
  assert.equal(town.connect("b", { will: will(150), stays: false })[0], 0x97);
  assert.equal(town.connect("b", { will: will(20), stays: false })[0], 0);
  const elsewhere = { address: "198.51.100.1:1", stays: false };
  assert.equal(town.connect("c", { will: will(150), ...elsewhere })[0], 0x97, "for all");
  ann.stage.end();
  assert.equal(town.connect("c", { will: will(150), ...elsewhere })[0], 0);
});

Deno.test("A will has the room of the one that it replaces", () => {
  const town = new Town({ maxWillBytesPerUser: 200, maxTotalWillBytes: 200 });
  const reason = (size: number, address?: string) => {
    const late = { ...will(size)!, properties: { willDelay: 50 } };
    const [reason, talk] = town.connect("a", { will: late, ...address && { address } });
    // The will waits for its client.
    talk.stage.end();
    return reason;
  };
  assert.deepEqual([reason(150), reason(160), reason(250)], [0, 0, 0x97]);
  assert.equal(reason(170, "198.51.100.1:1"), 0, "the session counts for another address now");
  assert.deepEqual(town.space.published, []);
});

Deno.test("Nothing is counted for those who have gone", () => {
  const town = new Town({});
  for (let round = 0; round < 50; round++) {
    const [, talk] = town.connect(`c${round % 3}`, { will: will(10), stays: round % 2 === 0 });
    talk.say(disconnect(0, { sessionExpiry: 0 })).stage.end();
  }
  assert.equal(town.space.shared(Broker).clients.size, 0);
  const { holdings, subscriptionBytes } = town.space.shared(Broker);
  assert.deepEqual([holdings.size, holdings.bytes, subscriptionBytes], [0, 0, 0]);
});

Deno.test("MqttSession refuses filters when their bytes are too many, levels included", () => {
  const space = new FakeSpace(), limits = { maxSubscriptionBytes: 1_000 };
  const talk = online("a", { space, version: 5, limits });
  const reasons = (filter: string) => talk.say(subscribe(filter)).hear().map(brief);
  assert.deepEqual(reasons("x".repeat(800)), ["suback 02"]);
  assert.deepEqual(reasons("y".repeat(800)), ["suback 97"]);
  assert.deepEqual(reasons("a/b/c/d/e/f"), ["suback 97"], "each level has a node in the tree");
  assert.deepEqual(reasons("a"), ["suback 02"]);
  talk.say(unsubscribe("x".repeat(800))).hear();
  assert.deepEqual(reasons("a/b/c/d/e/f"), ["suback 02"]);
});

Deno.test("MqttSession refuses filters when those of all clients have too many bytes", () => {
  const space = new FakeSpace(), limits = { maxTotalSubscriptionBytes: 200 };
  const one = online("a", { space, version: 5, limits });
  const two = online("b", { space, version: 5, limits });
  assert.deepEqual(one.say(subscribe("x".repeat(100))).hear().map(brief), ["suback 02"]);
  assert.deepEqual(two.say(subscribe("y".repeat(100))).hear().map(brief), ["suback 97"]);
  one.say(disconnect()).stage.end();
  assert.deepEqual(two.say(subscribe("y".repeat(100))).hear().map(brief), ["suback 02"]);
});

Deno.test("MqttSession takes part in so many shared subscriptions, and others besides", () => {
  const space = new FakeSpace(), limits = { maxSharedSubscriptions: 2 };
  const talk = online("a", { space, version: 5, limits });
  const filters = ["$share/1/#", "$share/2/#", "$share/3/#", "#", "$share/2/#"];
  const reasons = filters.map((filter) => talk.say(subscribe(filter)).hear().map(brief)[0]);
  assert.deepEqual(reasons, ["02", "02", "97", "02", "02"].map((each) => `suback ${each}`));
  talk.say(unsubscribe("$share/1/#")).hear();
  assert.deepEqual(talk.say(subscribe("$share/3/#")).hear().map(brief), ["suback 02"]);
});

/** Milliseconds that one packet takes which joins a group 2,000 times that has so many members. */
function joiningMs(members: number): number {
  const space = new FakeSpace(), join = subscribe("$share/g/t", { qos: 1 }) as Subscribe;
  const again = { ...join, filters: Array.from({ length: 2_000 }, () => join.filters[0]!) };
  for (let each = 0; each < members; each++) online(`m${each}`, { space }).say(join);
  const talk = online("z", { space }).say(join);
  talk.hear();
  const times = [1, 2, 3].map(() => {
    const before = performance.now();
    talk.say(again).hear();
    return performance.now() - before;
  });
  return Math.min(...times);
}

Deno.test("To join a group again costs the same however many are in it", () => {
  joiningMs(10);
  const [few, many] = [joiningMs(100), joiningMs(3_200)];
  assert.ok(many < 5 * few, `${few} ms with 100 members, ${many} ms with 3,200`);
});
