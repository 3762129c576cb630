import assert from "node:assert/strict";
import { Router } from "../../../actors/space/router.ts";
import { type Delivery, Publication, type Qos } from "../../../protocols/publication.ts";
import type { Receiver } from "../../../protocols/session.ts";
import { faultOfFilter, matches } from "../../../protocols/topic.ts";

interface Recorder extends Receiver {
  readonly got: Delivery[];
  accepts: boolean;
}

function receiver(name = "r"): Recorder {
  const got: Delivery[] = [];
  return {
    name,
    got,
    accepts: true,
    deliver(delivery) {
      if (this.accepts) got.push(delivery);
      return this.accepts;
    },
  };
}

function message(topic: string, qos: Qos = 0, origin?: unknown): Publication {
  return new Publication(topic, new Uint8Array([1]), { qos, origin });
}

Deno.test("Router delivers to those whose filter selects the topic, and to nobody else", () => {
  const router = new Router();
  const filters = ["a/b", "a/+", "a/#", "#", "+/b", "+/+", "b", "a", "a/b/c", "+", "/a", "a//b"];
  const receivers = filters.map((filter) => {
    const each = receiver(filter);
    router.subscribe(filter, { qos: 0 }, each);
    return each;
  });
  for (const topic of ["a/b", "a", "b", "a/b/c", "/a", "a//b", "x/y/z", "$SYS/a"]) {
    for (const each of receivers) each.got.length = 0;
    router.publish(message(topic));
    for (const each of receivers) {
      assert.equal(each.got.length === 1, matches(each.name, topic), `${each.name} and ${topic}`);
    }
  }
});

Deno.test("Router agrees with the definition of matching on random filters and topics", () => {
  let seed = 4711;
  const random = (n: number) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
  const level = () => ["a", "b", "", "+", "$x"][random(5)]!;
  const path = (last: string) => [...Array.from({ length: random(4) }, level), last].join("/");
  const router = new Router();
  const receivers = new Map<string, Recorder>();
  for (let i = 0; i < 300; i++) {
    const filter = path(random(3) === 0 ? "#" : level()) || "a";
    if (faultOfFilter(filter, 9) || receivers.has(filter)) continue;
    receivers.set(filter, receiver(filter));
    router.subscribe(filter, { qos: 0 }, receivers.get(filter)!);
  }
  for (let i = 0; i < 2000; i++) {
    const topic = path(level()).replaceAll("+", "c") || "a";
    for (const each of receivers.values()) each.got.length = 0;
    router.publish(message(topic));
    for (const [filter, each] of receivers) {
      assert.equal(each.got.length, matches(filter, topic) ? 1 : 0, `"${filter}" and "${topic}"`);
    }
  }
});

Deno.test("Wildcards at the first level do not select topics that begin with $", () => {
  const router = new Router();
  const all = receiver(), system = receiver();
  router.subscribe("#", { qos: 0 }, all);
  router.subscribe("+/x", { qos: 0 }, all);
  router.subscribe("$SYS/#", { qos: 0 }, system);
  router.publish(message("$SYS/x"));
  assert.deepEqual([all.got.length, system.got.length], [0, 1]);
});

Deno.test("Overlapping filters of one receiver give one message with the highest QoS and all ids", () => {
  const router = new Router();
  const one = receiver();
  router.subscribe("a/#", { qos: 0, id: 7 }, one);
  router.subscribe("a/+", { qos: 2, id: 8 }, one);
  router.subscribe("a/b", { qos: 1 }, one);
  router.publish(message("a/b", 2));
  assert.equal(one.got.length, 1);
  assert.equal(one.got[0]!.qos, 2);
  assert.deepEqual(one.got[0]!.ids?.toSorted(), [7, 8]);
  router.publish(message("a/b", 1));
  assert.equal(one.got[1]!.qos, 1);
});

Deno.test("A receiver that asked for no local does not hear itself, but others do", () => {
  const router = new Router();
  const own = receiver(), other = receiver();
  router.subscribe("a", { qos: 0, noLocal: true }, own);
  router.subscribe("a", { qos: 0, noLocal: true }, other);
  assert.equal(router.publish(message("a", 0, own)), "accepted");
  assert.deepEqual([own.got.length, other.got.length], [0, 1]);
  // A second subscription without it lets its own messages in, at that subscription's QoS.
  router.subscribe("+", { qos: 0 }, own);
  router.subscribe("#", { qos: 2, noLocal: true }, own);
  router.publish(message("a", 2, own));
  assert.deepEqual(own.got.map(({ qos }) => qos), [0]);
});

Deno.test("Router tells the publisher what became of the message", () => {
  const router = new Router();
  const willing = receiver(), full = receiver();
  full.accepts = false;
  assert.equal(router.publish(message("a")), "unmatched");
  router.subscribe("a", { qos: 0 }, full);
  assert.equal(router.publish(message("a")), "overloaded");
  router.subscribe("a", { qos: 0 }, willing);
  assert.equal(router.publish(message("a")), "accepted");
});

Deno.test("Receivers that want the same share one delivery", () => {
  const router = new Router();
  const receivers = [receiver(), receiver(), receiver()];
  for (const each of receivers) router.subscribe("a", { qos: 1 }, each);
  router.publish(message("a", 1));
  assert.equal(new Set(receivers.map(({ got }) => got[0])).size, 1);
});

Deno.test("A changed subscription counts at once, also for topics published before", () => {
  const router = new Router();
  const one = receiver(), two = receiver();
  assert.equal(router.subscribe("a", { qos: 1 }, one), true);
  router.publish(message("a", 2));
  assert.equal(router.subscribe("a", { qos: 2 }, one), false);
  router.subscribe("+", { qos: 0 }, two);
  router.publish(message("a", 2));
  assert.deepEqual(one.got.map(({ qos }) => qos), [1, 2]);
  assert.equal(two.got.length, 1);
  assert.equal(router.unsubscribe("a", one), true);
  assert.equal(router.unsubscribe("a", one), false);
  router.publish(message("a"));
  assert.deepEqual([one.got.length, two.got.length], [2, 2]);
});

Deno.test("Nothing is left of a receiver that is forgotten", () => {
  const router = new Router();
  const one = receiver();
  for (let i = 0; i < 100; i++) router.subscribe(`a/${i}/+/#`, { qos: 0 }, one);
  assert.deepEqual([router.subscriptions, router.receivers], [100, 1]);
  router.forget(one);
  assert.deepEqual([router.subscriptions, router.receivers], [0, 0]);
  router.publish(message("a/1/x/y"));
  assert.equal(one.got.length, 0);
});

Deno.test("Router counts deliveries, and the levels that it has looked at for topics not seen lately", () => {
  const router = new Router(), all = { name: "all", deliver: () => true };
  for (const filter of ["#", "a/+/c", "a/b/c"]) router.subscribe(filter, { qos: 0 }, all);
  router.publish(new Publication("a/b/c", new Uint8Array()));
  const first = router.traffic.work;
  assert.ok(first >= 6, `${first}`);
  router.publish(new Publication("a/b/c", new Uint8Array()));
  assert.equal(router.traffic.work - first, 1);
});

Deno.test("Router remembers no topics that are too long to be remembered by the thousand", () => {
  const router = new Router(), long = `a/${"x".repeat(300)}`;
  router.subscribe("a/+", { qos: 0 }, { name: "all", deliver: () => true });
  const works = [1, 2].map(() => {
    const before = router.traffic.work;
    router.publish(new Publication(long, new Uint8Array()));
    return router.traffic.work - before;
  });
  assert.equal(works[0], works[1]);
});
