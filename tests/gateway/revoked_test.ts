import assert from "node:assert/strict";
import { authenticators, gateway, jwt, passwordFile, policy } from "../../mod.ts";
import { folder } from "../actors/identity/people.ts";
import { kinds, signer } from "../actors/identity/signer.ts";
import { type Hub, listenToAll } from "../interop/listeners.ts";
import { MqttClient } from "../interop/mqtt_client.ts";
import { type Program, testWith } from "../interop/programs.ts";
import { certificates } from "../transports/certificates.ts";
import { House, own, users } from "./doors.ts";
import { type Entrance, type Guest, keptAlive, type Login } from "./guests.ts";
import { plainDoors, secureDoors } from "./guests.ts";
import { SecureHouse } from "./secure_doors.ts";

/** What each protocol says to whoever is not known any more. */
const words: Record<string, string> = {
  "MQTT 5": "0x98 The login has been revoked",
  "MQTT 3.1.1": "closed",
  WebSocket: "1008 The login has been revoked",
  "server-sent events": "end",
  CoAP: "4.01 The login has been revoked",
  "CoAP over TCP": "4.01 The login has been revoked",
  "CoAP over TLS": "4.01 The login has been revoked",
};

type Doors = typeof plainDoors;

/** Somebody comes in by all doors, and has heard something. */
async function enter(
  hub: Hub,
  { doors, entrance }: { doors: Doors; entrance: Entrance },
  login: Login,
): Promise<[name: string, guest: Guest][]> {
  const { user } = login, guests: [string, Guest][] = [];
  for (const [name, door] of Object.entries(doors)) {
    guests.push([name, await door(entrance, `home/${user}/a`, login)]);
  }
  hub.publish(`home/${user}/a`, `to ${user}`, { retain: true });
  for (const [, { ears }] of guests) await ears.until(`to ${user}`);
  return guests;
}

async function leave(hub: Hub, ...guests: [string, Guest][]): Promise<void> {
  await hub.stop({ drainMs: 0 });
  for (const [, guest] of guests) await guest.close();
}

const houses = {
  "without TLS": { open: () => House.open(), doors: plainDoors, needs: [], entrance: () => ({}) },
  "by TLS": {
    open: SecureHouse.open,
    doors: secureDoors,
    needs: ["openssl"] as Program[],
    entrance: () => ({ ca: certificates().ca }),
  },
} as const;

for (const [how, { open, doors, needs, entrance }] of Object.entries(houses)) {
  testWith(needs, `Who is no user any more has to go ${how}, and nobody else`, async (test) => {
    await using house = await open();
    const { hub } = house, here = { ports: { ...house.ports }, ...entrance() };
    const come = async (user: string) => {
      const login = { user, password: "secret" };
      return {
        guests: await enter(hub, { doors, entrance: here }, login),
        http: await keptAlive(here, `home/${user}/a`, login),
      };
    };
    const ann = await come("ann"), bob = await come("bob");
    assert.deepEqual([await ann.http.ask(), await bob.http.ask()], [200, 200]);
    await house.revoke();
    for (const [name, guest] of ann.guests) {
      await test.step(name, async () => assert.equal(await guest.ended, words[name]));
    }
    await test.step("HTTP that is kept alive", async () => {
      assert.deepEqual([await ann.http.ask(), await bob.http.ask()], [401, 200]);
    });
    assert.equal(hub.publish("home/ann/a", "secret"), "unmatched");
    hub.publish("home/bob/a", "still there");
    for (const [name, { ears }] of bob.guests) {
      await test.step(`${name} of somebody else`, () => ears.until("still there"));
    }
    ann.http.close();
    bob.http.close();
    await leave(hub, ...ann.guests, ...bob.guests);
  });
}

testWith([], "Whose token was signed with a key that is withdrawn has to go", async (test) => {
  await using dir = await folder();
  const jwks = `${dir.path}/keys.json`, people = ["ann", "bob"] as const;
  const [, [, algorithm]] = kinds;
  const signers = { ann: await signer(algorithm), bob: await signer(algorithm) };
  const publish = (...names: readonly (typeof people[number])[]) =>
    Deno.writeTextFile(
      jwks,
      JSON.stringify({ keys: names.map((kid) => ({ ...signers[kid].jwk, kid })) }),
    );
  await publish(...people);
  await using hub = gateway({ hooks: authenticators([jwt({ jwks })]) });
  const entrance = { ports: { ...await listenToAll(hub) } };
  const come = async (user: typeof people[number]) => {
    const token = await signers[user].sign({ alg: "ES256", kid: user }, { sub: user });
    return await enter(hub, { doors: plainDoors, entrance }, { user, token });
  };
  const ann = await come("ann"), bob = await come("bob");
  await publish("bob");
  for (const [name, guest] of ann) {
    await test.step(name, async () => assert.equal(await guest.ended, words[name]));
  }
  hub.publish("home/bob/a", "still there");
  for (const [, { ears }] of bob) await ears.until("still there");
  await leave(hub, ...ann, ...bob);
});

testWith([], "What may not be followed any more is not delivered, until it may again", async () => {
  await using house = await House.open({ hasPolicy: false });
  const { hub } = house, here = { doors: plainDoors, entrance: { ports: { ...house.ports } } };
  const bobs = policy({ rules: [{ allow: "all", topics: ["home/bob/#"] }] });
  const takeOwnOut = hub.use(own);
  const ann = await enter(hub, here, { user: "ann", password: "secret" });
  const bob = await enter(hub, here, { user: "bob", password: "secret" });
  const takeBobsOut = hub.use(bobs);
  takeOwnOut();
  assert.equal(hub.publish("home/ann/a", "secret"), "unmatched");
  hub.publish("home/bob/a", "still there");
  for (const [, { ears }] of bob) await ears.until("still there");
  hub.use(own);
  takeBobsOut();
  hub.publish("home/ann/a", "again");
  for (const [name, { ears }] of ann) {
    await ears.until("again");
    assert.equal(ears.has("secret"), false, name);
  }
  await leave(hub, ...ann, ...bob);
});

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
  await Deno.writeTextFile(`${house.path}/users`, users.both);
  house.now += 1_001;
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
      cwd: new URL("../..", import.meta.url),
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const writer = set.stdin.getWriter();
    await writer.write(new TextEncoder().encode("another\n"));
    await writer.close();
    assert.equal((await set.status).code, 0);
    assert.equal(await old.ended, words.WebSocket);
    const again = await door(entrance, "a", { user: "ann", password: "another" });
    hub.publish("a", "welcome");
    await again.ears.until("welcome");
    await leave(hub, ["old", old], ["again", again]);
  },
);

testWith(
  [],
  "WebSockets and observable paths of an application end as those of topics do",
  async () => {
    await using house = await House.open({ hasPolicy: false });
    const { hub, ports } = house;
    hub.websocket("/chat", (socket) => socket.send("hello"));
    const resource = hub.coap("/count", () => ({ payload: "1" }), { observable: true });
    const entrance = { ports: { ...ports } }, guests: [string, Guest][] = [];
    for (const user of ["ann", "bob"]) {
      for (const [name, path] of [["WebSocket", "/chat"], ["CoAP", "/count"]] as const) {
        guests.push([name, await plainDoors[name]!(entrance, path, { user, password: "secret" })]);
      }
    }
    await house.revoke();
    for (const [name, guest] of guests.slice(0, 2)) assert.equal(await guest.ended, words[name]);
    assert.equal(resource.observers, 1);
    await leave(hub, ...guests);
  },
);
