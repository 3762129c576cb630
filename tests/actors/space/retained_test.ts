import assert from "node:assert/strict";
import { Retained, retainedDefaults } from "../../../actors/space/retained.ts";
import { copy } from "../../../protocols/bytes.ts";
import { Publication, type PublicationOptions } from "../../../protocols/publication.ts";
import { matches } from "../../../protocols/topic.ts";

function value(topic: string, text: string, options: PublicationOptions = {}): Publication {
  return new Publication(topic, new TextEncoder().encode(text), { retain: true, ...options });
}

Deno.test("Retained keeps the newest value of a topic until an empty one clears it", () => {
  const retained = new Retained();
  retained.set(value("a/b", "1"));
  retained.set(value("a/b", "22"));
  assert.equal(retained.get("a/b", 0)?.text(), "22");
  assert.deepEqual([retained.size, retained.bytes], [1, 5]);
  retained.set(value("a/b", ""));
  assert.equal(retained.get("a/b", 0), undefined);
  assert.deepEqual([retained.size, retained.bytes], [0, 0]);
});

Deno.test("Retained finds the values that a filter selects", () => {
  const retained = new Retained();
  const topics = ["a", "a/b", "a/b/c", "b", "a//c", "/a", "$SYS/x", "b/b"];
  for (const topic of topics) retained.set(value(topic, topic));
  for (const filter of ["#", "a/#", "+", "+/b", "a/+/c", "$SYS/#", "a/b", "+/+", "/+", "c/#"]) {
    const found = [...retained.matching(filter, 0)].map(({ topic }) => topic);
    const wanted = topics.filter((topic) => matches(filter, topic));
    assert.deepEqual(found.toSorted(), wanted.toSorted(), filter);
  }
});

Deno.test("A retained value is gone once it has expired", () => {
  const retained = new Retained();
  retained.set(value("a", "1", { time: 1_000, properties: { expirySeconds: 5 } }));
  assert.equal(retained.get("a", 5_999)?.text(), "1");
  assert.equal(retained.get("a", 6_000), undefined);
  assert.deepEqual([...retained.matching("#", 6_000)], []);
});

Deno.test("Retained refuses what there is no room for, and keeps what it had", () => {
  const retained = new Retained({ ...retainedDefaults, maxRetained: 2, maxRetainedBytes: 10 });
  assert.equal(retained.set(value("a", "1234")), true);
  assert.equal(retained.set(value("b", "123456")), false);
  assert.equal(retained.set(value("a", "123456789")), true);
  assert.equal(retained.set(value("a", "1234567890")), false);
  assert.equal(retained.get("a", 0)?.text(), "123456789");
  retained.set(value("a", "1"));
  assert.equal(retained.set(value("b", "1")), true);
  assert.equal(retained.set(value("c", "1")), false);
});

Deno.test("Retained counts what goes along with a value, too", () => {
  const retained = new Retained({ ...retainedDefaults, maxRetainedBytes: 1000 });
  const userProperties = Array.from({ length: 20 }, () => ["a", "b"] as const);
  assert.ok(!retained.set(value("a", "1", { properties: { userProperties } })));
  assert.ok(!retained.set(value("a", "1", { contentType: "x".repeat(1000) })));
  retained.set(value("a", "1", { contentType: "b/c" }));
  assert.equal(retained.bytes, 5);
  retained.set(value("a", ""));
  assert.equal(retained.bytes, 0);
});

Deno.test("A stored value does not keep the page alive that its payload was cut from", () => {
  const retained = new Retained();
  const payload = copy(new Uint8Array([1, 2, 3]));
  assert.ok(payload.buffer.byteLength > 1000);
  retained.set(new Publication("a", payload, { retain: true, contentType: "x/y", qos: 1 }));
  const kept = retained.get("a", 0)!;
  assert.equal(kept.payload.buffer.byteLength, 3);
  assert.deepEqual([kept.contentType, kept.qos, kept.retain], ["x/y", 1, true]);
});

Deno.test("Values that come and go while a receiver takes them do not disturb it", () => {
  const retained = new Retained();
  for (let i = 0; i < 100; i++) retained.set(value(`a/${i}`, "1"));
  let seen = 0;
  for (const each of retained.matching("a/#", 0)) {
    seen++;
    retained.set(value(each.topic, ""));
    retained.set(value(`b/${seen}`, "1"));
  }
  assert.equal(seen, 100);
});

Deno.test("Retained keeps to the limits of every part of the topic space that a value is in", () => {
  const retained = new Retained({
    ...retainedDefaults,
    retainedTrees: [
      { filter: "a/#", max: 2 },
      { filter: "a/b/#", maxBytes: 10 },
      { filter: "+/b/+", max: 1 },
    ],
  });
  const stored = ["a/b/1", "a/b/2", "a/1", "a/2", "b/b/1", "b/1"].map((topic) =>
    retained.set(value(topic, "v"))
  );
  assert.deepEqual(stored, [true, false, true, false, false, true]);
  assert.equal(retained.set(value("a/b/1", "123456")), false);
  assert.equal(retained.set(value("a/b/1", "12345")), true);
  retained.set(value("a/1", ""));
  assert.equal(retained.set(value("a/2", "v")), true);
  retained.set(value("a/b/1", ""));
  assert.equal(retained.set(value("b/b/1", "v")), true);
});

