import assert from "node:assert/strict";
import { authenticators, gateway, passwordFile } from "../../../mod.ts";
import { folder } from "../../actors/identity/people.ts";
import { Child } from "../../interop/child.ts";
import { type Hub, listenToAll } from "../../interop/listeners.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import { eventually, within } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { House, users } from "./doors.ts";
import { goodbyes, type Guest, leave, plainDoors } from "./guests.ts";

/** Resolves once so many have subscribed, whoever they are. */
function followers(hub: Hub, count: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  hub.use({ subscribed: () => --count === 0 && resolve() });
  return within(`${count} followers`, promise);
}

testWith([], "The session and the will of who had to go are as after any other end", async () => {
  await using house = await House.open();
  const { hub, ports } = house, willed: string[] = [];
  hub.subscribe("home/ann/will", (message) => willed.push(message.text()));
  const connect = async () => {
    const client = new MqttClient(await Deno.connect({ port: ports.mqtt }), 5);
    const { reason, sessionPresent } = await client.introduce({
      clientId: "a",
      version: 5,
      username: "ann",
      password: new TextEncoder().encode("secret"),
      clean: false,
      properties: { sessionExpiry: 60 },
      will: {
        topic: "home/ann/will",
        payload: new TextEncoder().encode("gone"),
        qos: 0,
        retain: false,
        properties: undefined,
      },
    });
    return { client, answer: [reason, sessionPresent] };
  };
  const first = await connect();
  await first.client.subscribe("home/ann/a", 1);
  await house.revoke();
  await first.client.ended;
  assert.deepEqual(willed, ["gone"]);
  hub.publish("home/ann/a", "meanwhile", { qos: 1 });
  const refused = await connect();
  assert.deepEqual(refused.answer, [0x86, false]);
  await house.users.change(users.both);
  const second = await connect();
  assert.deepEqual(second.answer, [0, true]);
  assert.equal(await second.client.nextText(), "meanwhile");
  for (const { client } of [first, refused, second]) {
    client.close();
    await client.ended;
  }
});

testWith(
  [],
  "A password that is set anew sends its user out, who comes in again with it",
  async () => {
    await using dir = await folder();
    const file = `${dir.path}/users`;
    await Deno.writeTextFile(file, users.both);
    await using hub = gateway({ hooks: authenticators([passwordFile(file)]) });
    const entrance = { ports: { ...await listenToAll(hub) } }, door = plainDoors.WebSocket!;
    const old = await door(entrance, "a", { user: "ann", password: "secret" });
    const set = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "mod.ts", "passwd", "set", file, "ann"],
      cwd: new URL("../../..", import.meta.url),
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const writer = set.stdin.getWriter();
    await writer.write(new TextEncoder().encode("another\n"));
    await writer.close();
    assert.equal((await set.status).code, 0);
    assert.equal(await old.ended, goodbyes.WebSocket);
    const again = await door(entrance, "a", { user: "ann", password: "another" });
    hub.publish("a", "welcome");
    await again.ears.until("welcome");
    await leave(hub, ["old", old], ["again", again]);
  },
);

testWith(
  [],
  "WebSockets, streams and observable paths of an application end in the same way",
  async () => {
    await using house = await House.open({ hasPolicy: false });
    const { hub, ports } = house;
    hub.websocket("/chat", (socket) => socket.send("hello"));
    const aborted: string[] = [];
    hub.handle("/stream", ({ signal }, { identity: { user } }) => {
      signal.onabort = () => aborted.push(user!);
      const body = new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(10)) });
      return new Response(body, { headers: { "content-type": "text/event-stream" } });
    });
    const ways = [
      ["WebSocket", "/chat"],
      ["server-sent events", "/stream"],
      ["CoAP", "/count"],
    ] as const;
    const resource = hub.coap("/count", () => ({ payload: "1" }), { observable: true });
    const entrance = { ports: { ...ports } }, guests: [string, Guest][] = [];
    for (const user of ["ann", "bob"]) {
      for (const [name, path] of ways) {
        guests.push([name, await plainDoors[name]!(entrance, path, { user, password: "secret" })]);
      }
    }
    await house.revoke();
    for (const [name, guest] of guests.slice(0, 3)) assert.equal(await guest.ended, goodbyes[name]);
    assert.deepEqual([aborted, resource.observers], [["ann"], 1]);
    await leave(hub, ...guests);
  },
);

testWith([], "Who waits for a message with HTTP waits no longer than the login lasts", async () => {
  await using house = await House.open();
  const waiting = followers(house.hub, 2);
  const wait = async (user: string) => {
    const headers = { authorization: `Basic ${btoa(`${user}:secret`)}`, prefer: "wait=25" };
    const url = `http://127.0.0.1:${house.ports.http}/topics/home/${user}/a`;
    const answer = await fetch(url, { headers });
    return [answer.status, await answer.text()];
  };
  const ann = wait("ann"), bob = wait("bob");
  await waiting;
  await house.revoke();
  assert.equal((await ann)[0], 404);
  house.hub.publish("home/bob/a", "for bob");
  assert.deepEqual(await bob, [200, "for bob"]);
});

testWith(["mosquitto_sub", "coap-client"], "Clients that people use hear why", async () => {
  await using house = await House.open();
  const followed = followers(house.hub, 2);
  const { mqtt, coap } = house.ports, login = ["-u", "ann", "-P", "secret"];
  await using subscriber = new Child(program("mosquitto_sub"), [
    ...["-d", "-V", "5", "-p", `${mqtt}`, "-t", "home/ann/a", ...login],
  ]);
  await using observer = new Child(program("coap-client"), [
    ...["-s", "20", `coap://127.0.0.1:${coap}/topics/home/ann/a?u=ann&p=secret`],
  ]);
  await followed;
  await house.revoke();
  const said = ({ stdout, stderr }: Child) => new TextDecoder().decode(stdout) + stderr;
  await eventually("DISCONNECT", () => said(subscriber).includes("DISCONNECT (152)"));
  await eventually("4.01", () => said(observer).includes("4.01"));
});
