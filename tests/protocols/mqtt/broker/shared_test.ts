import assert from "node:assert/strict";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import { Client } from "../../../../protocols/mqtt/broker/client.ts";
import { Group } from "../../../../protocols/mqtt/broker/group.ts";
import { defaults, type SharedStrategy } from "../../../../protocols/mqtt/limits.ts";
import { Holdings } from "../../../../protocols/owner.ts";
import { FakeSpace } from "../../fakes.ts";
import { ack, connect, disconnect, leftovers, online, publish, shown } from "../talk.ts";
import { subscribe, Talk, unsubscribe } from "../talk.ts";

const v5 = { version: 5 } as const;
const stays = { ...v5, clean: false, properties: { sessionExpiry: 100 } } as const;

function members(space: FakeSpace, count: number, sharedStrategy?: SharedStrategy): Talk[] {
  const limits = sharedStrategy && { sharedStrategy };
  return Array.from({ length: count }, (_, index) => {
    const talk = online(`m${index}`, { space, ...v5, limits }).say(subscribe("$share/g/t/#"));
    talk.hear();
    return talk;
  });
}

function send(from: Talk, qos: 0 | 1 | 2, ...payloads: string[]): void {
  for (const payload of payloads) {
    from.say(publish("t/x", payload, { qos, packetId: qos && 1 }));
    if (qos === 2) from.say(ack("pubrel", 1));
  }
}

function heard(...talks: Talk[]): string[][] {
  return talks.map((talk) => talk.messages().map((each) => each.split(" ")[1]!));
}

Deno.test("A shared subscription gives each message to one member, each in turn", () => {
  const space = new FakeSpace(), [one, two, three] = members(space, 3);
  const from = online("from", { space });
  send(from, 1, "a", "b", "c", "d");
  send(from, 0, "e");
  assert.deepEqual(heard(one!, two!, three!), [["a", "d"], ["b", "e"], ["c"]]);
});

Deno.test("A shared subscription is one for each name and filter", () => {
  const space = new FakeSpace();
  const filters = ["$share/g/t/#", "$share/h/t/#", "$share/g/t/+", "t/#"];
  const talks = filters.map((filter, index) => {
    const talk = online(`m${index}`, { space }).say(subscribe(filter));
    assert.deepEqual(talk.hear().map(shown), ["suback 1"]);
    return talk;
  });
  send(online("from", { space }), 1, "a");
  assert.deepEqual(heard(...talks), [["a"], ["a"], ["a"], ["a"]]);
});

Deno.test("A shared subscription gives the least loaded the next message", () => {
  const space = new FakeSpace(), [one, two] = members(space, 2, "least-loaded");
  const from = online("from", { space });
  send(from, 1, "a", "b", "c");
  const [first, second] = heard(one!, two!);
  assert.deepEqual([first!.length + second!.length, Math.abs(first!.length - second!.length)], [
    3,
    1,
  ]);
  const quick = first!.length === 1 ? one! : two!;
  quick.say(ack("puback", 1)).hear();
  send(from, 1, "d", "e");
  assert.deepEqual(heard(quick), [["d", "e"]]);
});

Deno.test("A shared subscription sticks to the member that a publisher had", () => {
  const space = new FakeSpace(), talks = members(space, 2, "sticky-by-publisher");
  const [p, q] = [online("p", { space }), online("q", { space })];
  send(p, 1, "p1", "p2");
  send(q, 1, "q1");
  send(p, 1, "p3");
  send(q, 1, "q2");
  assert.deepEqual(heard(...talks), [["p1", "p2", "p3"], ["q1", "q2"]]);
  talks[0]!.stage.end();
  assert.deepEqual(heard(talks[1]!), [["p1", "p2", "p3"]]);
  send(p, 1, "p4");
  assert.deepEqual(heard(talks[1]!), [["p4"]]);
});

Deno.test("A shared subscription passes over a member that is behind while another is not", () => {
  const space = new FakeSpace(), [one, two] = members(space, 2);
  const from = online("from", { space });
  Object.assign(one!.stage, { behind: true });
  send(from, 1, "a", "b");
  send(from, 0, "c");
  assert.deepEqual(heard(one!, two!), [[], ["a", "b", "c"]]);
  Object.assign(two!.stage, { behind: true });
  send(from, 0, "d", "e");
  assert.deepEqual(heard(one!, two!).map(({ length }) => length), [1, 1]);
});

