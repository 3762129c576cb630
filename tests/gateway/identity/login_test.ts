import assert from "node:assert/strict";
import type { Auth, Connack } from "../../../protocols/mqtt/packets/packet.ts";
import { proofOf } from "../../actors/identity/scram_client.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { connectPacket, MqttClient } from "../../interop/mqtt_client.ts";
import { program, testWith } from "../../interop/programs.ts";
import { listening, start } from "../meerkat.ts";
import { doors } from "./doors.ts";

const ann =
  "ann:$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZSAzCxW/Rl" +
  "Kl3DLncb1pIhBl3EdL0J9wrMNQ==\n";

testWith(
  ["curl", "coap-client"],
  "curl exchanges a password for a token that opens all doors",
  async () => {
    await using folder = await Folder.make({ users: ann });
    const auth = [
      { type: "login", path: "/session", lasts: "1h", cookie: "login" },
      { type: "passwords", file: "users" },
    ];
    const listen = ["http", "mqtt", "coap", "coap+tcp"].map((each) => `${each}://127.0.0.1:0`);
    await folder.write("meerkat.json", JSON.stringify({ listen, auth }));
    await using child = start(["--config", `${folder.path}/meerkat.json`]);
    const lines = await child.linesFrom(0, 4);
    const [http, mqtt, coap, coapTcp] = lines.map((line) => Number(/:(\d+)$/.exec(line)![1]));
    const ports = { http: http!, mqtt: mqtt!, coap: coap!, coapTcp: coapTcp! };
    const curl = async (...args: string[]) => {
      const { stdout } = await run(program("curl"), "-sS", ...args);
      return new TextDecoder().decode(stdout);
    };
    const session = `http://127.0.0.1:${http}/session`, jar = `${folder.path}/jar`;
    const { token, user } = JSON.parse(
      await curl("-X", "POST", "-u", "ann:secret", "-c", jar, session),
    );
    assert.equal(user, "ann");
    const words = {
      http: "201",
      websocket: "101",
      mqtt: "0x10",
      coap: "2.xx",
      coapTcp: "2.xx",
    };
    for (const [door, word] of Object.entries(words)) {
      assert.equal(await doors[door]!(ports, `t/${door}`, { token }), word, door);
    }
    const code = ["-o", "/dev/null", "-w", "%{http_code}"];
    const topics = `http://127.0.0.1:${http}/topics/t/http`;
    assert.equal(await curl(...code, "-b", jar, "-X", "PUT", "-d", "1", topics), "204");
    assert.equal(await curl(...code, "-X", "PUT", "-d", "1", topics), "401");
    assert.equal(await curl(...code, "-X", "POST", "-u", "ann:guess", session), "401");
  },
);

Deno.test("passwd --scram writes what MQTT's SCRAM and passwords of all doors need", async () => {
  await using folder = await Folder.make({ users: ann });
  const file = `${folder.path}/users`;
  const set = start(["passwd", "set", "--scram", file, "bob"]);
  await set.write("correct horse\n");
  await set.closeInput();
  assert.equal((await set.ended()).code, 0);
  await using child = start(
    ["--listen", "mqtt://127.0.0.1:0", "--listen", "http://127.0.0.1:0", "--password-file", file],
  );
  const ports = (await child.linesFrom(0, 2)).map((line) => Number(/:(\d+)$/.exec(line)![1]));
  const [mqtt, http] = ports;
  for (const [password, reason] of [["correct horse", 0], ["guess", 0x87]] as const) {
    const client = new MqttClient(await Deno.connect({ port: mqtt! }), 5);
    const say = (text: string) => ({
      authenticationMethod: "SCRAM-SHA-256",
      authenticationData: new TextEncoder().encode(text),
    });
    const properties = say("n,,n=bob,r=abc");
    await client.send(connectPacket({ clientId: "b", version: 5, properties }));
    const auth = await client.next() as Auth;
    assert.deepEqual([auth.type, auth.reason], ["auth", 0x18]);
    const challenge = new TextDecoder().decode(auth.properties!.authenticationData);
    const answer = say(proofOf("bob", password, challenge));
    await client.send({ type: "auth", reason: 0x18, properties: answer });
    const connack = await client.next() as Connack;
    assert.deepEqual([connack.type, connack.reason], ["connack", reason]);
    client.close();
    await client.ended;
  }
  const headers = { authorization: `Basic ${btoa("bob:correct horse")}` };
  const put = { method: "PUT", body: "1", headers };
  const answer = await fetch(`http://127.0.0.1:${http}/topics/a`, put);
  assert.deepEqual([answer.status, await answer.text()], [201, ""]);
});

Deno.test("The log says who failed to log in, and not who said nothing or guesses on", async () => {
  await using folder = await Folder.make({ users: ann });
  const args = ["--password-file", `${folder.path}/users`];
  await using gateway = await listening(["http://127.0.0.1:0"], args);
  const url = `http://127.0.0.1:${gateway.ports[0]}/topics/`;
  const status = async (authorization?: string) => {
    const answer = await fetch(url, authorization ? { headers: { authorization } } : {});
    await answer.body?.cancel();
    return answer.status;
  };
  assert.deepEqual([await status(), await status(`Basic ${btoa("ann:secret")}`)], [401, 200]);
  for (let count = 0; count < 5; count++) {
    assert.equal(await status(`Basic ${btoa("ann\nbob:guess")}`), 401);
  }
  assert.equal(await status(`Basic ${btoa("ann:guess")}`), 503);
  gateway.child.kill("SIGTERM");
  const { stderr } = await gateway.child.ended();
  const failures = stderr.split("\n").filter((line) => line.includes("login failed"));
  assert.equal(failures.length, 5, stderr);
  assert.match(failures[0]!, /^\S+ info login failed peer=127\.0\.0\.1:\d+ user="ann\\nbob"$/);
});