Deno.test("Retained ends values after the time that their part of the topic space allows", () => {
  const retained = new Retained({
    ...retainedDefaults,
    retainedTrees: [{ filter: "a/#", expirySeconds: 10 }, { filter: "#", expirySeconds: 60 }],
  });
  retained.set(value("a/1", "v", { time: 1000 }));
  retained.set(value("a/2", "v", { time: 1000, properties: { expirySeconds: 5 } }));
  retained.set(
    value("b", "v", { time: 1000, properties: { expirySeconds: 100, payloadFormat: 1 } }),
  );
  const left = (now: number) => [...retained.matching("#", now)].map(({ topic }) => topic);
  assert.deepEqual(left(5999), ["a/1", "a/2", "b"]);
  assert.deepEqual(left(6000), ["a/1", "b"]);
  assert.deepEqual(left(11_000), ["b"]);
  assert.deepEqual(retained.get("b", 0)?.properties, { expirySeconds: 60, payloadFormat: 1 });
  assert.deepEqual(left(61_000), []);
});

Deno.test("Retained makes room by removing what has ended", () => {
  const retained = new Retained({
    ...retainedDefaults,
    retainedTrees: [{ filter: "a/#", max: 2, expirySeconds: 10 }],
  });
  for (const topic of ["a/1", "a/2"]) retained.set(value(topic, "v", { time: 1000 }));
  assert.equal(retained.set(value("a/3", "v", { time: 2000 })), false);
  assert.equal(retained.set(value("a/3", "v", { time: 20_000 })), true);
  assert.deepEqual([retained.size, retained.bytes], [1, 4]);
});

Deno.test("One user fills no more than his part, and what he has he may change", () => {
  const limits = { ...retainedDefaults, maxRetainedPerUser: 2, maxRetainedPerUserBytes: 10 };
  const retained = new Retained(limits);
  assert.ok(retained.set(value("a", "1"), "ann"));
  assert.ok(retained.set(value("b", "2"), "ann"));
  assert.ok(!retained.set(value("c", "3"), "ann"));
  assert.ok(retained.set(value("b", "234"), "ann"));
  assert.ok(!retained.set(value("b", "2345678901"), "ann"), "bytes count, too");
  assert.ok(retained.set(value("c", "3"), "bob"), "others have their own part");
  assert.ok(retained.set(value("d", "4")), "what is the gateway's own is nobody's");
  // A value is whose it was set by last.
  assert.ok(!retained.set(value("c", "5"), "ann"));
  assert.ok(retained.set(value("a", "6"), "bob"));
  assert.equal(retained.ownerOf("a"), "bob");
  assert.ok(retained.set(value("c", "5"), "ann"));
  retained.set(value("b", ""), "bob");
  assert.ok(retained.set(value("e", "7"), "ann"), "what is cleared makes room");
});

Deno.test("What was stored before a restart counts for whoever it was, and is not refused", () => {
  const retained = new Retained({ ...retainedDefaults, maxRetainedPerUser: 2 });
  for (const topic of ["a", "b", "c"]) assert.ok(retained.restore(value(topic, "1"), "ann"));
  assert.ok(!retained.set(value("d", "1"), "ann"));
  retained.set(value("a", ""), "ann");
  assert.ok(!retained.set(value("d", "1"), "ann"));
  retained.set(value("b", ""), "ann");
  assert.ok(retained.set(value("d", "1"), "ann"));
});

Deno.test("A value whose topic has many levels counts for several, for each level is held", () => {
  const retained = new Retained({ ...retainedDefaults, maxRetained: 16 });
  const deep = (name: string) => `${name}${"/x".repeat(127)}`;
  assert.ok(retained.set(value(deep("a"), "1")));
  assert.ok(retained.set(value(deep("a"), "2")));
  assert.ok(!retained.set(value("b", "1")));
  retained.set(value(deep("a"), ""));
  for (let each = 0; each < 16; each++) {
    assert.ok(retained.set(value(`1/2/3/4/5/6/7/${each}`, "1")));
  }
  assert.ok(!retained.set(value("b", "1")));
});

Deno.test("Values that have ended make room, be their topics those that # does not select", () => {
  const retained = new Retained({ ...retainedDefaults, maxRetained: 1 });
  const ending = { time: 1_000_000, properties: { expirySeconds: 1 } };
  assert.ok(retained.set(value("$pubsub/a", "1", ending)));
  assert.ok(retained.set(value("b", "1", { time: 1_020_000 })));
});
