import assert from "node:assert/strict";
import { gateway, http, Log, mqtt, policy, sqliteStore, tcp } from "../../../mod.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { openWebSocket } from "../../interop/websocket.ts";

const log = new Log({ sink: () => {} });
const history = [
  { filter: "sensors/#", keepMs: 3_600_000, max: 3 },
  { filter: "long/#", keepMs: Infinity, max: Infinity },
];

async function open(file: string) {
  const hub = gateway({ log, store: sqliteStore(file, { history }) });
  const web = await hub.listen(tcp({ port: 0 }), http()).ready;
  const broker = await hub.listen(tcp({ port: 0 }), mqtt()).ready;
  return { hub, web: `http://127.0.0.1:${web.port}/topics/`, broker: broker.port };
}

type Message = { topic: string; payload: string };

async function past(url: string): Promise<string[]> {
  const answer = await fetch(url);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "application/json");
  return (await answer.json()).map(({ payload }: Message) => payload);
}

async function firstEvents(url: string, id: string, count: number): Promise<string[]> {
  const headers = { accept: "text/event-stream", "last-event-id": id };
  const answer = await fetch(url, { headers });
  let text = "";
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (text.split("data: ").length <= count) text += (await reader.read()).value;
  await reader.cancel();
  return [...text.matchAll(/data: (.*)/g)].map(([, json]) => JSON.parse(json!).payload);
}

Deno.test({
  name: "The past of a topic: over HTTP, as events, by WebSocket and MQTT, and after a restart",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    const start = Date.now();
    {
      const { hub, web } = await open(file);
      await using _stopped = hub;
      for (let i = 0; i < 5; i++) {
        hub.publish("long/a", `${i}`, { time: start - 10_000 * (5 - i) });
        hub.publish(`long/b/${i}`, `b${i}`, { time: start - 10_000 * (5 - i) });
      }
      hub.publish("other", "1");
      // Also before the store has it.
      assert.deepEqual(await past(`${web}long/a?since=0`), ["0", "1", "2", "3", "4"]);
    }
    const { hub, web, broker } = await open(file);
    await using _stopped = hub;
    assert.deepEqual(await past(`${web}long/a?since=25s`), ["3", "4"]);
    assert.deepEqual(await past(`${web}long/a?limit=2`), ["3", "4"]);
    const date = new Date(start - 25_000).toISOString();
    assert.deepEqual(await past(`${web}long/a?since=${date}`), ["3", "4"]);
    assert.deepEqual(await past(`${web}other?since=0`), []);
    assert.deepEqual(await past(`${web}long/b/+?since=${start - 25_000}`), ["b3", "b4"]);
    assert.deepEqual(await past(`${web}long/%23?limit=3`), ["b3", "4", "b4"]);
    const bad = await fetch(`${web}long/%23/a?since=1h`);
    assert.deepEqual([bad.status, /"#" must/.test(await bad.text())], [400, true]);
    const wrong = await fetch(`${web}long/a?since=yesterday`);
    assert.equal(wrong.status, 400);
    assert.match(await wrong.text(), /Cannot use since "[^"]+": give milliseconds since 1970/);
    const many = await fetch(`${web}long/a?limit=0`);
    assert.match(await many.text(), /Cannot use limit "[^"]+": give a whole number from 1 to 1000/);
    const headers = { accept: "application/x-ndjson" };
    const lines = await (await fetch(`${web}long/a?limit=2`, { headers })).text();
    assert.deepEqual(lines.trim().split("\n").map((each) => JSON.parse(each).payload), ["3", "4"]);

    const id = `${(start - 30_000).toString(36)}-`;
    assert.deepEqual(await firstEvents(`${web}long/a`, id, 3), ["2", "3", "4"]);

    const { socket, received, closed } = await openWebSocket(web.replace("http", "ws"), "json");
    socket.send(JSON.stringify({ op: "subscribe", filter: "long/b/+", since: "25s", id: 1 }));
    const heard = (await received(3)).map((each) => JSON.parse(new TextDecoder().decode(each)));
    assert.deepEqual(heard[0], { op: "ack", id: 1 });
    assert.deepEqual([heard[1].payload, heard[2].payload], ["b3", "b4"]);
    socket.close();
    await closed;

    const client = await dialMqtt(broker, { clientId: "c", version: 5 });
    await client.send({
      type: "subscribe",
      packetId: 1,
      filters: [{
        filter: "long/a",
        qos: 1,
        noLocal: false,
        retainAsPublished: false,
        retainHandling: 0,
      }],
      properties: { userProperties: [["since", "15s"]] },
    });
    assert.equal((await client.next()).type, "suback");
    assert.equal(await client.nextText(), "4");
    hub.publish("long/a", "now");
    assert.equal(await client.nextText(), "now");
    await client.close();
    await hub.stop();
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "The past ends where its rule says",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    {
      const { hub } = await open(file);
      await using _stopped = hub;
      hub.publish("sensors/old", "1", { time: Date.now() - 7_200_000 });
      for (let i = 0; i < 5; i++) hub.publish("sensors/a", `${i}`);
    }
    // Too much goes with the next start at the latest, what is too old is not shown before.
    await open(file).then(({ hub }) => hub.stop());
    const { hub, web } = await open(file);
    await using _stopped = hub;
    assert.deepEqual(await past(`${web}sensors/a?since=0`), ["2", "3", "4"]);
    assert.deepEqual(await past(`${web}sensors/old?since=0`), []);
    await hub.stop();
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "The past of a filter leaves out what a client may not see",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir();
    const { hub, web } = await open(`${folder}/meerkat.db`);
    await using _stopped = hub;
    hub.use(policy({
      rules: [
        { deny: "subscribe", topics: ["long/door/code"] },
        { allow: "subscribe", topics: ["long/#"] },
      ],
    }));
    hub.publish("long/door", "open");
    hub.publish("long/door/code", "1234");
    assert.deepEqual(await past(`${web}long/%23?since=0`), ["open"]);
    const refused = await fetch(`${web}sensors/%23?since=0`);
    assert.deepEqual([refused.status, await refused.text()], [
      403,
      'Not allowed to subscribe "sensors/#"\n',
    ]);
    await hub.stop();
    await Deno.remove(folder, { recursive: true });
  },
});

Deno.test({
  name: "The past is told as far as 16 MiB of it go, the newest, whatever lies in between",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir(), file = `${folder}/meerkat.db`;
    try {
      const { hub, web } = await open(file);
      await using _stopped = hub;
      const large = "x".repeat(3 << 20), time = Date.now();
      hub.publish("long/small", "first", { time });
      for (let i = 0; i < 8; i++) {
        hub.publish("long/large", `${i}${large}`, { time });
        hub.publish("long/other", large, { time });
      }
      await hub.stored();
      const told = await past(`${web}long/large?since=0`);
      assert.deepEqual(told.map((each) => each[0]), ["3", "4", "5", "6", "7"]);
      assert.deepEqual(await past(`${web}${encodeURIComponent("long/small")}?since=0`), ["first"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
