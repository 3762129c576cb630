import assert from "node:assert/strict";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import type { SharedStrategy } from "../../../../protocols/mqtt/limits.ts";
import { FakeSpace } from "../../fakes.ts";
import { dice } from "../dice.ts";
import { ack, connect, disconnect, online, publish, subscribe, Talk } from "../talk.ts";

const strategies: SharedStrategy[] = ["round-robin", "least-loaded", "sticky-by-publisher"];

/** Members come, read a little, crash and leave; one has a session that stays. */
function share(seed: number): void {
  const roll = dice(seed), space = new FakeSpace();
  const limits = { sharedStrategy: strategies[roll(3)]!, maxInflight: 1 + roll(5) };
  const settled = new Set<string>(), sent: string[] = [];
  const dial = (index: number) => {
    const talk = new Talk({ space, limits });
    talk.say(connect({ clientId: `m${index}`, clean: index > 0 }), subscribe("$share/g/t"));
    return talk;
  };
  const talks = [0, 1, 2].map(dial);
  const from = online("from", { space });
  const read = (talk: Talk, most: number) => {
    const messages = talk.hear().filter((each) => each.type === "publish");
    for (const { payload, packetId } of messages.slice(0, most)) {
      settled.add(new TextDecoder().decode(payload));
      talk.say(ack("puback", packetId));
    }
    return messages.length > most;
  };
  for (let step = 0; step < 200; step++) {
    for (let more = roll(4); more > 0; more--) {
      from.say(publish("t", `${sent.length}`, { qos: 1, packetId: 1 }));
      sent.push(`${sent.length}`);
    }
    const index = roll(3), talk = talks[index]!;
    const isBehind = read(talk, roll(4) === 0 ? roll(3) : Infinity);
    if (roll(6) === 0) talk.say(disconnect());
    else if (!isBehind && roll(6) > 0) continue;
    talk.stage.end();
    talks[index] = dial(index);
  }
  for (let round = 0; round < sent.length + 5; round++) {
    for (const each of talks) read(each, Infinity);
  }
  assert.deepEqual(sent.filter((each) => !settled.has(each)), []);
  for (const each of talks) each.say(subscribe("x")).say(disconnect()).stage.end();
  space.shared(Broker).tick(1e12, from.stage);
  assert.equal(space.shared(Broker).shares.size, 0);
  assert.equal(space.counts.get("mqtt.dropped"), undefined);
}

Deno.test("A shared subscription loses nothing, however often its members crash", () => {
  for (let seed = 1; seed <= 200; seed++) {
    try {
      share(seed * 15_485_863);
    } catch (error) {
      throw new Error(`The group with seed ${seed * 15_485_863} went wrong`, { cause: error });
    }
  }
});
