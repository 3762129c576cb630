import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import { bytes, FakeSpace } from "../fakes.ts";
import { dice } from "./dice.ts";
import { ack, connect, disconnect, leftovers, ping, publish, subscribe, Talk } from "./talk.ts";

Deno.test("Broker is empty after 1,000 clean clients that came and went at random", () => {
  const seed = 20_240_611, roll = dice(seed);
  const space = new FakeSpace(), broker = space.shared(Broker);
  const talks: Talk[] = [];
  for (let round = 0; round < 1000; round++) {
    const version = roll(2) === 0 ? 4 : 5;
    const talk = new Talk({ space, version, limits: { maxInflight: 2, maxQueuedMessages: 5 } });
    talks.push(talk);
    act(talk, roll);
    // Some are still there when the next ones come, under the same few names.
    if (talks.length > 20) drop(talks.splice(roll(talks.length), 1)[0]!, roll);
  }
  for (const talk of talks) drop(talk, roll);
  for (const talk of talks) talk.stage.turn();
  assert.equal(leftovers(space), 0, `seed ${seed}`);
  assert.equal(broker.shares.size, 0);
  assert.equal(broker.queuedBytes, 0);
  // What was lost meanwhile is counted, and then there is nothing left to do.
  broker.tick(0, new Talk({ space }).stage);
  assert.equal(broker.deadline, Infinity);
});

function act(talk: Talk, roll: (limit: number) => number): void {
  const will = roll(3) === 0
    ? { topic: "will", payload: bytes("w"), qos: 1 as const, retain: false, properties: undefined }
    : undefined;
  const { version } = talk;
  const packets = [
    connect({ version, clientId: `client ${roll(10)}`, will }),
    subscribe(`t/${roll(3)}`),
    subscribe("#", { qos: 1 }),
    subscribe(`$share/g${roll(2)}/t/#`, { qos: 2 }),
    publish(`t/${roll(3)}`, "x".repeat(roll(100)), { qos: 1, packetId: 1 }),
    publish(`t/${roll(3)}`, "y", { qos: 2, packetId: 2 }),
    ack("pubrel", 2),
    ping,
    ack("puback", 1),
    disconnect(),
  ];
  for (const packet of packets.slice(0, roll(packets.length + 1))) {
    talk.say(packet);
    if (roll(4) === 0) talk.hear();
  }
}

function drop(talk: Talk, roll: (limit: number) => number): void {
  if (roll(2) === 0) talk.stage.turn();
  talk.stage.end();
}
