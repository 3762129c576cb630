import assert from "node:assert/strict";
import { gateway, Log, mqtt, type Publication, tcp } from "../../mod.ts";
import { dialMqtt } from "../interop/mqtt_client.ts";
import { testWith } from "../interop/programs.ts";

/** True for the same type, not for one that contains it. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

function isTrue<T extends true>(_: T | undefined = undefined): void {}

/** What a handler saw, each as text. */
function recorder(): { seen: string[]; record: (message: Publication, levels: object) => void } {
  const seen: string[] = [];
  return {
    seen,
    record: ({ topic, ...message }, levels) =>
      void seen.push(`${topic} ${message.payload.length} ${JSON.stringify(levels)}`),
  };
}

testWith([], "hub.subscribe names levels, and their names are known to the compiler", async () => {
  await using hub = gateway();
  const seen: unknown[] = [];
  hub.subscribe("sensors/+room/temperature", (_, levels) => {
    isTrue<Same<typeof levels, { room: string }>>();
    seen.push(levels);
  });
  hub.subscribe("+site/+/#rest", (_, levels) => {
    isTrue<Same<typeof levels, { site: string; rest: string }>>();
    seen.push(levels);
  });
  hub.subscribe("sensors/+/#", (_, levels) => {
    // deno-lint-ignore ban-types -- a filter without names gives no levels
    isTrue<Same<typeof levels, {}>>();
    // @ts-expect-error no level of this filter is called room
    seen.push(levels.room ?? {});
  });
  assert.equal(hub.publish("sensors/kitchen/temperature", "21.5"), "accepted");
  await Promise.resolve();
  // Handlers are called in no particular order.
  assert.deepEqual(seen.map((levels) => JSON.stringify(levels)).sort(), [
    '{"room":"kitchen"}',
    '{"site":"sensors","rest":"temperature"}',
    "{}",
  ]);
});

testWith([], "A named # takes nothing, one level or many", async () => {
  await using hub = gateway();
  const { seen, record } = recorder();
  hub.subscribe("a/#rest", record);
  for (const topic of ["a", "a/", "a/b", "a/b/c/"]) hub.publish(topic, "x");
  await Promise.resolve();
  assert.deepEqual(seen, [
    'a 1 {"rest":""}',
    'a/ 1 {"rest":""}',
    'a/b 1 {"rest":"b"}',
    'a/b/c/ 1 {"rest":"b/c/"}',
  ]);
});

testWith(
  [],
  "A handler gets payload, time, content type and what was stored before it came",
  async () => {
    await using hub = gateway();
    hub.publish("state/a", "stored", { retain: true, contentType: "text/plain", qos: 1 });
    const seen: Publication[] = [];
    hub.subscribe("state/+", (message) => void seen.push(message));
    hub.publish("state/b", Uint8Array.of(0xff), { time: 42 });
    hub.publish("state/c", '{"x":1}');
    await Promise.resolve();
    const [stored, bytes, json] = seen as [Publication, Publication, Publication];
    assert.equal(stored.text(), "stored");
    assert.equal(stored.contentType, "text/plain");
    assert.ok(Math.abs(stored.time - Date.now()) < 60_000 && Number.isInteger(stored.time));
    assert.deepEqual([bytes.payload, bytes.time, bytes.text()], [
      Uint8Array.of(0xff),
      42,
      "\ufffd",
    ]);
    assert.deepEqual(json.json(), { x: 1 });
  },
);

testWith([], "hub.publish says what became of a message", async () => {
  const log = new Log({ level: "silent" });
  const hub = gateway({ log, limits: { maxRetained: 1 } });
  assert.equal(hub.publish("a", "x"), "unmatched");
  const unsubscribe = hub.subscribe("a", () => {});
  assert.equal(hub.publish("a", "x"), "accepted");
  unsubscribe();
  unsubscribe();
  assert.equal(hub.publish("a", "x"), "unmatched");
  assert.equal(hub.publish("kept", "x", { retain: true }), "accepted");
  assert.equal(hub.publish("no room", "x", { retain: true }), "overloaded");
  assert.equal(hub.retained("kept")!.text(), "x");
  assert.equal(hub.publish("kept", "", { retain: true }), "accepted");
  assert.equal(hub.retained("kept"), undefined);
  await hub.stop();
  assert.equal(hub.publish("a", "x"), "closing");
  await hub.finished;
});

testWith(
  [],
  "A handler that cannot keep up is dropped from, and the publisher is told",
  async () => {
    const log = new Log({ level: "silent" });
    await using hub = gateway({ log });
    let count = 0;
    hub.subscribe("flood", () => void count++);
    let outcome = hub.publish("flood", "x");
    for (let sent = 1; outcome === "accepted" && sent < 1e6; sent++) {
      outcome = hub.publish(
        "flood",
        "x",
      );
    }
    assert.equal(outcome, "overloaded");
    assert.equal(hub.counters.get("delivery.dropped"), 1);
    while (count < 65_536) await new Promise(setImmediate);
    assert.equal(count, 65_536);
  },
);

testWith([], "The payload is the gateway's own: whoever published it may change it", async () => {
  await using hub = gateway();
  const seen: string[] = [];
  hub.subscribe("a", (message) => void seen.push(message.text()));
  const payload = new TextEncoder().encode("before");
  hub.publish("a", payload, { retain: true });
  payload.fill(120);
  await Promise.resolve();
  assert.deepEqual([seen, hub.retained("a")!.text()], [["before"], "before"]);
});

testWith([], "Topics and filters that are none are TypeErrors that say why", async () => {
  await using hub = gateway();
  const topics: [string, RegExp][] = [
    ["", /empty/],
    ["a/+/b", /wildcard/],
    ["a/#", /wildcard/],
    ["a\0b", /NUL/],
    ["/".repeat(200), /200|201/],
  ];
  for (const [topic, why] of topics) {
    assert.throws(
      () => hub.publish(topic, "x"),
      (error: Error) => error instanceof TypeError && why.test(error.message),
    );
  }
  for (const filter of ["", "a/#/b", "a\0b", "/".repeat(200)]) {
    assert.throws(() => hub.subscribe(filter, () => {}), TypeError, filter);
  }
  assert.throws(() => hub.handle("no slash", () => new Response()), TypeError);
  // Nothing is left of those that failed.
  assert.deepEqual(hub.tree().children!.find(({ name }) => name === "handlers")!.children, []);
});

testWith([], "A gateway that goes out of scope tells its clients and frees its ports", async () => {
  let port: number, client;
  {
    await using hub = gateway();
    ({ port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready);
    client = await dialMqtt(port, { clientId: "guest", version: 5 });
  }
  const goodbye = await client.next();
  assert.deepEqual([goodbye.type, (goodbye as { reason: number }).reason], ["disconnect", 0x8b]);
  await client.close();
  Deno.listen({ hostname: "127.0.0.1", port }).close();
});

testWith([], "hub.finished rejects with the cause when a listener cannot start", async () => {
  await using taken = gateway();
  const { port } = await taken.listen(tcp({ port: 0 }), mqtt()).ready;
  const errors: string[] = [];
  const hub = gateway({ log: new Log({ sink: (line) => errors.push(line) }) });
  const listening = hub.listen(tcp({ port }), mqtt());
  const cause = new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${port}: `);
  await assert.rejects(listening.ready, (error: Error) => cause.test(error.message));
  await assert.rejects(hub.finished, (error: Error) => cause.test(error.message));
  await hub.stop();
});