Deno.test("A shared subscription gives what a member did not acknowledge to another", () => {
  const space = new FakeSpace(), [one, two] = members(space, 2);
  send(online("from", { space }), 1, "a", "b", "c");
  assert.deepEqual(heard(one!, two!), [["a", "c"], ["b"]]);
  one!.say(ack("puback", 1)).stage.end();
  assert.deepEqual(heard(two!), [["c"]]);
});

Deno.test("A shared subscription gives what waits in a mailbox to another member", () => {
  const space = new FakeSpace(), [one, two] = members(space, 2);
  one!.say(disconnect());
  send(online("from", { space }), 1, "a");
  assert.deepEqual(heard(two!), [["a"]]);
  const [three] = [online("m3", { space, ...v5 }).say(subscribe("$share/g/t/#"))];
  three.hear();
  send(online("other", { space }), 1, "b", "c");
  // It leaves while its mail is still unread.
  three.stage.session.receive(Uint8Array.of(0xe0, 0), 0);
  three.stage.end();
  assert.deepEqual(heard(two!).flat().toSorted(), ["b", "c"]);
});

Deno.test("A shared subscription completes QoS 2 with the member that it began with", () => {
  const space = new FakeSpace();
  const two = online("two", { space, ...v5 });
  const one = online("one", { space, ...stays }).say(subscribe("$share/g/t/#"));
  one.hear();
  two.say(subscribe("$share/g/t/#")).hear();
  send(online("from", { space }), 2, "a");
  assert.deepEqual(one.messages(), ["t/x a q2 #1"]);
  one.stage.end();
  assert.deepEqual(two.messages(), []);
  const again = online("one", { space, ...stays });
  again.stage.end();
  const third = new Talk({ space, ...v5 }).say(connect({ ...stays, clientId: "one" }));
  assert.deepEqual(third.messages(), ["t/x a q2 dup #1"]);
  // Its session ends: nobody else may have the message.
  third.say(disconnect(0, { sessionExpiry: 0 }));
  assert.deepEqual(two.messages(), []);
});

Deno.test("A shared subscription discards what a member refuses", () => {
  const space = new FakeSpace(), [one, two] = members(space, 2);
  send(online("from", { space, ...v5 }), 1, "a");
  one!.hear();
  one!.say(ack("puback", 1, 0x80)).stage.end();
  assert.deepEqual(heard(two!), [[]]);
});

Deno.test("A shared subscription without anyone there keeps its queue for whoever comes", () => {
  const space = new FakeSpace();
  online("a", { space, ...stays }).say(subscribe("$share/g/t/#")).stage.end();
  online("b", { space, ...stays }).say(subscribe("$share/g/t/#")).stage.end();
  const from = online("from", { space, ...v5 });
  send(from, 1, "1", "2", "3");
  send(from, 0, "lost");
  assert.deepEqual(from.hear().map((each) => each.type === "puback" && each.reason), [0, 0, 0]);
  const b = new Talk({ space, ...v5 }).say(
    connect({ ...stays, clientId: "b", properties: { sessionExpiry: 100, receiveMaximum: 1 } }),
  );
  assert.deepEqual(heard(b), [["1"]]);
  const a = new Talk({ space, ...v5 }).say(connect({ ...stays, clientId: "a" }));
  assert.deepEqual(heard(a), [["2", "3"]]);
});

Deno.test("A shared subscription that nobody has any more forgets its queue", () => {
  const space = new FakeSpace(), broker = space.shared(Broker);
  const a = online("a", { space, ...stays }).say(subscribe("$share/g/t/#"));
  a.stage.end();
  const from = online("from", { space });
  send(from, 1, "1");
  assert.ok(broker.queuedBytes > 0);
  broker.tick(100_000, a.stage);
  assert.equal(broker.queuedBytes, 0);
  assert.equal(broker.shares.size, 0);
  assert.equal(leftovers(space), 1);
  broker.tick(100_000, a.stage);
  assert.equal(space.counts.get("mqtt.dropped"), 1);
});

