import assert from "node:assert/strict";
import type { Self } from "../../../actors/actor.ts";
import { BridgeEnd } from "../../../actors/bridge/bridge_end.ts";
import { BridgeInput } from "../../../actors/bridge/bridge_input.ts";
import { bridgeDefaults } from "../../../actors/bridge/bridge_options.ts";
import type { UpstreamMessage } from "../../../actors/bridge/upstream.ts";
import { Space } from "../../../actors/space/space.ts";
import type { Delivery } from "../../../protocols/publication.ts";

/** The near end of a bridge that carries all, `$` topics included, and who follows everything here. */
function near() {
  const space = new Space(), heard: Delivery[] = [];
  const receiver = { name: "all", deliver: (delivery: Delivery) => heard.push(delivery) > 0 };
  for (const filter of ["#", "$SYS/#", "$presence/#", "$clients/#"]) {
    space.router.subscribe(filter, { qos: 2 }, receiver);
  }
  const routes = ["#", "$SYS/#", "$presence/#", "$clients/#"].map((filter) => ({
    filter,
    direction: "in" as const,
  }));
  const end = new BridgeEnd({ name: "up", url: "mqtt://up", routes }, bridgeDefaults, space);
  const self = { name: "up", turn: (work: () => void) => work() } as Self<unknown>;
  const input = new BridgeInput(self, end);
  const settled: boolean[] = [];
  const take = (message: Partial<UpstreamMessage>) => {
    const whole = { topic: "t", payload: new Uint8Array(1), qos: 1, retain: false } as const;
    input.take({ ...whole, ...message }, (taken) => settled.push(taken));
  };
  return { space, end, heard, settled, take };
}

Deno.test("A bridge takes no topics from its upstream that nobody may publish to", () => {
  const { space, heard, settled, take } = near();
  const topics = [
    "a/+",
    "#",
    "a\0b",
    "x/".repeat(200),
    "$SYS/broker/uptime",
    "$presence/a",
    "$clients/a",
  ];
  for (const topic of topics) take({ topic, retain: true });
  assert.deepEqual(heard, []);
  assert.equal(space.retained.size, 0);
  // It would come again for ever, and hold up what comes after it.
  assert.deepEqual(settled, topics.map(() => true));
  assert.equal(space.counters.get("bridge.refused"), topics.length);
  take({ topic: "a" });
  assert.equal(heard.length, 1);
});

Deno.test("A bridge leaves a response topic out that is none", () => {
  const { heard, take } = near();
  for (const responseTopic of ["a/#", "", "r"]) {
    take({ properties: { responseTopic, expirySeconds: 9 } });
  }
  assert.deepEqual(
    heard.map((
      { publication: { properties } },
    ) => [properties?.responseTopic, properties?.expirySeconds]),
    [[undefined, 9], [undefined, 9], ["r", 9]],
  );
});

Deno.test("A bridge notes the identifier also of a message of QoS 2 that is its own", () => {
  const { space, end, heard, settled, take } = near(), payload = new Uint8Array(1);
  end.session = {
    version: "3.1.1",
    present: true,
    receiveMaximum: 10,
    maximumPacketBytes: Infinity,
    maximumQos: 2,
    retainAvailable: true,
  };
  end.echoes.expect("t", payload, space.clock.now());
  take({ qos: 2, packetId: 7, payload });
  assert.equal(space.counters.get("bridge.looped"), 1);
  assert.deepEqual([heard.length, settled], [0, [true]]);
  // When it comes again, before its PUBREL, it must not be taken for a message of somebody else.
  assert.deepEqual(end.ids.all, [7]);
});
