import assert from "node:assert/strict";
import { authenticators } from "../../../actors/identity/authenticators.ts";
import { certificateUser } from "../../../actors/identity/client_certificate.ts";
import { callOut } from "../../../actors/identity/call_out.ts";
import { Hashing } from "../../../actors/identity/hashing.ts";
import { parseDigests, parsePasswords } from "../../../actors/identity/lines.ts";
import { passwordFile } from "../../../actors/identity/password_file.ts";
import { formatHash, hashPassword, parseHash } from "../../../actors/identity/password_hash.ts";
import { replaceFile } from "../../../actors/identity/replace_file.ts";
import { Refusal } from "../../../protocols/identity.ts";
import { folder, plain, shown } from "./people.ts";

async function line(user: string, password: string): Promise<string> {
  return `${user}:${formatHash(await hashPassword(new TextEncoder().encode(password), 1_000))}\n`;
}

Deno.test("A password file is read again when it has changed, and kept when it broke", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`, refused: string[] = [];
  let now = 0;
  const users = passwordFile(file, {
    now: () => now,
    refused: (error) => refused.push((error as Error).message),
  });
  const ask = async (username: string, text: string) => {
    now += 1_001;
    return plain(await users.authenticate(shown({ username, text })));
  };
  const change = async (text: string) => {
    await replaceFile(file, text);
    // Somebody sees that it is another, and is still let in or not by what it said.
    assert.deepEqual(await ask("ann", "one"), { user: "ann" });
  };
  await assert.rejects(ask("ann", "one"), Deno.errors.NotFound);
  await replaceFile(file, await line("ann", "one"));
  assert.deepEqual(await ask("ann", "one"), { user: "ann" });
  assert.equal(await ask("ann", "two"), false);
  assert.equal(await ask("bob", "one"), undefined);
  await change(await line("ann", "two") + await line("bob", "one"));
  assert.equal(await ask("ann", "one"), false);
  assert.deepEqual(await ask("bob", "one"), { user: "bob" });
  await replaceFile(file, "ann:hunter2\n");
  assert.deepEqual(await ask("ann", "two"), { user: "ann" });
  assert.deepEqual(await ask("ann", "two"), { user: "ann" });
  assert.deepEqual(refused, [
    "Cannot read line 1: what follows the user must be $7$iterations$salt$hash",
  ]);
});

Deno.test("What was verified a moment ago is answered at once", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`;
  await Deno.writeTextFile(file, await line("ann", "one"));
  const users = passwordFile(file, { now: () => 1_000 });
  await users.authenticate(shown({ username: "ann", text: "one" }));
  const answer = users.authenticate(shown({ username: "ann", text: "one" }));
  assert.deepEqual(plain(answer), { user: "ann" });
  assert.ok(users.authenticate(shown({ username: "ann", text: "two" })) instanceof Promise);
});

Deno.test("Unknown users cost a hash, too, and passwords do not go over plain CoAP", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`;
  await Deno.writeTextFile(file, await line("ann", "one"));
  const users = passwordFile(file);
  const hashed: string[] = [];
  for (const username of ["ann", "bob"]) {
    const attempt = { proceed: () => hashed.push(username), failed() {} };
    await users.authenticate(shown({ username, text: "x" }), attempt);
  }
  assert.deepEqual(hashed, ["ann", "bob"]);
  assert.equal(
    users.authenticate(shown({ protocol: "coap", username: "ann", text: "one" })),
    undefined,
  );
});

Deno.test("Guesses that come together are not all hashed", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`;
  await Deno.writeTextFile(file, await line("ann", "one"));
  const hooks = authenticators([passwordFile(file)]);
  const answers = await Promise.all(
    Array.from(
      { length: 50 },
      (_, i) => hooks.authenticate!(shown({ username: "ann", text: `guess ${i}` })),
    ),
  );
  const kinds = answers.map((each) => (each as Refusal).kind);
  const hashed = kinds.filter((each) => each === "credentials").length;
  assert.ok(hashed >= 5 && hashed <= 7, `${hashed} were hashed`);
  assert.equal(kinds.filter((each) => each === "unavailable").length, 50 - hashed);
});

