import assert from "node:assert/strict";
import type { Hooks } from "../../../actors/hooks/hooks.ts";
import { Router } from "../../../actors/space/router.ts";
import { Delivery, Publication } from "../../../protocols/publication.ts";
import type { Receiver } from "../../../protocols/session.ts";
import { bytes, nobody } from "../../protocols/fakes.ts";
import { Answer, Hooked } from "../../protocols/hooked.ts";

const inbox = { name: "inbox", deliver: () => false, post: () => false };

class Heard implements Receiver {
  readonly name = "heard";
  readonly topics: string[] = [];
  room = Infinity;

  deliver({ publication, retain }: Delivery): boolean {
    if (this.topics.length >= this.room) return false;
    this.topics.push(`${publication.topic}${retain ? " r" : ""}`);
    return true;
  }
}

function message(topic: string): Publication {
  return new Publication(topic, bytes("x"));
}

function open(authorize: Hooks["authorize"]) {
  const router = new Router(), heard = new Heard(), hooked = new Hooked(inbox, { authorize });
  const screen = hooked.guard.screen("#", nobody)!;
  router.subscribe("#", { qos: 2, screen }, heard);
  return { router, heard, hooked, screen };
}

Deno.test("Filters need a screen when somebody authorizes, and plain ones are let through", () => {
  const { guard } = new Hooked(inbox, { authorize: () => false });
  assert.equal(guard.screen("a/b", nobody)?.isOpen, true);
  assert.equal(guard.screen("a/+", nobody)?.isOpen, false);
  assert.equal(guard.screenRestored(nobody).isOpen, false);
  assert.equal(new Hooked(inbox, { published: () => {} }).guard.screen("#", nobody), undefined);
});

Deno.test("What a receiver may not see is nothing that it matched", () => {
  const { router, heard } = open(({ action, topic }) => action === "deliver" && topic === "open");
  assert.equal(router.publish(message("open")), "accepted");
  assert.equal(router.publish(message("secret")), "unmatched");
  assert.deepEqual(heard.topics, ["open"]);
  heard.room = 1;
  assert.equal(router.publish(message("open")), "overloaded");
});

Deno.test("A plain filter beside one with wildcards was looked at when it was made", () => {
  const { router, heard } = open(() => false);
  router.subscribe("secret", { qos: 0 }, heard);
  assert.equal(router.publish(message("secret")), "accepted");
  assert.deepEqual(heard.topics, ["secret"]);
});

Deno.test("A plain filter that others would refuse now delivers no more until they are gone", () => {
  const hooked = new Hooked(inbox, { authorize: () => true });
  const router = new Router(), heard = new Heard();
  const follow = (filter: string) =>
    router.subscribe(filter, { qos: 0, screen: hooked.guard.screen(filter, nobody) }, heard);
  ["a", "b", "b/#"].forEach(follow);
  const tell = () => ["a", "b"].forEach((topic) => router.publish(message(topic)));
  const topics = () => heard.topics.splice(0);
  tell();
  assert.deepEqual(topics(), ["a", "b"]);
  const asked: string[] = [];
  const remove = hooked.chain.add({
    authorize({ action, topic }) {
      asked.push(`${action} ${topic}`);
      return topic !== "b";
    },
  });
  tell();
  assert.deepEqual(topics(), ["a"]);
  assert.deepEqual(asked, ["deliver a", "deliver b"]);
  // Made when the new ones had been asked.
  const screen = hooked.guard.screen("b", nobody)!;
  assert.equal(screen.shows(message("b"), heard, 0), true);
  remove();
  tell();
  assert.deepEqual(topics(), ["a", "b"]);
});

Deno.test("A plain filter beside one with wildcards is heard though the other would not be", () => {
  const hooked = new Hooked(inbox, { authorize: ({ action }) => action === "subscribe" });
  const router = new Router(), heard = new Heard();
  for (const filter of ["#", "a"]) {
    router.subscribe(filter, { qos: 0, screen: hooked.guard.screen(filter, nobody) }, heard);
  }
  assert.equal(router.publish(message("a")), "accepted");
  assert.equal(router.publish(message("b")), "unmatched");
});

Deno.test("Hooks that do not authorize change nothing about screens", () => {
  const hooked = new Hooked(inbox, { authorize: () => true });
  const screen = hooked.guard.screen("a", nobody)!, all = hooked.guard.screen("#", nobody)!;
  hooked.chain.add({ connected() {} });
  assert.deepEqual([screen.isOpen, all.isOpen], [true, false]);
});

Deno.test("Late verdicts keep the order, and hold what was decided at once behind them", async () => {
  const first = new Answer<boolean>(), second = new Answer<boolean>();
  const turn = { turn() {} };
  const { router, heard } = open(({ topic }) =>
    topic === "1" ? first.promise : topic === "2" ? second.promise : true
  );
  for (const topic of ["1", "2", "3"]) assert.equal(router.publish(message(topic)), "accepted");
  assert.deepEqual(heard.topics, []);
  await second.give(false, turn);
  assert.deepEqual(heard.topics, []);
  await first.give(true, turn);
  assert.deepEqual(heard.topics, ["1", "3"]);
  router.publish(message("4"));
  assert.deepEqual(heard.topics, ["1", "3", "4"]);
});

Deno.test("What waits for verdicts is bounded, and what is too much is counted", async () => {
  const answer = new Answer<boolean>();
  const { router, heard, hooked } = open(() => answer.promise);
  for (let i = 0; i < 1_000; i++) assert.equal(router.publish(message(`${i}`)), "accepted");
  assert.equal(router.publish(message("more")), "overloaded");
  assert.equal(hooked.dropped, 1);
  await answer.give(true, { turn() {} });
  assert.equal(heard.topics.length, 1_000);
});

Deno.test("Stored values that are decided late are delivered late, as stored ones", async () => {
  const answer = new Answer<boolean>();
  const { heard, screen } = open(({ topic }) =>
    topic === "late" ? answer.promise : topic === "open"
  );
  assert.deepEqual(
    ["open", "secret", "late"].map((topic) => screen.shows(message(topic), heard, 1)),
    [true, false, false],
  );
  await answer.give(true, { turn() {} });
  assert.deepEqual(heard.topics, ["late r"]);
});

Deno.test("What waits behind a late verdict is looked at by those who decide when it is its turn", async () => {
  const first = new Answer<boolean>();
  const { router, heard, hooked } = open(({ topic }) => topic === "1" ? first.promise : true);
  for (const topic of ["1", "2", "3"]) router.publish(message(topic));
  hooked.chain.add({ authorize: ({ topic }) => topic !== "2" });
  await first.give(true, { turn() {} });
  await first.give(true, { turn() {} });
  assert.deepEqual(heard.topics, ["1", "3"]);
});
