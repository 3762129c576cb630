import assert from "node:assert/strict";
import { formatHash, scramPassword } from "../../../actors/identity/password_hash.ts";
import {
  authenticators,
  digestFile,
  gateway,
  loginTokens,
  passwordFile,
  policy,
  scramFile,
} from "../../../mod.ts";
import { ha1Of } from "../../../protocols/web/digest.ts";
import { folder } from "../../actors/identity/people.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { goodbyes, type Guest, leave, plainDoors } from "./guests.ts";
import { type Way, waysIn } from "./ways_in.ts";

type Passwords = Readonly<Record<string, string>>;

/** A gateway that knows its users by SCRAM, Digest, passwords, tokens and cookies. */
async function house(passwords: Passwords, hostname?: string) {
  const dir = await folder(), users = `${dir.path}/users`, digests = `${dir.path}/digests`;
  const known = new Map<string, string>();
  /** The same line for the same password: a new salt would be another. */
  const lineOf = async (user: string, password: string) => {
    const key = `${user}:${password}`, text = new TextEncoder().encode(password);
    if (!known.has(key)) known.set(key, formatHash(await scramPassword(text, 4_096)));
    return `${user}:${known.get(key)}\n`;
  };
  const write = async (passwords: Passwords) => {
    const all = Object.entries(passwords);
    const lines = await Promise.all(all.map(([user, password]) => lineOf(user, password)));
    const realm = "meerkat";
    const ha1s = all.map(([username, text]) => {
      const password = new TextEncoder().encode(text);
      return `${username}:${realm}:${ha1Of({ username, realm, password }, "MD5")}\n`;
    });
    await Deno.writeTextFile(users, lines.join(""));
    await Deno.writeTextFile(digests, ha1s.join(""));
  };
  await write(passwords);
  const tokens = loginTokens({ cookie: "login", plainCoap: true }), hub = gateway();
  hub.use(authenticators([tokens.authenticator, passwordFile(users), digestFile(digests)]));
  hub.use(policy({ rules: [{ allow: ["publish", "subscribe"], topics: ["home/%u/#"] }] }));
  hub.handle("/login", tokens.handler);
  const options = { ...hostname !== undefined && { hostname }, authMethods: [scramFile(users)] };
  const ports = await listenToAll(hub, options);
  return {
    hub,
    write,
    entrance: { ports: { ...ports }, ...hostname !== undefined && { hostname } },
    [Symbol.asyncDispose]: async () => {
      await hub.stop();
      await dir[Symbol.asyncDispose]();
    },
  };
}

const before: Passwords = { ann: "secret", bob: "secret" };

/** What happens to ann, and not to bob. */
const changes: Readonly<Record<string, Passwords>> = {
  "is no user any more": { bob: "secret" },
  "has another password": { ann: "another", bob: "secret" },
};

/** Ann and bob come in by all ways; ann has to go, and bob stays. */
async function showOut(
  test: Deno.TestContext,
  { ways, after, hostname }: { ways: typeof waysIn; after: Passwords; hostname?: string },
): Promise<void> {
  await using home = await house(before, hostname);
  const { hub, entrance, write } = home;
  const come = async (user: string) => {
    const guests: [name: string, Guest][] = [];
    for (const [name, { enter }] of Object.entries(ways)) {
      const login = { user, password: "secret" };
      guests.push([name, await enter(entrance, `home/${user}/a`, login)]);
    }
    hub.publish(`home/${user}/a`, `to ${user}`, { retain: true });
    for (const [name, { ears }] of guests) {
      await test.step(`${name}: ${user} comes in`, () => ears.until(`to ${user}`));
    }
    return guests;
  };
  const ann = await come("ann"), bob = await come("bob");
  await write(after);
  for (const [name, { ended }] of ann) {
    await test.step(`${name}: ann goes`, async () => {
      assert.equal(await ended, ways[name]!.goodbye);
    });
  }
  await eventually(
    "nobody is left who follows as ann",
    () => hub.publish("home/ann/a", "secret") === "unmatched",
  );
  hub.publish("home/bob/a", "still there");
  for (const [name, { ears }] of bob) {
    await test.step(`${name}: bob stays`, () => ears.until("still there"));
  }
  await leave(hub, ...ann, ...bob);
}

const plain = Object.fromEntries(
  Object.entries(plainDoors).map(([name, enter]): [string, Way] => [
    name,
    { enter, goodbye: goodbyes[name]! },
  ]),
);

for (const [what, after] of Object.entries(changes)) {
  testWith([], `Who ${what} has to go, whatever let him in`, (test) => {
    return showOut(test, { ways: waysIn, after });
  });
  testWith(["IPv6"], `Who ${what} has to go, also where it came by IPv6`, (test) => {
    return showOut(test, { ways: plain, after, hostname: "::1" });
  });
}
