import assert from "node:assert/strict";
import type { Login } from "../../../actors/hooks/hooks.ts";
import type { Authenticator } from "../../../actors/identity/authenticator.ts";
import { digestFile } from "../../../actors/identity/digest_file.ts";
import { stillGood } from "../../../actors/identity/grant.ts";
import { jwt } from "../../../actors/identity/jwt.ts";
import { loginTokens } from "../../../actors/identity/login_tokens.ts";
import { passwordFile } from "../../../actors/identity/password_file.ts";
import { formatHash, hashPassword } from "../../../actors/identity/password_hash.ts";
import { RemoteKeys, remoteKeysDefaults } from "../../../actors/identity/remote_keys.ts";
import { replaceFile } from "../../../actors/identity/replace_file.ts";
import { WatchedFile } from "../../../actors/identity/watched_file.ts";
import type { Grant } from "../../../protocols/grant.ts";
import type { Credentials } from "../../../protocols/identity.ts";
import { ha1Of } from "../../../protocols/web/digest.ts";
import { FakeGrant } from "../../protocols/hooked.ts";
import { FakeClock } from "../fakes.ts";
import { folder, shown } from "./people.ts";
import { kinds, signer } from "./signer.ts";

const encoder = new TextEncoder();

const hash = async (password: string) =>
  formatHash(await hashPassword(encoder.encode(password), 1_000));

const ha1 = (user: string, password: string) =>
  ha1Of({ username: user, realm: "lab", password: encoder.encode(password) }, "MD5");

/** A file at which an authenticator looks again whenever it is asked. */
async function house(open: (file: string, now: () => number) => Authenticator) {
  const dir = await folder(), file = `${dir.path}/file`;
  let now = 0;
  const known = open(file, () => now += 1_001);
  return {
    write: (text: string) => replaceFile(file, text),
    /** Lets somebody in, and waits for the end. */
    async enter(credentials: Credentials) {
      const login = await known.authenticate(credentials) as Login;
      const seen = { isRevoked: false };
      const forget = login.grant!.watch(() => seen.isRevoked = true);
      const check = () => new Promise((resolve) => login.grant!.check(resolve));
      /** The first look sees that something has changed, the second one takes it. */
      const look = async () => {
        await check();
        return await check();
      };
      return { seen, login, look, forget };
    },
    authenticate: (credentials: Credentials) => known.authenticate(credentials),
    [Symbol.asyncDispose]: () => dir[Symbol.asyncDispose](),
  };
}

Deno.test("A login stands on the line of its user, and not on those of others", async () => {
  const bob = `bob:${await hash("b")}\n`, ann = `ann:${await hash("a")}\n`;
  for (
    const other of [bob, bob + `ann:${await hash("other")}\n`, bob + `ann:${await hash("a")}\n`]
  ) {
    await using users = await house((file, now) => passwordFile(file, { now }));
    await users.write(ann + bob);
    const her = await users.enter(shown({ username: "ann", text: "a" }));
    const him = await users.enter(shown({ username: "bob", text: "b" }));
    await users.write(`# the same in another order\n${bob}${ann}`);
    assert.deepEqual([await her.look(), her.seen.isRevoked], [true, false]);
    await users.write(other);
    assert.deepEqual([await him.look(), him.seen.isRevoked], [true, false]);
    assert.deepEqual([await her.look(), her.seen.isRevoked], [false, true]);
    her.forget();
    him.forget();
  }
});

Deno.test("A file that breaks or goes revokes nobody", async () => {
  await using users = await house((file, now) => passwordFile(file, { now }));
  await users.write(`ann:${await hash("a")}\n`);
  const her = await users.enter(shown({ username: "ann", text: "a" }));
  await users.write("ann:hunter2\n");
  assert.deepEqual([await her.look(), her.seen.isRevoked], [true, false]);
  await users.write("");
  assert.deepEqual([await her.look(), her.seen.isRevoked], [false, true]);
  her.forget();
});

Deno.test("A login by Digest's file stands on its HA1", async () => {
  await using users = await house((file, now) => digestFile(file, { realm: "lab", now }));
  const bob = `bob:lab:${ha1("bob", "b")}\n`;
  await users.write(`ann:lab:${ha1("ann", "a")}\n${bob}`);
  const her = await users.enter(shown({ username: "ann", text: "a" }));
  const him = await users.enter(shown({ username: "bob", text: "b" }));
  await users.write(`ann:lab:${ha1("ann", "other")}\n${bob}`);
  assert.deepEqual([await her.look(), her.seen.isRevoked], [false, true]);
  assert.deepEqual([await him.look(), him.seen.isRevoked], [true, false]);
  her.forget();
  him.forget();
});

Deno.test("A token stands on the key that signed it, also when it was verified just now", async () => {
  const [, [, algorithm]] = kinds;
  const one = await signer(algorithm), two = await signer(algorithm);
  await using keys = await house((jwks, now) => jwt({ jwks, now }));
  const set = (...names: ("one" | "two")[]) =>
    JSON.stringify({ keys: names.map((kid) => ({ ...{ one, two }[kid].jwk, kid })) });
  const show = async (kid: "one" | "two") =>
    shown({
      protocol: "http",
      token: await { one, two }[kid].sign({ alg: "ES256", kid }, { sub: kid }),
    });
  await keys.write(set("one", "two"));
  const shownFirst = await show("one");
  const first = await keys.enter(shownFirst), second = await keys.enter(await show("two"));
  assert.equal((await keys.authenticate(shownFirst) as Login).user, "one");
  await keys.write(set("two"));
  assert.deepEqual([await second.look(), second.seen.isRevoked], [true, false]);
  assert.deepEqual([await first.look(), first.seen.isRevoked], [false, true]);
  assert.equal(await keys.authenticate(shownFirst), undefined);
  first.forget();
  second.forget();
});

