import assert from "node:assert/strict";
import { certificate, FakeHost, privateKey } from "../fakes.ts";

const route = { direction: "both", filter: "#" };

async function check(bridges: unknown): Promise<{ code: number; err: string[]; host: FakeHost }> {
  const files = { "m.json": JSON.stringify({ bridges }), ca: certificate, c: certificate };
  const host = new FakeHost({ ...files, k: privateKey, p: "secret\n", empty: "\n" });
  const code = await host.run("check", "--config", "m.json");
  return { code, err: host.err.map((line) => line.replace(/^m\.json:\d+:\d+: /, "")), host };
}

Deno.test("Bridges come from the file, with their files named", async () => {
  const bridges = [{
    name: "plant",
    url: "mqtts://broker",
    routes: [{ ...route, qos: 2, localPrefix: "a/", remotePrefix: "b/" }],
    clientId: "me",
    username: "user",
    passwordFile: "p",
    tls: { ca: "ca", cert: "c", key: "k", servername: "broker.example" },
    clean: false,
    sessionExpiry: "1h",
    keepAlive: "30s",
    limits: { maxQueuedMessages: 10, maxQueuedBytes: "1MiB" },
  }];
  const { code, host } = await check(bridges);
  assert.deepEqual([code, host.err], [0, []]);
  await host.run("serve", "--config", "m.json");
  const [settings] = host.settings!.bridges;
  assert.equal(settings!.passwordFile, "p");
  assert.deepEqual(settings!.tlsFiles, { ca: "ca", cert: "c", key: "k" });
  assert.deepEqual(settings!.options, {
    name: "plant",
    url: "mqtts://broker:8883",
    routes: bridges[0]!.routes,
    clientId: "me",
    username: "user",
    tls: { servername: "broker.example" },
    clean: false,
    sessionExpirySeconds: 3600,
    keepAliveSeconds: 30,
    limits: { maxQueuedMessages: 10, maxQueuedBytes: 1 << 20 },
  });
});

Deno.test("check says what is wrong with bridges", async () => {
  const good = { name: "a", url: "mqtt://broker", routes: [route] };
  const cases: [unknown, string][] = [
    [
      { ...good, url: "http://broker" },
      'bridges[0].url: Cannot use "http://broker": unknown scheme',
    ],
    [{ ...good, name: "a/b" }, 'bridges[0].name: Cannot use "a/b": give one word'],
    [{ ...good, routes: [] }, "bridges[0].routes: Cannot use []: give a list"],
    [
      { ...good, routes: [{ ...route, filter: "#/a" }] },
      'bridges[0].routes[0]: Cannot subscribe to "#/a"',
    ],
    [
      { ...good, routes: [{ ...route, qos: 3 }] },
      "bridges[0].routes[0].qos: Cannot use 3: give 0, 1 or 2",
    ],
    [{ ...good, clean: false }, 'bridges[0]: Missing "clientId"'],
    [{ ...good, password: "x", passwordFile: "p" }, 'bridges[0]: Cannot use "password" and'],
    [
      { ...good, passwordFile: "empty" },
      'bridges[0].passwordFile: Cannot use "empty": its first line',
    ],
    [{ ...good, tls: { ca: "ca" } }, "bridges[0].tls: Cannot use TLS for mqtt://broker:1883"],
    [{ ...good, url: "mqtts://b", tls: { cert: "c" } }, 'bridges[0].tls: Missing "key"'],
    [
      { ...good, url: "mqtts://b", tls: { ca: "k" } },
      'bridges[0].tls.ca: Cannot use "k": a certificate',
    ],
    [{ name: "a", url: "mqtt://b" }, 'bridges[0]: Missing "routes"'],
  ];
  for (const [bridge, message] of cases) {
    const { code, err } = await check([bridge]);
    assert.equal(code, 1, message);
    assert.ok(err[0]?.startsWith(message), `${err[0]} and not ${message}`);
  }
  const { err } = await check([good, good]);
  assert.deepEqual(err, ['bridges[1].name: Cannot use "a": it is taken']);
});
