import assert from "node:assert/strict";
import {
  coap,
  coapClient,
  gateway,
  http,
  MemoryTransport,
  mqtt,
  policy,
  presence,
  sqliteStore,
  tcp,
  udp,
} from "../../mod.ts";
import { Child, run } from "../interop/child.ts";
import { dialMqtt } from "../interop/mqtt_client.ts";
import { program, testWith } from "../interop/programs.ts";
import { MqttClient } from "../interop/mqtt_client.ts";
import { FakeClock, settle } from "../actors/fakes.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** Asks by HTTP; the status, and the body as text. */
async function ask(port: number, method: string, path: string, body?: string): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, body });
  return `${answer.status} ${await answer.text()}`.trim();
}

Deno.test("The will of a client that names no type, as curl -d, has none", strict, async () => {
  await using hub = gateway({ presence: presence(), clock: new FakeClock() });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  for (const type of ["application/x-www-form-urlencoded", "text/x-will"]) {
    const url = `http://127.0.0.1:${port}/clients/a/will`, headers = { "content-type": type };
    await (await fetch(`${url}?topic=alarm`, { method: "PUT", headers, body: "gone" })).body
      ?.cancel();
    const { will } = await (await fetch(url)).json();
    assert.equal(will.contentType, type === "text/x-will" ? type : undefined);
  }
});

Deno.test("A client without a connection is missed by HTTP and by CoAP alike", strict, async () => {
  const clock = new FakeClock();
  await using hub = gateway({ presence: presence(), clock });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const socket = await hub.listen(udp({ port: 0 }), coap()).ready;
  await using node = coapClient(`coap://127.0.0.1:${socket.port}`);
  const seen: string[] = [];
  hub.subscribe("$presence/#", ({ topic, payload }) => {
    seen.push(`${topic} ${new TextDecoder().decode(payload)}`);
  });
  hub.subscribe("alarm/+", (message) => void seen.push(`${message.topic} ${message.text()}`));
  const web = "/clients/web-1/will?topic=alarm/web&lifetime=10s";
  assert.equal(await ask(port, "PUT", web, "web is missing"), "201");
  assert.equal(await ask(port, "PUT", web, "web is missing!"), "204");
  const put = await node.put("/clients/node-1/will?topic=alarm/node&lifetime=20", {
    payload: "node is missing",
  });
  assert.equal(put.code, "2.01");
  assert.match(
    await ask(port, "GET", "/clients/node-1/will"),
    /"lifetimeSeconds":20,"dueInSeconds":20/,
  );
  for (let i = 0; i < 11; i++) await clock.move(1000);
  assert.equal((await node.post("/clients/node-1/alive")).code, "2.04");
  for (let i = 0; i < 11; i++) await clock.move(1000);
  assert.equal((await node.delete("/clients/node-1/will")).code, "2.02");
  assert.deepEqual(seen, [
    "$presence/web-1 online",
    "$presence/node-1 online",
    "$presence/web-1 stale",
    "alarm/web web is missing!",
    "$presence/web-1 offline",
    "$presence/node-1 offline",
  ]);
  assert.equal(hub.retained("$presence/web-1")!.text(), "offline");
});

Deno.test("What is wrong with a registration is said", strict, async () => {
  await using hub = gateway({ presence: presence() });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const broker = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  const mqttClient = await Deno.connect({ port: broker.port });
  // CONNECT of MQTT 3.1.1 as "m".
  await mqttClient.write(Uint8Array.fromHex("100d00044d515454040200" + "0000016d"));
  await mqttClient.read(new Uint8Array(4));
  const wrong: [method: string, path: string, body: string | undefined, said: RegExp][] = [
    ["PUT", "/clients/a/will?lifetime=0", undefined, /^400 .*1s to 30d/],
    ["PUT", "/clients/a/will", "x", /^400 Missing \?topic=/],
    ["PUT", "/clients/a/will?topic=a/%23", "x", /^400 /],
    ["PUT", "/clients/a/will?topic=$SYS/x", "x", /^400 Cannot leave a will for \$SYS\/x/],
    ["PUT", "/clients/a/will?topic=t&qos=3", "x", /^400 Cannot use qos "3"/],
    ["PUT", "/clients/a/will?topic=t&retain=2", "x", /^400 Cannot use retain "2"/],
    ["PUT", "/clients/a/will?topic=t", "x".repeat(65_537), /^400 .*65536 are allowed/],
    ["PUT", "/clients/m/will?topic=t", "x", /^409 Client "m" is connected by MQTT/],
    ["PUT", "/clients/a%2Fb/will", undefined, /^400 /],
    ["PUT", "/clients/a", undefined, /^404 /],
    ["POST", "/clients/a/will", undefined, /^405 Only GET, PUT, DELETE/],
    ["POST", "/clients/a/alive", undefined, /^404 No client "a" is registered/],
    ["DELETE", "/clients/a/will", undefined, /^404 /],
    ["GET", "/clients/a/will", undefined, /^404 /],
    ["PUT", "/topics/$presence/a", "online", /^403 /],
    ["PUT", "/topics/$clients/a", "{}", /^403 /],
  ];
  for (const [method, path, body, said] of wrong) {
    assert.match(await ask(port, method, path, body), said, `${method} ${path}`);
  }
  mqttClient.close();
});

