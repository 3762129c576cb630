import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { passwordFile } from "../../../actors/identity/password_file.ts";
import { formatHash, parseHash, scramPassword } from "../../../actors/identity/password_hash.ts";
import { scramFile } from "../../../actors/identity/scram_file.ts";
import type { AuthMethod, AuthStep } from "../../../protocols/mqtt/authentication.ts";
import { folder, plain, shown } from "./people.ts";
import { proofOf } from "./scram_client.ts";

const at = "192.0.2.7:50112";

/** Logs in; the last step. */
async function login(method: AuthMethod, user: string, password: string): Promise<AuthStep> {
  const exchange = method.begin("c", at);
  const say = (text: string) =>
    new Promise<AuthStep>((resolve) => exchange.take(Buffer.from(text), resolve));
  const first = await say(`n,,n=${user},r=abc`);
  if (first.kind !== "continue") return first;
  return await say(proofOf(user, password, Buffer.from(first.data!).toString()));
}

async function fileOf(path: string, user: string, password: string): Promise<string> {
  const file = `${path}/users`;
  const hash = await scramPassword(Buffer.from(password), 1_000);
  await Deno.writeTextFile(file, `${user}:${formatHash(hash)}\n`);
  return file;
}

Deno.test("A user of the file comes in by SCRAM, and by password through the same file", async () => {
  await using dir = await folder();
  const file = await fileOf(dir.path, "ann", "sesame");
  const method = scramFile(file), passwords = passwordFile(file);
  const step = await login(method, "ann", "sesame");
  assert.deepEqual([step.kind, step.kind === "success" && step.user], ["success", "ann"]);
  assert.equal((await login(method, "ann", "guess")).kind, "failure");
  assert.equal((await login(method, "bob", "sesame")).kind, "failure");
  const ask = (text: string) => passwords.authenticate(shown({ username: "ann", text }));
  assert.deepEqual(plain(await ask("sesame")), { user: "ann" });
  assert.equal(await ask("guess"), false);
});

Deno.test("A file that changes counts within two seconds, and one that is missing lets nobody in", async () => {
  await using dir = await folder();
  let now = 1_000_000;
  const file = await fileOf(dir.path, "ann", "sesame");
  const method = scramFile(file, { now: () => now });
  assert.equal((await login(method, "ann", "sesame")).kind, "success");
  await fileOf(dir.path, "ann", "another");
  now += 1_001;
  assert.equal((await login(method, "ann", "sesame")).kind, "success");
  now += 1_001;
  assert.equal((await login(method, "ann", "sesame")).kind, "failure");
  assert.equal((await login(method, "ann", "another")).kind, "success");
  const step = await login(scramFile(`${dir.path}/none`), "ann", "sesame");
  assert.deepEqual([step.kind, step.kind === "failure" && step.reason], ["failure", 0x88]);
});

Deno.test("A login by SCRAM stands on the line by which it was proved", async () => {
  await using dir = await folder();
  let now = 0;
  const file = await fileOf(dir.path, "ann", "sesame");
  const method = scramFile(file, { now: () => now += 1_001 });
  const step = await login(method, "ann", "sesame");
  const { grant } = step as AuthStep & { kind: "success" };
  const check = () => new Promise((resolve) => grant!.check(resolve));
  assert.equal(await check(), true);
  await fileOf(dir.path, "ann", "another");
  assert.equal(await check(), true);
  // Somebody else is let in by the new one, which does not make the old one good.
  assert.equal((await login(method, "ann", "another")).kind, "success");
  assert.equal(await check(), false);
});

Deno.test("Who guesses by SCRAM has to wait", async () => {
  await using dir = await folder();
  let now = 1_000_000;
  const method = scramFile(await fileOf(dir.path, "ann", "sesame"), { now: () => now });
  const reasonOf = async (password: string) => {
    const step = await login(method, "ann", password);
    return step.kind === "failure" ? step.reason : step.kind;
  };
  for (let guess = 0; guess < 5; guess++) assert.equal(await reasonOf("guess"), undefined);
  assert.equal(await reasonOf("sesame"), 0x88);
  now += 60_000;
  assert.equal(await reasonOf("sesame"), "success");
});

Deno.test("An entry of SCRAM is read as it was written, and nothing like it", async () => {
  const text = formatHash(await scramPassword(Buffer.from("pencil"), 4_096));
  assert.equal(formatHash(parseHash(text)!), text);
  // The example of RFC 7677 §3, as PostgreSQL keeps it.
  const known =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:" +
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";
  assert.equal(formatHash(parseHash(known)!), known);
  for (let end = 0; end < text.length - 1; end++) {
    assert.equal(parseHash(text.slice(0, end)), undefined);
  }
  for (
    const wrong of [
      "SCRAM-SHA-256$0:AA==$AA==:AA==",
      "SCRAM-SHA-1$1:AA==$AA==:AA==",
      `${text}:AA==`,
    ]
  ) {
    assert.equal(parseHash(wrong), undefined, wrong);
  }
});
