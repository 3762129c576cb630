import assert from "node:assert/strict";
import { run } from "../../../actors/command/command.ts";
import type { ClientHost } from "../../../actors/command/client/client.ts";
import { program, testWith } from "../../interop/programs.ts";
import { folder } from "../identity/people.ts";
import { FakeHost } from "./fakes.ts";

class Typist extends FakeHost {
  constructor(readonly typed: string) {
    super();
  }
  readonly client = { input: () => new Blob([this.typed]).stream() } as unknown as ClientHost;
}

async function passwd(typed: string, ...args: string[]) {
  const host = new Typist(typed), code = await run(["passwd", ...args], host);
  return { code, out: host.out, err: host.err };
}

Deno.test("passwd sets, verifies, lists and deletes, and keeps what it does not know", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`;
  await Deno.writeTextFile(file, "# staff\n");
  for (const user of ["ann", "bob"]) {
    assert.deepEqual(await passwd(`pw-${user}\n`, "set", file, user), {
      code: 0,
      out: [],
      err: [],
    });
  }
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  assert.deepEqual((await passwd("", "list", file)).out, ["ann", "bob"]);
  assert.equal((await passwd("pw-ann\r\n", "verify", file, "ann")).code, 0);
  assert.deepEqual(await passwd("pw-bob\n", "verify", file, "ann"), {
    code: 1,
    out: [],
    err: ["The password is wrong"],
  });
  assert.equal((await passwd("new", "set", file, "ann")).code, 0);
  assert.equal((await passwd("new", "verify", file, "ann")).code, 0);
  assert.equal((await passwd("", "del", file, "bob")).code, 0);
  assert.match(await Deno.readTextFile(file), /^# staff\nann:\$7\$10000\$[^\n]+\n$/);
  assert.doesNotMatch(await Deno.readTextFile(file), /new|pw-/);
  assert.deepEqual([...Deno.readDirSync(dir.path)].map(({ name }) => name), ["users"]);
});

Deno.test("passwd keeps entries of realms beside each other", async () => {
  await using dir = await folder();
  const file = `${dir.path}/digests`;
  await passwd("one", "set", file, "ann", "--realm", "a");
  await passwd("two", "set", file, "ann", "--realm", "b", "--sha256");
  assert.equal((await passwd("one", "verify", file, "ann", "--realm", "a")).code, 0);
  assert.equal((await passwd("two", "verify", file, "ann", "--realm", "a")).code, 1);
  assert.equal((await passwd("two", "verify", file, "ann", "--realm", "b")).code, 0);
  assert.equal((await passwd("", "del", file, "ann", "--realm", "a")).code, 0);
  assert.match(await Deno.readTextFile(file), /^ann:b:[\da-f]{64}\n$/);
});

Deno.test("passwd says what is wrong", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`, broken = `${dir.path}/broken`;
  await Deno.writeTextFile(broken, "ann:hunter2\n");
  for (
    const [args, code, err] of [
      [["frob", file], 2, /^Unknown "frob": give set, del, list or verify$/],
      [["set"], 2, /^Missing the file/],
      [["set", file], 2, /^Missing the user/],
      [["set", file, "a", "b"], 2, /^Unexpected "b"$/],
      [["set", file, "a:b"], 2, /^Cannot use the user "a:b"/],
      [["set", file, "a", "--iterations", "1"], 2, /^Cannot use --iterations "1"/],
      [["set", file, "a", "--colour"], 2, /^Unknown flag/],
      [["set", file, "a"], 2, /^Missing the password/],
      [["list", file], 1, /^Cannot list in ".*users": there is no such file/],
      [["list", broken], 1, /^Cannot list in ".*": Cannot read line 1: what follows/],
      [["del", broken, "ann"], 1, /Cannot read line 1/],
    ] as const
  ) {
    const said = await passwd("", ...args);
    assert.equal(said.code, code, args.join(" "));
    assert.match(said.err.join("\n"), err);
    assert.doesNotMatch(said.err.join("\n"), /hunter2/);
  }
  assert.match((await passwd("", "--help")).out[0]!, /^Keeps the users/);
});

testWith(["mosquitto_passwd"], "mosquitto_passwd and passwd work on the same file", async () => {
  await using dir = await folder();
  const file = `${dir.path}/users`;
  const theirs = (...args: string[]) =>
    new Deno.Command(program("mosquitto_passwd"), { args, stderr: "null" }).output();
  assert.ok((await theirs("-b", "-c", file, "ann", "theirs")).success);
  assert.equal((await passwd("theirs", "verify", file, "ann")).code, 0);
  assert.equal((await passwd("ours", "set", file, "bob")).code, 0);
  assert.ok((await theirs("-b", file, "cat", "theirs too")).success);
  assert.equal((await passwd("ours", "verify", file, "bob")).code, 0);
  assert.equal((await passwd("theirs too", "verify", file, "cat")).code, 0);
});

testWith(["htdigest"], "htdigest and passwd write the same line", async () => {
  await using dir = await folder();
  const [ours, theirs] = [`${dir.path}/ours`, `${dir.path}/theirs`];
  const command = new Deno.Command(program("htdigest"), {
    args: ["-c", theirs, "lab", "ann"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const writer = command.stdin.getWriter();
  await writer.write(new TextEncoder().encode("secret\nsecret\n"));
  await writer.close();
  assert.ok((await command.status).success);
  await passwd("secret", "set", ours, "ann", "--realm", "lab");
  assert.equal(await Deno.readTextFile(ours), await Deno.readTextFile(theirs));
});
