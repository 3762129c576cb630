import assert from "node:assert/strict";
import { Place, strict } from "./gateways.ts";

/** Publishes once at each of three, and looks at what all heard. */
async function onceEach(places: [Place, Place, Place]): Promise<void> {
  const all = Promise.all(places.map((place) => place.hears(9)));
  const said: string[] = [];
  for (const qos of [0, 1, 2] as const) {
    for (const [index, place] of places.entries()) {
      said.push(`ring/${index} ${qos}`);
      place.hub.publish(`ring/${index}`, `${qos}`, { qos, retain: qos === 1 });
    }
  }
  await all;
  // What goes round would have come back before this.
  const last = Promise.all(places.map((place) => place.hears(10)));
  places[0].hub.publish("ring/last", "!", { qos: 2 });
  await last;
  for (const { heard } of places) {
    assert.deepEqual(heard.toSorted(), [...said, "ring/last !"].toSorted());
  }
}

Deno.test(
  "In a ring of three with everything both ways each message comes once",
  strict,
  async () => {
    await using a = new Place();
    await using b = new Place();
    await using c = new Place();
    await Promise.all([a.bridge(b).online, b.bridge(c).online, c.bridge(a).online]);
    await onceEach([a, b, c]);
  },
);

Deno.test("Where each of three has a bridge to each, each message comes once", strict, async () => {
  await using a = new Place();
  await using b = new Place();
  await using c = new Place();
  const places = [a, b, c] as const;
  const bridges = places.flatMap((here) =>
    places.filter((there) => there !== here).map((there) =>
      here.bridge(there, { name: `to-${places.indexOf(there)}` })
    )
  );
  await Promise.all(bridges.map(({ online }) => online));
  await onceEach([a, b, c]);
});

Deno.test(
  "Where the middle one has no bridge of its own, each message comes once",
  strict,
  async () => {
    await using middle = new Place();
    await using a = new Place();
    await using b = new Place();
    const bridges = [
      a.bridge(middle),
      b.bridge(middle),
      a.bridge(b, { name: "across" }),
    ];
    await Promise.all(bridges.map(({ online }) => online));
    await onceEach([middle, a, b]);
  },
);

Deno.test("A bridge in version 3.1.1 drops its own echoes, and nothing else", strict, async () => {
  await using here = new Place();
  await using there = new Place();
  await here.bridge(there, { version: "3.1.1" }).online;
  for (let i = 0; i < 5; i++) here.hub.publish("same", "again", { qos: 1 });
  await there.hears(5);
  for (let i = 0; i < 5; i++) there.hub.publish("same", "again", { qos: 1 });
  await here.hears(10);
  here.hub.publish("last", "!", { qos: 1 });
  await there.hears(11);
  assert.deepEqual(here.heard, there.heard);
  assert.equal(here.hub.counters.get("bridge.looped"), 5);
});

Deno.test("A ring in version 3.1.1 comes to rest", strict, async () => {
  await using a = new Place();
  await using b = new Place();
  await using c = new Place();
  const options = { version: "3.1.1" } as const;
  const bridges = [
    a.bridge(b, options),
    a.bridge(c, { ...options, name: "other" }),
    b.bridge(c, options),
  ];
  await Promise.all(bridges.map(({ online }) => online));
  a.hub.publish("ring", "!", { qos: 1 });
  const resting = Promise.withResolvers<void>();
  let before = -1;
  const timer = setInterval(() => {
    const now = a.heard.length + b.heard.length + c.heard.length;
    if (now === before) resting.resolve();
    before = now;
  }, 200);
  await resting.promise;
  clearInterval(timer);
  for (const { heard } of [a, b, c]) assert.ok(heard.length >= 1 && heard.length < 100);
});
