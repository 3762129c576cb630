import assert from "node:assert/strict";
import { folder } from "../../actors/identity/people.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { start } from "../meerkat.ts";
import { users } from "./doors.ts";
import { type Guest, plainDoors } from "./guests.ts";

/** Ann may follow `topics`; bob may do everything. */
const rulesFor = (...topics: string[]) => [
  { allow: "all", users: ["bob"] },
  { allow: "subscribe", users: ["ann"], topics },
  {
    allow: "read",
    users: ["ann"],
    paths: ["/", ...topics.filter((each) => !each.includes("#")).map((each) => `/${each}`)],
  },
];

/** The command in a folder of its own, with a policy that can change. */
async function house(topics: string[]) {
  const dir = await folder();
  await Deno.writeTextFile(`${dir.path}/users`, users.both);
  await Deno.mkdir(`${dir.path}/www`);
  for (const name of ["a", "b"]) await Deno.writeTextFile(`${dir.path}/www/${name}`, name);
  const write = (topics: string[]) =>
    Deno.writeTextFile(
      `${dir.path}/meerkat.json`,
      JSON.stringify({
        listen: ["mqtt", "http", "coap", "coap+tcp"].map((each) => `${each}://127.0.0.1:0`),
        auth: [{ type: "passwords", file: "users" }],
        policy: { rules: rulesFor(...topics) },
        web: { root: "www" },
      }),
    );
  await write(topics);
  const open = async () => {
    const files = ["--config", `${dir.path}/meerkat.json`, "--data", `${dir.path}/kept.db`];
    const child = start([...files, "--drain", "100ms"]);
    const lines = await child.linesFrom(0, 4);
    const [mqtt, http, coap, coapTcp] = lines.map((line) => Number(/:(\d+)$/.exec(line)![1]));
    return { child, ports: { mqtt, http: http!, coap, coapTcp } };
  };
  return { write, open, [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose]() };
}

/** Has bob publish, by HTTP. */
async function tell(http: number, topic: string, text: string): Promise<void> {
  const headers = { authorization: `Basic ${btoa("bob:secret")}` };
  const request = { method: "POST", body: text, headers };
  const answer = await fetch(`http://127.0.0.1:${http}/topics/${topic}`, request);
  assert.equal(answer.status, 204, await answer.text());
}

async function statusOf(http: number, path: string): Promise<number> {
  const headers = { authorization: `Basic ${btoa("ann:secret")}` };
  const answer = await fetch(`http://127.0.0.1:${http}${path}`, { headers });
  await answer.text();
  return answer.status;
}

testWith([], "Rules that are set anew count for who is there, at every door", async () => {
  await using home = await house(["a", "b"]);
  const { child, ports } = await home.open();
  await using _ = child;
  const guests: Guest[] = [], login = { user: "ann", password: "secret" };
  for (const door of Object.values(plainDoors)) {
    for (const topic of ["a", "b"]) {
      guests.push(await door({ ports }, topic, login));
    }
  }
  assert.deepEqual([await statusOf(ports.http, "/a"), await statusOf(ports.http, "/b")], [
    200,
    200,
  ]);
  await home.write(["b"]);
  await eventually("the new rules", () => child.stderr.includes("policy renewed"));
  for (const topic of ["a", "b"]) await tell(ports.http, topic, `news of ${topic}`);
  for (const [at, { ears }] of guests.entries()) {
    if (at % 2 === 1) await ears.until("news of b");
  }
  await home.write(["a", "b"]);
  await eventually("the rules of before", () => child.stderr.split("policy renewed").length === 3);
  await tell(ports.http, "a", "again");
  for (const [at, { ears }] of guests.entries()) {
    if (at % 2 === 1) continue;
    await ears.until("again");
    assert.equal(ears.has("news of a"), false);
  }
  await home.write(["b"]);
  await eventually("the new rules", () => child.stderr.split("policy renewed").length === 4);
  assert.deepEqual([await statusOf(ports.http, "/a"), await statusOf(ports.http, "/b")], [
    403,
    200,
  ]);
  child.kill("SIGTERM");
  await child.ended();
  for (const guest of guests) await guest.close();
});

testWith(
  [],
  "What a session that comes back may not follow any more is not kept for it",
  async () => {
    await using home = await house(["a", "b", "c/#"]);
    const connect = async (port: number) => {
      const client = new MqttClient(await Deno.connect({ port }), 5);
      const { reason, sessionPresent } = await client.introduce({
        clientId: "a",
        version: 5,
        username: "ann",
        password: new TextEncoder().encode("secret"),
        clean: false,
        properties: { sessionExpiry: 600 },
      });
      assert.equal(reason, 0);
      return { client, sessionPresent };
    };
    {
      const { child, ports } = await home.open();
      await using _ = child;
      const { client } = await connect(ports.mqtt!);
      for (const filter of ["a", "b", "c/#"]) {
        assert.deepEqual(await client.subscribe(filter, 1), [
          1,
        ]);
      }
      client.close();
      await client.ended;
      child.kill("SIGTERM");
      assert.equal((await child.ended()).code, 0);
    }
    await home.write(["b", "c/e"]);
    const { child, ports } = await home.open();
    await using _ = child;
    for (const topic of ["a", "c/d", "b", "c/e"]) await tell(ports.http, topic, `news of ${topic}`);
    const { client, sessionPresent } = await connect(ports.mqtt!);
    assert.equal(sessionPresent, true);
    assert.deepEqual([await client.nextText(), await client.nextText()], [
      "news of b",
      "news of c/e",
    ]);
    client.close();
    await client.ended;
  },
);
