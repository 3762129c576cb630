import assert from "node:assert/strict";
import { connectWebSocket, gateway, http, Log, proxy, proxySocket, tcp } from "../../../../mod.ts";
import { eventually, within } from "../../../interop/patience.ts";
import { FakeClock } from "../../fakes.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** A server whose health can be told to it, and a hub that passes on to it. */
async function lab(options: { healthy?: number; unhealthy?: number } = {}) {
  const behind = gateway(), hub = gateway(), clock = new FakeClock();
  const lines: string[] = [];
  const log = new Log({ level: "info", sink: (line) => lines.push(line) });
  const state = { status: 200, asked: 0, passed: 0, answers: true };
  behind.handle("/base/healthz", async () => {
    state.asked++;
    if (!state.answers) await new Promise(() => {});
    return new Response("how I am", { status: state.status });
  });
  behind.handle("/base/work", () => {
    state.passed++;
    return new Response("done");
  });
  const far = await behind.listen(tcp({ port: 0 }), http()).ready;
  const to = [`http://127.0.0.1:${far.port}/base`];
  const health = {
    ...{ hub, clock, log, path: "/healthz", intervalMs: 1_000, timeoutMs: 100 },
    ...options,
  };
  const part = proxy({ to, health });
  hub.handle("/work", async (request, info) => (await part(request, info))!);
  hub.websocket("/talk", proxySocket({ to, health }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const work = async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/work`);
    return [answer.status, await answer.text()];
  };
  // Both ask: what passes requests on, and what passes WebSockets on.
  const round = async () => {
    await eventually("the answers to be judged", () => clock.pending === 2 && settled());
    const { asked } = state;
    await clock.move(1_000);
    await eventually("the next questions", () => state.asked === asked + 2);
    if (!state.answers) await clock.move(100);
    await eventually("the answers to be judged", settled);
  };
  const settled = () => checks(hub).every(({ waits }) => !waits);
  await eventually("the first answers", settled);
  return {
    ...{ hub, clock, lines, state, port, work, round },
    async [Symbol.asyncDispose]() {
      await hub.stop();
      await behind.stop({ drainMs: 0 });
    },
  };
}

type Check = { server: string; isDown: boolean; fault?: string; waits: boolean };

function checks(hub: ReturnType<typeof gateway>): Check[] {
  return (JSON.stringify(hub.tree()).match(/\{"server":[^}]*\}/g) ?? []).map((each) =>
    JSON.parse(each)
  );
}

Deno.test("A server that fails its checks is not asked, until it passes them", strict, async () => {
  await using it = await lab();
  assert.deepEqual(await it.work(), [200, "done"]);
  it.state.status = 503;
  await it.round();
  assert.deepEqual(await it.work(), [503, "No server behind is well\n"]);
  assert.equal(it.state.passed, 1);
  assert.match(it.lines[0]!, /warn server is down server=\S+\/base fault="it answers 503"/);
  const socket = connectWebSocket(`ws://127.0.0.1:${it.port}/talk`);
  const closed = new Promise<CloseEvent>((resolve) => socket.onclose = resolve);
  assert.equal((await within("the close", closed)).code, 1013);
  it.state.status = 202;
  await it.round();
  assert.deepEqual(await it.work(), [200, "done"]);
  assert.match(it.lines.at(-1)!, /info server is well again server=\S+\/base/);
});

Deno.test("So many failures and answers in a row as configured decide", strict, async () => {
  await using it = await lab({ unhealthy: 2, healthy: 3 });
  const seen: boolean[] = [];
  for (const status of [500, 200, 500, 500, 200, 200, 404, 200, 200, 302]) {
    it.state.status = status;
    await it.round();
    seen.push(checks(it.hub)[0]!.isDown);
  }
  assert.deepEqual(
    seen,
    [false, false, false, true, true, true, true, true, true, false],
  );
});

Deno.test("A server that does not answer its check in time is down", strict, async () => {
  await using it = await lab();
  it.state.answers = false;
  await it.round();
  assert.equal((await it.work())[0], 503);
  assert.equal(checks(it.hub)[0]!.fault, "it does not answer within 100 ms");
});

Deno.test("Of two servers the one that is down is left out", strict, async () => {
  await using behind = gateway();
  behind.handle("/*", () => new Response("here"));
  const { port } = await behind.listen(tcp({ port: 0 }), http()).ready;
  await using hub = gateway();
  const clock = new FakeClock();
  const part = proxy({
    to: ["http://127.0.0.1:1", `http://127.0.0.1:${port}`],
    health: { hub, clock },
  });
  hub.handle("/*", async (request, info) => (await part(request, info))!);
  const near = await hub.listen(tcp({ port: 0 }), http()).ready;
  await eventually("the checks", () => checks(hub).every(({ waits }) => !waits));
  assert.deepEqual(checks(hub).map(({ isDown }) => isDown), [true, false]);
  // What may not be repeated is asked once, and of whoever is well.
  const answer = await fetch(`http://127.0.0.1:${near.port}/`, { method: "POST", body: "x" });
  assert.equal(await answer.text(), "here");
});

Deno.test("Checks end with their gateway, also within a question", strict, async () => {
  const it = await lab();
  it.state.answers = false;
  await it.clock.move(1_000);
  await eventually("the question", () => it.state.asked === 4);
  await it[Symbol.asyncDispose]();
  assert.equal(it.clock.pending, 0);
  await it.clock.move(10_000);
  assert.equal(it.state.asked, 4);
});

Deno.test("Checks that make no sense are refused", async () => {
  await using hub = gateway();
  const to = ["http://127.0.0.1:1"];
  assert.throws(
    () => proxy({ to, health: { hub, path: "healthz" } }),
    /^TypeError: Cannot ask for "healthz": a path begins with \/, such as \/healthz$/,
  );
  assert.throws(() => proxy({ to, health: { hub, unhealthy: 0 } }), /Cannot use unhealthy 0: give/);
});