Deno.test("A token that was given for a login stands on what that one stood on", async () => {
  await using users = await house((file, now) => passwordFile(file, { now }));
  await users.write(`ann:${await hash("a")}\n`);
  const { login, forget } = await users.enter(shown({ username: "ann", text: "a" }));
  forget();
  const { authenticator, handler } = loginTokens();
  const context = { identity: { groups: [], ...login } } as unknown;
  const answer = await handler(
    new Request("http://h/login", { method: "POST" }),
    context as Parameters<typeof handler>[1],
  );
  const credentials = shown({ protocol: "http", token: (await answer.json()).token });
  assert.equal((await authenticator.authenticate(credentials) as Login).user, "ann");
  await users.write("# nobody\n");
  assert.equal((await authenticator.authenticate(credentials) as Login).user, "ann");
  assert.equal(await authenticator.authenticate(credentials), undefined);
});

Deno.test("A token is good at once where it is known what that stands on, and later otherwise", async () => {
  for (const holds of [true, false]) {
    const decided: ((holds: boolean) => void)[] = [], grant = new FakeGrant();
    const late: Grant = { check: (each) => decided.push(each), watch: () => () => {} };
    const login = { user: "ann", grant }, other = { user: "ann", grant: late };
    grant.holds = holds;
    assert.equal(stillGood(login), holds ? login : undefined);
    const answer = stillGood(other);
    assert.ok(answer instanceof Promise);
    decided[0]!(holds);
    assert.equal(await answer, holds ? other : undefined);
  }
});

Deno.test("A file is looked at every second as long as somebody waits for changes", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`, clock = new FakeClock();
  await Deno.writeTextFile(path, "one");
  const file = new WatchedFile(path, (text) => text, { now: () => clock.now(), clock });
  assert.equal(await file.read(), "one");
  const said: string[] = [], three = Promise.withResolvers<void>();
  const forget = file.watch((text) => {
    said.push(text);
    if (text === "three") three.resolve();
  });
  const forgetToo = file.watch(() => {});
  // Of another length: it may be written in the same millisecond.
  await Deno.writeTextFile(path, "three");
  await clock.move(999);
  assert.deepEqual(said, ["one"]);
  await clock.move(1);
  // The look at it is over.
  await file.read();
  assert.deepEqual(said, ["one"]);
  await clock.move(1_000);
  await three.promise;
  assert.deepEqual(said, ["one", "three"]);
  forget();
  assert.equal(clock.pending, 1);
  forgetToo();
  assert.equal(clock.pending, 0);
});

Deno.test("A file that is caught while it is written says what it said before", async () => {
  await using dir = await folder();
  const path = `${dir.path}/file`, said: string[] = [];
  let now = 0;
  const file = new WatchedFile(path, (text) => text, { now: () => now });
  /** What it says to whoever asks so much later. */
  const after = async (ms: number) => {
    now += ms;
    return await file.read();
  };
  await Deno.writeTextFile(path, "one");
  assert.equal(await after(0), "one");
  const forget = file.watch((text) => said.push(text));
  for (const part of ["", "tw", "two and more", "two"]) {
    await Deno.writeTextFile(path, part);
    assert.equal(await after(1_000), "one", part);
  }
  await Deno.remove(path);
  assert.equal(await after(1_000), "one");
  await Deno.writeTextFile(path, "three");
  assert.equal(await after(1_000), "one");
  assert.equal(await after(1_000), "three");
  assert.deepEqual(said, ["one", "three"]);
  forget();
});

Deno.test("A key set at a URL is fetched again as long as somebody waits for changes", async () => {
  const one = await signer(kinds[1][1]), two = await signer(kinds[1][1]);
  let keys = [{ ...one.jwk, kid: "one" }];
  await using server = Deno.serve({ port: 0, onListen() {} }, () => Response.json({ keys }));
  const clock = new FakeClock();
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const remote = new RemoteKeys(url, () => clock.now(), clock);
  // Who comes while the first set is on its way waits for it, too.
  assert.equal((await Promise.all([remote.keys("one"), remote.keys("one")]))[1][0]!.id, "one");
  const again = new RemoteKeys(url, () => clock.now(), clock), fetched = again.read();
  assert.ok(fetched instanceof Promise);
  await fetched;
  // At once from now on.
  assert.equal(again.read(), await fetched);
  const said: (string | undefined)[] = [], second = Promise.withResolvers<void>();
  const forget = remote.watch(([key]) => {
    said.push(key!.id);
    if (key!.id === "two") second.resolve();
  });
  keys = [{ ...two.jwk, kid: "two" }];
  await clock.move(remoteKeysDefaults.refreshMs);
  await second.promise;
  assert.deepEqual(said, ["one", "two"]);
  forget();
  assert.equal(clock.pending, 0);
});