Deno.test("Hashing runs a few at a time, in order, and refuses what is too much", async () => {
  const hashing = new Hashing({ maxAtOnce: 2, maxWaiting: 2 });
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const begun: number[] = [];
  const all = gates.map(({ promise }, i) => hashing.inTurn(() => (begun.push(i), promise)));
  await assert.rejects(
    hashing.inTurn(() => Promise.resolve()),
    (error) => error instanceof Refusal,
  );
  assert.deepEqual(begun, [0, 1]);
  for (const gate of gates) gate.resolve();
  await Promise.all(all);
  assert.deepEqual(begun, [0, 1, 2, 3]);
});

Deno.test("Lines of files of users are read, or refused without being quoted", async () => {
  const good = await line("ann", "one");
  assert.deepEqual([...parsePasswords(`# x\r\n\r\n${good}`).keys()], ["ann"]);
  for (let end = 1; end < good.length - 3; end++) {
    assert.throws(() => parsePasswords(good.slice(0, end)), /^SyntaxError: Cannot read line 1/);
  }
  for (const bad of ["$7$0$AAAA$BBBB", "$7$99999999$AAAA$BBBB", "$8$1$AAAA$BBBB", "$6$AA", ""]) {
    assert.equal(parseHash(bad), undefined);
  }
  assert.deepEqual(parseDigests("a:b:c:" + "AB".repeat(16)).map(({ realm, ha1 }) => [realm, ha1]), [
    ["b:c", "ab".repeat(16)],
  ]);
  assert.throws(
    () => parseDigests("ann:lab:secret"),
    /^SyntaxError: Cannot read line 1: it must be/,
  );
});

Deno.test("A certificate is known by common name, alternative name or fingerprint", () => {
  const peer = {
    address: "192.0.2.7:1",
    secure: true,
    certificate: "pump",
    certificateNames: ["DNS:p.example", "AB:CD"],
  };
  const known = (users: Record<string, string>) =>
    certificateUser({ users }).authenticate(shown({ peer }));
  assert.deepEqual(known({ pump: "ann" }), { user: "ann" });
  assert.deepEqual(known({ "DNS:p.example": "bob" }), { user: "bob" });
  assert.deepEqual(known({ "AB:CD": "cat" }), { user: "cat" });
  assert.equal(known({ other: "dan" }), undefined);
  assert.equal(certificateUser().authenticate(shown()), undefined);
});

Deno.test("callOut asks, remembers for a moment, and says nothing of what it sent", async () => {
  let asked = 0, status = 200;
  await using server = Deno.serve({ port: 0, onListen() {} }, async (request) => {
    asked++;
    const { username, password, address } = await request.json();
    assert.equal(address, "192.0.2.7");
    if (status !== 200) return new Response(null, { status });
    return Response.json({ user: username, groups: [password], expires: 9e9 });
  });
  const url = `http://127.0.0.1:${server.addr.port}/`;
  const ask = (text: string) => callOutHere.authenticate(shown({ username: "ann", text }));
  const callOutHere = callOut({ url });
  const ann = { user: "ann", groups: ["one"], expires: 9e12 };
  assert.deepEqual(await ask("one"), ann);
  assert.deepEqual(ask("one"), ann);
  assert.equal(asked, 1);
  const found: unknown[] = [];
  for (status of [401, 403, 204, 404, 500]) found.push(await ask("two"));
  assert.deepEqual(found.slice(0, 4), [false, false, undefined, undefined]);
  assert.equal((found[4] as Refusal).kind, "unavailable");
  assert.doesNotMatch(JSON.stringify(found), /two/);
  assert.throws(() => callOut({ url: "http://users.example/" }), /use https:/);
});
