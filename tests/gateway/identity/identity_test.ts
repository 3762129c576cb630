import assert from "node:assert/strict";
import { authenticators, gateway, jwt, Log, policy } from "../../../mod.ts";
import { secret, token } from "../../actors/identity/people.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { type Program, testWith } from "../../interop/programs.ts";
import { openWebSocket } from "../../interop/websocket.ts";
import { doors, House, shown } from "./doors.ts";

/** How each door says: it is done, that topic is not yours, you are nobody here. */
const words: Record<string, readonly [string, string, string]> = {
  http: ["201", "403", "401"],
  websocket: ["101", "403", "401"],
  mqtt: ["0x10", "0x87", "0x86"],
  coap: ["2.xx", "4.03", "4.01"],
  coapTcp: ["2.xx", "4.03", "4.01"],
};

for (const [door, answers] of Object.entries(words)) {
  const needs: Program[] = door.startsWith("coap") ? ["coap-client"] : [];
  for (const [kind, what] of Object.entries(shown)) {
    testWith(needs, `${door} with what is ${kind}, to an allowed and a denied topic`, async () => {
      await using house = await House.open();
      const knock = (topic: string) => doors[door]!(house.ports, topic, what);
      const [done, denied, refused] = answers;
      const isIn = kind.startsWith("right");
      if (kind === "revoked") {
        assert.equal(await knock("home/ann/a"), done);
        await house.revoke();
      }
      assert.equal(await knock("home/ann/a"), isIn ? done : refused);
      assert.equal(await knock("home/bob/a"), isIn ? denied : refused);
    });
  }
}

testWith(
  [],
  "A token that expires ends MQTT with 0xA0, WebSockets with 1008, and events",
  async () => {
    await using hub = gateway({ hooks: authenticators([jwt({ secret })]) });
    const ports = await listenToAll(hub);
    const text = token({ sub: "ann", exp: Date.now() / 1000 + 1 });
    const stream = await Deno.connect({ port: ports.mqtt });
    const client = await MqttClient.connect(stream, {
      clientId: "c",
      version: 5,
      username: "ann",
      password: new TextEncoder().encode(text),
    });
    const web = `127.0.0.1:${ports.http}/topics/a?access_token=${text}`;
    const socket = await openWebSocket(`ws://${web}`);
    const events = await fetch(`http://${web}`, { headers: { accept: "text/event-stream" } });
    assert.equal(events.status, 200);
    const goodbye = await client.next() as { type: string; reason: number };
    assert.deepEqual([goodbye.type, goodbye.reason], ["disconnect", 0xa0]);
    assert.equal((await socket.closed).code, 1008);
    await events.text();
    await client.ended;
    client.close();
  },
);

testWith(
  [],
  "Who guesses waits before anything is hashed, and no secret is in log, tree or counters",
  async () => {
    const lines: string[] = [];
    const log = new Log({ level: "debug", sink: (line) => lines.push(line) });
    await using hub = gateway({ log });
    const tries: string[] = [];
    hub.use(authenticators([{
      authenticate({ username, passwordText }, attempt) {
        try {
          attempt?.proceed();
        } catch (refusal) {
          return refusal as never;
        }
        tries.push(passwordText ?? "");
        return passwordText === "correct horse" ? { user: username } : false;
      },
    }]));
    hub.use(policy({ rules: [{ allow: "all" }] }));
    const ports = await listenToAll(hub);
    const url = `http://127.0.0.1:${ports.http}/topics/a`, statuses: number[] = [];
    const socket = await openWebSocketAs(ports.http);
    for (let i = 0; i < 8; i++) {
      const headers = { authorization: `Basic ${btoa(`ann:hunter${i}`)}` };
      const answer = await fetch(`${url}?access_token=hunter`, { headers });
      statuses.push(answer.status);
      assert.doesNotMatch(await answer.text(), /hunter/);
    }
    assert.deepEqual(statuses, [401, 401, 401, 401, 401, 503, 503, 503]);
    assert.equal(tries.filter((each) => each.startsWith("hunter")).length, 5);
    const said = JSON.stringify([lines, hub.tree(), [...hub.counters]]);
    assert.doesNotMatch(said, /hunter|correct horse|Y29ycmVjdCBob3JzZQ/);
    await socket.ended();
  },
);

/** A client with a password, so that there is something to be found. */
async function openWebSocketAs(port: number) {
  const stream = await Deno.connect({ port });
  await stream.write(new TextEncoder().encode(
    "GET /topics/a HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Version: 13\r\nAuthorization: Basic ${btoa("ann:correct horse")}\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  ));
  await stream.read(new Uint8Array(256));
  return { ended: () => Promise.resolve(stream.close()) };
}
