import assert from "node:assert/strict";
import { Retained, retainedDefaults } from "../../actors/retained.ts";
import { copy } from "../../protocols/bytes.ts";
import { Publication, type PublicationOptions } from "../../protocols/publication.ts";
import { matches } from "../../protocols/topic.ts";

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