Deno.test("A shared subscription tells the publisher when its queue is full", () => {
  const space = new FakeSpace(), limits = { maxQueuedMessages: 2 };
  online("a", { space, limits, ...stays }).say(subscribe("$share/g/t/#")).stage.end();
  const from = online("from", { space, ...v5 });
  send(from, 1, "1", "2", "3");
  const reasons = from.hear().map((each) => each.type === "puback" && each.reason);
  assert.deepEqual(reasons, [0, 0, 0x97]);
});

Deno.test("A shared subscription respects what each member asked for", () => {
  const space = new FakeSpace();
  const wishes = [
    { qos: 0 as const, properties: { subscriptionIds: [7] } },
    { qos: 2 as const, retainAsPublished: true },
  ];
  const talks = wishes.map((wish, index) => {
    const talk = online(`m${index}`, { space, ...v5 }).say(subscribe("$share/g/t/#", wish));
    talk.hear();
    return talk;
  });
  const from = online("from", { space });
  for (const packetId of [1, 2]) from.say(publish("t/x", "r", { qos: 1, packetId, retain: true }));
  const [first] = talks[0]!.hear(), [second] = talks[1]!.hear();
  assert.ok(first?.type === "publish" && second?.type === "publish");
  assert.deepEqual([first.qos, first.retain, first.properties], [0, false, {
    subscriptionIds: [7],
  }]);
  assert.deepEqual([second.qos, second.retain, second.properties], [1, true, undefined]);
});

Deno.test("A shared subscription sends no stored messages", () => {
  const talk = online("a", v5).say(publish("t/x", "v", { retain: true }));
  assert.deepEqual(talk.say(subscribe("$share/g/t/#")).messages(), []);
});

Deno.test("A shared subscription with No Local is a protocol error", () => {
  const talk = online("a", v5).say(subscribe("$share/g/t", { noLocal: true }));
  const answer = talk.hearOne();
  assert.ok(answer.type === "disconnect" && answer.reason === 0x82);
  assert.ok(talk.stage.closed);
});

Deno.test("A shared subscription ends with UNSUBSCRIBE", () => {
  const space = new FakeSpace(), [one, two] = members(space, 2);
  assert.deepEqual(one!.say(unsubscribe("$share/g/t/#")).hear().map(shown), ["unsuback 2"]);
  send(online("from", { space }), 1, "a", "b");
  assert.deepEqual(heard(one!, two!), [[], ["a", "b"]]);
  two!.say(unsubscribe("$share/g/t/#"));
  assert.equal(space.shared(Broker).shares.size, 0);
});

Deno.test("A shared subscription needs a name and a filter", () => {
  const talk = online("a", v5);
  const filters = ["$share", "$share/", "$share/g", "$share//t", "$share/g/", "$share/+/t"];
  const wrong = [...filters.slice(1), "$share/g#/t", "$share/g/t/#/u"];
  for (const filter of wrong) {
    const answer = talk.say(subscribe(filter)).hearOne();
    assert.deepEqual(answer.type === "suback" && answer.reasons, [0x8f], filter);
  }
  // A topic like any other.
  assert.deepEqual(talk.say(subscribe("$share")).hear().map(shown), ["suback 1"]);
});

Deno.test("Group that ends gives up what was written down without reading it", () => {
  const lost: string[] = [];
  const lose = (event: string) => void lost.push(event);
  const tally = {
    queuedBytes: 0,
    inflightBytes: 0,
    subscriptions: 0,
    subscriptionBytes: 0,
    holdings: new Holdings(),
    lose,
  };
  const group = new Group("$share/g/a", defaults, tally);
  const member = new Client("m", defaults, tally);
  group.add(member, { qos: 1 });
  group.restore([{ size: 2, bytes: 600, read: () => assert.fail("read") }]);
  assert.equal(tally.queuedBytes, 600);
  group.remove(member);
  assert.deepEqual(lost, ["mqtt.dropped", "mqtt.dropped"]);
  assert.equal(tally.queuedBytes, 0);
});
