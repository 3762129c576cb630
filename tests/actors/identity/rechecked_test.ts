import assert from "node:assert/strict";
import type { Login } from "../../../actors/hooks/hooks.ts";
import { callOut, type CallOutOptions } from "../../../actors/identity/call_out.ts";
import { Rechecked } from "../../../actors/identity/rechecked.ts";
import { eventually } from "../../interop/patience.ts";
import { FakeClock, settle } from "../fakes.ts";
import { shown } from "./people.ts";

/** A login that is asked about each minute, or up to a fifth sooner. */
function rechecked() {
  const clock = new FakeClock(), said: { holds: boolean | undefined } = { holds: true };
  let asked = 0;
  const grant = new Rechecked(() => {
    asked++;
    return Promise.resolve(said.holds);
  }, { everyMs: 60_000, clock });
  const isHeld = () => new Promise<boolean>((decided) => grant.check(decided));
  return { clock, said, grant, isHeld, asked: () => asked };
}

Deno.test("Somebody is asked about a login while somebody is in by it, and else not", async () => {
  const { clock, grant, asked } = rechecked();
  await clock.move(3_600_000);
  assert.equal(asked(), 0);
  const forget = grant.watch(() => assert.fail("it holds"));
  await clock.move(47_000);
  assert.equal(asked(), 0);
  await clock.move(13_000);
  assert.equal(asked(), 1);
  forget();
  await clock.move(3_600_000);
  assert.deepEqual([asked(), clock.pending], [1, 0]);
});

Deno.test("All who are in by a login that holds no more hear it once, also who comes late", async () => {
  const { clock, said, grant, isHeld, asked } = rechecked(), heard: string[] = [];
  const forget = ["a", "b"].map((each) => grant.watch(() => heard.push(each)));
  said.holds = false;
  await clock.move(60_000);
  await settle();
  assert.deepEqual(heard, ["a", "b"]);
  forget.push(grant.watch(() => heard.push("c")));
  assert.deepEqual([heard, await isHeld(), asked()], [["a", "b", "c"], false, 1]);
  for (const each of forget) each();
  assert.equal(clock.pending, 0);
});

Deno.test("A login holds as long as nobody can tell", async () => {
  const { clock, said, grant, isHeld, asked } = rechecked();
  const forget = grant.watch(() => assert.fail("nobody knows"));
  said.holds = undefined;
  for (let i = 0; i < 3; i++) await clock.move(60_000);
  assert.ok(asked() >= 3);
  assert.equal(await isHeld(), true);
  forget();
});

Deno.test("What is looked at only now and then is asked about when the answer is old", async () => {
  const { clock, said, isHeld, asked } = rechecked();
  said.holds = false;
  assert.deepEqual([await isHeld(), asked()], [true, 0]);
  await clock.move(60_000);
  assert.deepEqual([await isHeld(), asked()], [false, 1]);
});

/** A server that says who somebody is, and an authenticator that asks it. */
function callingOut(options: Partial<CallOutOptions>) {
  const said = {
    status: 200,
    login: { user: "ann", groups: ["a", "b"] } as Record<string, unknown>,
  };
  const asked: Record<string, unknown>[] = [];
  const server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    asked.push(await request.json());
    const { status, login } = said;
    return status === 200 ? Response.json(login) : new Response(null, { status });
  });
  const out = callOut({ url: `http://127.0.0.1:${server.addr.port}/`, ...options });
  const enter = async () => await out.authenticate(shown({ username: "ann", text: "x" })) as Login;
  return { said, asked, enter, [Symbol.asyncDispose]: () => server.shutdown() };
}

const others: [what: string, said: { status?: number; login?: Record<string, unknown> }][] = [
  ["is refused", { status: 401 }],
  ["may not come", { status: 403 }],
  ["is not known", { status: 404 }],
  ["is somebody else", { login: { user: "bob", groups: ["a", "b"] } }],
  ["is in other groups", { login: { user: "ann", groups: ["a"] } }],
];
for (const [what, change] of others) {
  Deno.test(`callOut takes a login back when who is asked about again ${what}`, async () => {
    await using users = callingOut({ recheckMs: 20, keepMs: 60_000 });
    const { said, asked, enter } = users, login = await enter();
    const gone = new Promise<void>((resolve) => login.grant!.watch(resolve));
    await eventually("it is asked again", () => asked.length > 1);
    const { recheck, ...again } = asked[1]!;
    assert.deepEqual([recheck, again], [true, asked[0]]);
    Object.assign(said, change);
    await gone;
    // The answer of before counts no more, though it was to be kept.
    const before = asked.filter((each) => each.recheck === undefined).length;
    await enter();
    assert.equal(asked.filter((each) => each.recheck === undefined).length, before + 1);
  });
}

Deno.test("callOut takes nothing back because its server is down, or says the same in another order", async () => {
  await using users = callingOut({ recheckMs: 20 });
  const { said, asked, enter } = users, login = await enter();
  const forget = login.grant!.watch(() => assert.fail("nobody has said so"));
  said.login = { user: "ann", groups: ["b", "a"], expires: 9e9 };
  await eventually("it is asked again", () => asked.length > 2);
  said.status = 500;
  const count = asked.length;
  await eventually("it is asked again", () => asked.length > count + 2);
  forget();
});

Deno.test("callOut asks nobody again unless that is wished", async () => {
  await using users = callingOut({});
  assert.deepEqual(await users.enter(), { user: "ann", groups: ["a", "b"] });
});
