import assert from "node:assert/strict";
import { Broker } from "../../../../protocols/mqtt/broker/broker.ts";
import { encode } from "../../../../protocols/mqtt/packets/encode.ts";
import { FakeSpace, hex, join } from "../../fakes.ts";
import { connect, leftovers, online, publish, subscribe, Talk } from "../talk.ts";
import { cases } from "./codec_cases.ts";

// A stage throws on what is no ProtocolError.
Deno.test("MqttSession survives 20,000 conversations with random faults", () => {
  const seed = 77_000_001;
  let state = seed;
  const roll = (limit: number) => {
    state = Math.imul(state, 1103515245) + 12345 & 0x7fffffff;
    return (state >>> 8) % limit;
  };
  const space = new FakeSpace();
  const other = online("other", { space }).say(subscribe("#", { qos: 1 }));
  for (let round = 0; round < 20_000; round++) {
    const version = roll(2) === 0 ? 4 : 5;
    const talk = new Talk({ space, version, limits: { maxInflight: 4, maxQueuedMessages: 8 } });
    const pieces: Uint8Array[] = [encode(connect({ version, clientId: `c${roll(3)}` }), version)!];
    for (let count = roll(6); count > 0; count--) pieces.push(hex(cases[roll(cases.length)]!.hex));
    const input = join(pieces);
    for (let faults = roll(3); faults > 0; faults--) input[roll(input.length)] = roll(256);
    try {
      talk.stage.feed(input, roll(3) === 0 ? 1 : Infinity);
      if (roll(10) === 0) other.say(publish("a/b", "x", { qos: 1, packetId: 1 }));
      talk.stage.turn();
      talk.stage.end();
    } catch (cause) {
      throw new Error(`seed ${seed}, round ${round}: ${input}`, { cause });
    }
    space.published.length = 0;
    other.stage.take();
  }
  other.stage.end();
  // A changed flag may have made a session that stays: a clean client ends it.
  for (const clientId of [...space.shared(Broker).clients.keys()]) {
    new Talk({ space, version: 5 }).connect({ clientId }).stage.end();
  }
  assert.equal(leftovers(space), 0);
});