Deno.test(
  "A client registers only wills that it may publish, and nobody else changes them",
  strict,
  async () => {
    await using hub = gateway({ presence: presence() });
    hub.use({
      authenticate: ({ username }) => username ? { user: username } : { user: "nobody" },
    });
    hub.use(policy({ rules: [{ allow: "publish", topics: ["home/%u/#"] }] }));
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const put = async (user: string, topic: string) => {
      const url = `http://127.0.0.1:${port}/clients/a/will?topic=${topic}`;
      const headers = { authorization: `Basic ${btoa(`${user}:x`)}` };
      const answer = await fetch(url, { method: "PUT", headers, body: "gone" });
      await answer.body?.cancel();
      return answer.status;
    };
    assert.equal(await put("kim", "home/lee/door"), 403);
    assert.equal(await put("kim", "home/kim/door"), 201);
    assert.equal(await put("lee", "home/lee/door"), 403);
    assert.equal(await put("kim", "home/kim/door"), 204);
  },
);

Deno.test("Registrations survive a restart", strict, async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/m.db`;
  try {
    {
      await using hub = gateway({ presence: presence(), store: sqliteStore(file) });
      const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
      assert.equal(await ask(port, "PUT", "/clients/a/will?topic=t&lifetime=5s", "gone"), "201");
      await hub.stored();
    }
    const clock = new FakeClock();
    await using hub = gateway({ presence: presence(), store: sqliteStore(file), clock });
    const wills: string[] = [];
    hub.subscribe("t", (message) => void wills.push(message.text()));
    for (let i = 0; i < 7; i++) await clock.move(1000);
    assert.deepEqual(wills, ["gone"]);
    assert.equal(hub.retained("$presence/a")!.text(), "stale");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Whoever cannot be written down is not registered", strict, async () => {
  const limits = { maxRetainedPerUserBytes: 400 };
  await using hub = gateway({ presence: presence(), limits, clock: new FakeClock() });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const path = "/clients/a/will?topic=t&lifetime=";
  assert.match(await ask(port, "PUT", `${path}9s`, "x".repeat(500)), /^503 .*no room/);
  assert.match(await ask(port, "GET", "/clients/a/will"), /^404 /);
  assert.equal(await ask(port, "PUT", `${path}9s`, "gone"), "201");
  assert.match(await ask(port, "PUT", `${path}8s`, "x".repeat(500)), /^503 /);
  assert.match(await ask(port, "GET", "/clients/a/will"), /"lifetimeSeconds":9.*"bytes":4/);
});

Deno.test("Who has a session and has not come back since a restart is missed", strict, async () => {
  const folder = await Deno.makeTempDir(), file = `${folder}/m.db`;
  const open = () => gateway({ presence: presence({ of: "all" }), store: sqliteStore(file) });
  try {
    {
      await using hub = open();
      const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
      const client = await dialMqtt(port, { clientId: "s", clean: false });
      assert.equal(hub.retained("$presence/s")!.text(), "online");
      await client.close();
      await hub.stop({ drainMs: 0 });
    }
    await using hub = open();
    assert.equal(hub.retained("$presence/s")!.text(), "stale");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("Nobody is told of a client whose name is no part of a topic", strict, async () => {
  await using hub = gateway({ presence: presence({ of: "all" }) });
  const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
  await using node = coapClient(`coap://127.0.0.1:${port}`);
  for (const id of ["%23", "%2B/a", "%00", "plain"]) {
    assert.equal((await node.post(`/mqtt/connection?clientid=${id}`)).code, "2.01");
  }
  const topics = ["$presence/#", "$presence/+/a", "$presence/\0", "$presence/plain"];
  const states = topics.map((topic) => hub.retained(topic)?.text());
  assert.deepEqual(states, [undefined, undefined, undefined, "online"]);
});

testWith(
  ["mosquitto_sub"],
  "Of all clients it is known whether they are there, if that is wanted",
  async () => {
    await using hub = gateway({ presence: presence({ of: "all" }) });
    const { port } = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
    const to = ["-h", "127.0.0.1", "-p", `${port}`, "-i"];
    const watcher = ["watcher", "-t", "$presence/+", "-v"];
    await using watch = new Child(program("mosquitto_sub"), [...to, ...watcher]);
    await watch.linesFrom(0, 1);
    await run(program("mosquitto_pub"), ...to, "short", "-t", "a", "-m", "b");
    const sub = ["-c", "-q", "1", "-t", "a", "-E"];
    await run(program("mosquitto_sub"), ...to, "long", ...sub);
    assert.deepEqual(await watch.linesFrom(0, 5), [
      "$presence/watcher online",
      "$presence/short online",
      "$presence/short offline",
      "$presence/long online",
      "$presence/long stale",
    ]);
  },
);

Deno.test("Of those who have left, only so many are remembered", strict, async () => {
  const clock = new FakeClock();
  await using hub = gateway({ presence: presence({ of: "all" }), clock });
  const transport = new MemoryTransport();
  await hub.listen(transport, mqtt()).ready;
  for (let each = 0; each < 10_050; each++) {
    const client = await MqttClient.connect(transport.connect(), { clientId: `c${each}` });
    await client.close();
  }
  await settle();
  assert.equal(hub.retained("$presence/c0"), undefined);
  assert.equal(hub.retained("$presence/c10049")?.text(), "offline");
  assert.equal(hub.retained("$presence/c100")?.text(), "offline");
});
