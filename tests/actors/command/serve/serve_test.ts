import assert from "node:assert/strict";
import { run } from "../../../../actors/command/command.ts";
import { ListenError } from "../../../../actors/command/config/cause.ts";
import { FakeHost } from "../fakes.ts";

const renew = () => {};

Deno.test("serve says where it listens and stops when a signal comes", async () => {
  const host = new FakeHost();
  assert.equal(await host.run(), 0);
  assert.deepEqual(host.out, ["listening mqtt://127.0.0.1:1883"]);
  assert.match(host.err[0]!, / info stopping signal=SIGTERM drainMs=10000$/);
  assert.equal(host.stoppedWith, 10_000);
  assert.equal(host.listensToSignals, false);
});

Deno.test("serve without flags reads no file and listens on loopback only", async () => {
  const host = new FakeHost();
  await host.run("serve");
  assert.deepEqual(host.read, []);
  assert.deepEqual(
    host.settings!.listen.map(({ url, allowAnonymous }) => [url.url, allowAnonymous]),
    [
      ["http://127.0.0.1:8080", false],
      ["mqtt://127.0.0.1:1883", false],
      ["coap://127.0.0.1:5683", false],
    ],
  );
  assert.deepEqual({ ...host.settings, listen: undefined }, {
    listen: undefined,
    origins: [],
    webSocketCompression: true,
    sysIntervalMs: 10_000,
    presence: "registered",
    bridges: [],
    store: { file: "meerkat.db", isUsual: true, durability: "strict", history: [] },
    drainMs: 10_000,
    logLevel: "info",
    logFormat: "text",
    limits: {},
  });
});

Deno.test("serve logs as it was asked to", async () => {
  const host = new FakeHost();
  await host.run("--log-level", "error", "--log-format", "json");
  assert.deepEqual(host.err, []);
  host.log!.error("x");
  assert.equal(JSON.parse(host.err[0]!).event, "x");
});

Deno.test("serve ends at once when a second signal comes", async () => {
  const host = new FakeHost();
  const stopping = Promise.withResolvers<void>();
  host.running = {
    listeners: [],
    renew,
    finished: Promise.withResolvers<void>().promise,
    stop() {
      stopping.resolve();
      return Promise.withResolvers<void>().promise;
    },
  };
  const code = run([], host);
  await host.served.promise;
  host.signal("SIGTERM");
  await stopping.promise;
  host.signal("SIGINT");
  assert.equal(await code, 1);
  assert.equal(host.listensToSignals, false);
});

Deno.test("serve stops a gateway that was still starting when the signal came", async () => {
  const host = new FakeHost();
  const { running } = host;
  const start = Promise.withResolvers<void>();
  host.serve = async () => {
    host.served.resolve();
    await start.promise;
    assert.ok(!(running instanceof Error));
    return running;
  };
  const code = run([], host);
  await host.served.promise;
  host.signal("SIGTERM");
  assert.equal(host.stoppedWith, undefined);
  start.resolve();
  assert.equal(await code, 0);
  assert.equal(host.stoppedWith, 10_000);
});

const failures: [error: Error, line: string][] = [
  [
    new ListenError("mqtt://127.0.0.1:1883", Object.assign(new Error(), { code: "EADDRINUSE" })),
    "Cannot listen on mqtt://127.0.0.1:1883: something else listens there already",
  ],
  [
    new ListenError("http://127.0.0.1:80", Object.assign(new Error(), { code: "EACCES" })),
    "Cannot listen on http://127.0.0.1:80: ports below 1024 are for root alone here",
  ],
  [
    new ListenError("http+unix:/a/b", Object.assign(new Error(), { code: "EACCES" })),
    "Cannot listen on http+unix:/a/b: its permissions do not allow it",
  ],
  [
    new ListenError("coap://192.0.2.1:5683", Object.assign(new Error(), { code: "EADDRNOTAVAIL" })),
    "Cannot listen on coap://192.0.2.1:5683: this machine has no such address",
  ],
  [
    new ListenError(
      "http://127.0.0.1:8080",
      new Error('Requires net access to "127.0.0.1:8080", run again with the --allow-net flag'),
    ),
    "Cannot listen on http://127.0.0.1:8080: Deno was not allowed to; " +
    "run it with --allow-net=127.0.0.1:8080",
  ],
  [
    new ListenError("http://x:80", new Error("failed to lookup address information: no\nsuch")),
    "Cannot listen on http://x:80: there is no such host",
  ],
  [new Error("Too hot (os error 451)"), "Cannot start: Too hot"],
];

for (const [error, line] of failures) {
  Deno.test(`serve exits with 1 and says "${line}"`, async () => {
    const host = new FakeHost();
    host.running = error;
    assert.equal(await run([], host), 1);
    assert.deepEqual([host.out, host.err], [[], [line]]);
    assert.equal(host.listensToSignals, false);
  });
}

Deno.test("serve exits with 0 when the gateway finishes by itself, with 1 when it fails", async () => {
  const host = new FakeHost();
  const stop = () => assert.fail("stopped what had finished");
  host.running = { listeners: [], finished: Promise.resolve(), renew, stop };
  assert.equal(await run([], host), 0);
  host.running = { listeners: [], finished: Promise.reject(new Error("Out of luck")), renew, stop };
  assert.equal(await run([], host), 1);
  assert.deepEqual(host.err, ["Cannot go on: Out of luck"]);
});

Deno.test("serve exits with 1 when stopping fails", async () => {
  const host = new FakeHost();
  const stop = () => Promise.reject(new Error("Stuck"));
  host.running = { listeners: [], finished: new Promise<void>(() => {}), renew, stop };
  assert.equal(await host.run("--log-level", "warn"), 1);
  assert.deepEqual(host.err, ["Cannot go on: Stuck"]);
});
