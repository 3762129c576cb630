import assert from "node:assert/strict";
import { main } from "../../examples/http_hook.ts";
import { testWith } from "../interop/programs.ts";
import { follow, received } from "./mqtt_follower.ts";

testWith(["mosquitto_sub"], "The hook makes MQTT messages of a build", async () => {
  const { hub, ports } = await main({ http: 0, mqtt: 0 });
  await using _ = hub;
  const origin = `http://127.0.0.1:${ports.http}`;
  const post = async (body: string) => {
    const response = await fetch(`${origin}/hooks/build`, { method: "POST", body });
    return `${response.status} ${await response.text()}`;
  };
  await using client = await follow(hub, ports.mqtt, "builds/#");
  const build = '{"project":"site","status":"failed"}';

  assert.equal(await post(build), "202 Published\n");
  await received(client, "builds/site/status failed");
  await received(client, `builds/site/finished ${build}`);
  const status = await fetch(`${origin}/topics/builds/site/status`);
  assert.equal(await status.text(), "failed");
});

testWith([], "The hook refuses what is not a build", async () => {
  const { hub, ports } = await main({ http: 0, mqtt: 0 });
  await using _ = hub;
  const hook = `http://127.0.0.1:${ports.http}/hooks/build`;
  for (const body of ["{", "null", "[]", "{}", '{"project":"#","status":"failed"}']) {
    const response = await fetch(hook, { method: "POST", body });
    assert.match(await response.text(), /^Cannot read the build: /);
    assert.equal(response.status, 400, body);
  }
  const response = await fetch(hook);
  await response.body?.cancel();
  assert.deepEqual([response.status, response.headers.get("allow")], [405, "POST"]);
});
