import assert from "node:assert/strict";
import { becomes, Place, strict } from "./gateways.ts";

Deno.test(
  "A bridge carries messages both ways, with what MQTT 5 says of them",
  strict,
  async () => {
    await using here = new Place();
    await using there = new Place();
    await here.bridge(there).online;
    there.hub.publish("from/there", "1", { qos: 2 });
    await here.hears(1);
    here.hub.publish("from/here", "2", {
      qos: 1,
      contentType: "text/plain",
      properties: { responseTopic: "back", userProperties: [["colour", "red"]] },
    });
    await there.hears(2);
    assert.deepEqual(here.heard, ["from/there 1", "from/here 2"]);
    assert.deepEqual(there.heard, ["from/there 1", "from/here 2"]);
    const { contentType, properties } = there.messages[1]!;
    assert.equal(contentType, "text/plain");
    assert.equal(properties?.responseTopic, "back");
    assert.deepEqual(properties?.userProperties?.[0], ["colour", "red"]);
  },
);

Deno.test("A bridge gives topics other names on either side", strict, async () => {
  await using here = new Place();
  await using there = new Place();
  await here.bridge(there, {
    routes: [
      { direction: "both", filter: "line/#", localPrefix: "plant/", remotePrefix: "north/" },
    ],
  }).online;
  here.hub.publish("plant/line/7", "up");
  here.hub.publish("elsewhere/line/7", "stays");
  await there.hears(1);
  there.hub.publish("north/line/8", "down");
  there.hub.publish("plant/line/8", "stays");
  await here.hears(3);
  assert.deepEqual(there.heard.slice(0, 2), ["north/line/7 up", "north/line/8 down"]);
  assert.deepEqual(here.heard[2], "plant/line/8 down");
});

Deno.test("A bridge tells its state by a retained message", strict, async () => {
  await using here = new Place();
  await using there = new Place();
  const online = becomes(here, "online");
  const bridge = here.bridge(there);
  await online;
  assert.equal(bridge.state, "online");
  const offline = becomes(here, "offline");
  there.open = false;
  there.cut();
  await offline;
  assert.equal(here.hub.retained("$bridge/next/state")?.text(), "offline");
  const again = becomes(here, "online");
  there.open = true;
  await again;
  await bridge.close();
  assert.equal(here.hub.retained("$bridge/next/state")?.text(), "offline");
});

Deno.test(
  "A bridge keeps QoS 1 and 2 while its upstream is away, up to a limit",
  strict,
  async () => {
    await using here = new Place();
    await using there = new Place();
    there.open = false;
    const limits = { maxQueuedMessages: 2, retryMinMs: 5, retryMaxMs: 5 };
    const routes = [{ direction: "out", filter: "a/#", qos: 2 }] as const;
    const { online } = here.bridge(there, { limits, routes });
    here.hub.publish("a/0", "dropped", { qos: 0 });
    here.hub.publish("a/1", "kept", { qos: 1 });
    here.hub.publish("a/2", "kept", { qos: 2 });
    assert.equal(here.hub.counters.get("bridge.dropped"), 1);
    here.hub.publish("a/3", "too many", { qos: 1 });
    assert.equal(here.hub.counters.get("bridge.dropped"), 2);
    there.open = true;
    await online;
    await there.hears(2);
    assert.deepEqual(there.heard, ["a/1 kept", "a/2 kept"]);
  },
);

Deno.test("A bridge that is full says so to the publisher", strict, async () => {
  await using here = new Place({ deaf: true });
  await using there = new Place();
  there.open = false;
  here.bridge(there, { limits: { maxQueuedBytes: 600 } });
  assert.equal(here.hub.publish("a", "x".repeat(300), { qos: 1 }), "accepted");
  assert.equal(here.hub.publish("a", "x".repeat(300), { qos: 1 }), "overloaded");
});

Deno.test("A bridge brings stored values over once it is connected", strict, async () => {
  await using here = new Place();
  await using there = new Place();
  here.hub.publish("here/state", "1", { retain: true, qos: 1 });
  there.hub.publish("there/state", "2", { retain: true, qos: 1 });
  await here.bridge(there).online;
  await Promise.all([here.hears(2), there.hears(2)]);
  assert.equal(here.hub.retained("there/state")?.text(), "2");
  assert.equal(there.hub.retained("here/state")?.text(), "1");
});

Deno.test("A bridge that is cut in the middle loses and doubles nothing", strict, async () => {
  await using here = new Place();
  await using there = new Place();
  const session = { clean: false, clientId: "bridge" };
  await here.bridge(there, session).online;
  for (let i = 0; i < 200; i++) {
    here.hub.publish("out", `${i}`, { qos: 1 });
    there.hub.publish("in", `${i}`, { qos: 2 });
    if (i % 40 === 20) {
      there.cut();
      await becomes(here, "online");
    }
  }
  await Promise.all([here.hears(400), there.hears(400)]);
  const expected = Array.from({ length: 200 }, (_, i) => i);
  for (const place of [here, there]) {
    for (const topic of ["out", "in"]) {
      const got = place.heard.filter((each) => each.startsWith(`${topic} `));
      assert.deepEqual(got.map((each) => Number(each.split(" ")[1])), expected, topic);
    }
  }
});

Deno.test("A bridge with options that make no sense does not start", strict, async () => {
  await using here = new Place();
  await using there = new Place();
  const faults: [Parameters<typeof here.bridge>[1], RegExp][] = [
    [{ name: "a/b" }, /one topic level/],
    [{ clean: false }, /needs a clientId/],
    [{ routes: [{ direction: "in", filter: "a/#/b" }] }, /must be the last level/],
    [{ routes: [{ direction: "in", filter: "#", localPrefix: "+/" }] }, /has a wildcard/],
    [{ dial: undefined, url: "http://host" }, /unknown scheme/],
  ];
  for (const [options, message] of faults) {
    assert.throws(() => here.bridge(there, options), { name: "TypeError", message });
  }
  here.bridge(there);
  assert.throws(() => here.bridge(there), /the name is taken/);
});
