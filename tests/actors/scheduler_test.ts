import assert from "node:assert/strict";
import type { Ref } from "../../actors/actor.ts";
import { schedule } from "../../actors/scheduler.ts";
import { Supervisor } from "../../actors/supervisor.ts";
import { settle } from "./fakes.ts";

Deno.test("schedule() runs turns in order, after the current one", async () => {
  const seen: string[] = [];
  schedule(() => {
    seen.push("first");
    schedule(() => seen.push("third"));
  });
  schedule(() => seen.push("second"));
  assert.deepEqual(seen, []);
  await settle();
  assert.deepEqual(seen, ["first", "second", "third"]);
});

Deno.test("Two actors that answer each other for ever do not starve a timer", {
  sanitizeOps: true,
  sanitizeResources: true,
}, async () => {
  const supervisor = new Supervisor("test");
  let chatting = true;
  let messages = 0;
  const answer = (other: () => Ref<number>) => () => ({
    receive() {
      messages++;
      if (chatting) other().tell(1);
    },
  });
  const left: Ref<number> = supervisor.spawn("left", answer(() => right));
  const right: Ref<number> = supervisor.spawn("right", answer(() => left));
  left.tell(1);
  await new Promise((resolve) => setTimeout(resolve, 1));
  // Without a budget this line is never reached.
  chatting = false;
  assert.ok(messages > 1000, `only ${messages} messages`);
  await settle();
  supervisor.stop();
});
