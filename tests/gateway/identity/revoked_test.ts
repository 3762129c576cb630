import assert from "node:assert/strict";
import { authenticators, gateway, jwt, policy } from "../../../mod.ts";
import { folder } from "../../actors/identity/people.ts";
import { kinds, signer } from "../../actors/identity/signer.ts";
import { type Hub, listenToAll } from "../../interop/listeners.ts";
import { type Program, testWith } from "../../interop/programs.ts";
import { certificates } from "../../transports/tls/certificates.ts";
import { House, own } from "./doors.ts";
import { type Entrance, goodbyes, type Guest, keptAlive, leave, type Login } from "./guests.ts";
import { plainDoors, secureDoors } from "./guests.ts";
import { SecureHouse } from "./secure_doors.ts";

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
      await test.step(name, async () => assert.equal(await guest.ended, goodbyes[name]));
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
    await test.step(name, async () => assert.equal(await guest.ended, goodbyes[name]));
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
