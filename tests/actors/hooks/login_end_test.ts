import assert from "node:assert/strict";
import { HookChain, hookDefaults } from "../../../actors/hooks/hook_chain.ts";
import { watchLogin } from "../../../actors/hooks/login_end.ts";
import { Log } from "../../../actors/log.ts";
import type { LoginEnd } from "../../../protocols/grant.ts";
import { nobody } from "../../protocols/fakes.ts";
import { FakeGrant } from "../../protocols/hooked.ts";
import { FakeClock } from "../fakes.ts";

const DAY_MS = 86_400_000;

function watched(lasts?: number) {
  const clock = new FakeClock(), grant = new FakeGrant(), heard: LoginEnd[] = [];
  const chain = new HookChain(new Log({ level: "silent" }), clock, hookDefaults);
  const expires = lasts === undefined ? {} : { expires: clock.now() + lasts };
  const identity = { ...nobody, grant, ...expires };
  const watch = () => watchLogin(identity, chain, (end) => heard.push(end))!;
  return { clock, grant, heard, chain, watch };
}

Deno.test("A login that says when it ends has expired then, be it in months", async () => {
  const { clock, grant, heard, watch } = watched(100 * DAY_MS);
  watch();
  await clock.move(100 * DAY_MS - 1);
  assert.deepEqual(heard, []);
  await clock.move(1);
  assert.deepEqual(heard, ["expired"]);
  grant.revoke();
  assert.deepEqual([heard, grant.size, clock.pending], [["expired"], 0, 0]);
});

Deno.test("A login whose grant goes is revoked, once and at once", async () => {
  const { clock, grant, heard, watch } = watched(10);
  watch();
  grant.revoke();
  grant.revoke();
  assert.deepEqual([heard, grant.size, clock.pending], [["revoked"], 0, 0]);
  await clock.move(DAY_MS);
  assert.deepEqual(heard, ["revoked"]);
});

Deno.test("A grant that has gone before anybody waited for that is heard of", () => {
  const { clock, grant, heard, watch } = watched();
  grant.revoke();
  watch();
  assert.deepEqual([heard, grant.size, clock.pending], [["revoked"], 0, 0]);
});

Deno.test("Nobody hears of a login any more who does not want to, or when hooks have stopped", () => {
  const { clock, grant, heard, chain, watch } = watched(10);
  const cease = watch();
  watch();
  assert.deepEqual([grant.size, clock.pending], [2, 2]);
  cease();
  cease();
  assert.deepEqual([grant.size, clock.pending], [1, 1]);
  chain.stop();
  assert.deepEqual([grant.size, clock.pending], [0, 0]);
  grant.revoke();
  assert.deepEqual(heard, []);
});

Deno.test("A login that nothing ends is not waited for", () => {
  const chain = new HookChain(new Log({ level: "silent" }), new FakeClock(), hookDefaults);
  assert.equal(watchLogin(nobody, chain, () => {}), undefined);
});
