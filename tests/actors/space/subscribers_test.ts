import assert from "node:assert/strict";
import { Subscribers } from "../../../actors/space/subscribers.ts";
import type { Receiver, Subscription } from "../../../protocols/session.ts";

function receiver(name: string): Receiver {
  return { name, deliver: () => true };
}

const once: Subscription = { qos: 1 }, twice: Subscription = { qos: 2 };

Deno.test("Subscribers know one receiver once, with what it asked for last", () => {
  const subscribers = new Subscribers(), ann = receiver("ann"), bob = receiver("bob");
  assert.equal(subscribers.isEmpty, true);
  assert.equal(subscribers.set(ann, once), true);
  assert.equal(subscribers.set(ann, twice), false);
  assert.equal(subscribers.set(bob, once), true);
  assert.equal(subscribers.set(bob, twice), false);
  assert.deepEqual([...subscribers], [[ann, twice], [bob, twice]]);
});

Deno.test("Subscribers that remain are there when others go, in any order", () => {
  const all = ["a", "b", "c"].map(receiver);
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 0, 2], [0, 2, 1]]) {
    const subscribers = new Subscribers();
    for (const each of all) subscribers.set(each, once);
    const left = new Set(all);
    for (const index of order) {
      const going = all[index]!;
      assert.equal(subscribers.delete(going), left.delete(going));
      assert.equal(subscribers.delete(going), false);
      assert.deepEqual(new Set([...subscribers].map(([each]) => each)), left);
    }
    assert.equal(subscribers.isEmpty, true);
  }
});
