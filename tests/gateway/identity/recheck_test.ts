import assert from "node:assert/strict";
import { folder } from "../../actors/identity/people.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { start } from "../meerkat.ts";
import { goodbyes, type Guest, plainDoors } from "./guests.ts";

testWith([], "Who is refused when the server of users is asked again has to go", async (test) => {
  const refused = new Set<string>(), asked: string[] = [];
  let isDown = false;
  await using server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    const { username, password, recheck } = await request.json();
    if (recheck) asked.push(username);
    if (isDown) return new Response(null, { status: 500 });
    const isRight = password === "secret" && !refused.has(username);
    return isRight ? Response.json({ user: username }) : new Response(null, { status: 401 });
  });
  await using dir = await folder();
  const settings = {
    listen: ["mqtt", "http", "coap", "coap+tcp"].map((each) => `${each}://127.0.0.1:0`),
    auth: [{ type: "http", url: `http://127.0.0.1:${server.addr.port}/`, recheck: "1s" }],
  };
  await Deno.writeTextFile(`${dir.path}/meerkat.json`, JSON.stringify(settings));
  await using child = start(["--config", `${dir.path}/meerkat.json`, "--drain", "100ms"]);
  const lines = await child.linesFrom(0, 4);
  const [mqtt, http, coap, coapTcp] = lines.map((line) => Number(/:(\d+)$/.exec(line)![1]));
  const ports = { mqtt, http, coap, coapTcp };
  const come = async (user: string) => {
    const guests: [string, Guest][] = [];
    for (const [name, enter] of Object.entries(plainDoors)) {
      guests.push([name, await enter({ ports }, "a", { user, password: "secret" })]);
    }
    return guests;
  };
  const ann = await come("ann"), bob = await come("bob");
  isDown = true;
  asked.length = 0;
  await eventually("both are asked about", () => asked.includes("ann") && asked.includes("bob"));
  isDown = false;
  refused.add("ann");
  for (const [name, { ended }] of ann) {
    await test.step(`${name}: ann goes`, async () => assert.equal(await ended, goodbyes[name]));
  }
  const headers = { authorization: `Basic ${btoa("bob:secret")}` };
  const request = { method: "POST", body: "still there", headers };
  const answer = await fetch(`http://127.0.0.1:${http}/topics/a`, request);
  assert.equal(answer.status, 204);
  for (const [name, { ears }] of bob) {
    await test.step(`${name}: bob stays`, () => ears.until("still there"));
  }
  child.kill("SIGTERM");
  await child.ended();
  for (const [, guest] of [...ann, ...bob]) await guest.close();
});
