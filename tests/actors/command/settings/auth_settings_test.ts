import assert from "node:assert/strict";
import { FakeHost } from "../fakes.ts";

const users = "ann:$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZS" +
  "AzCxW/RlKl3DLncb1pIhBl3EdL0J9wrMNQ==\n";

async function checked(config: unknown, ...args: string[]) {
  const files = { "etc/m.json": JSON.stringify(config), "etc/users": users, users, "etc/bad": "x" };
  const host = new FakeHost(files);
  const code = await host.run("check", "--config", "etc/m.json", ...args);
  return {
    code,
    out: host.out,
    err: host.err.map((line) => line.replace(/^etc\/m.json:\d+:\d+: /, "")),
  };
}

Deno.test("A listener with authentication may be on any address", async () => {
  const listen = ["mqtt://0.0.0.0:1883"];
  assert.equal((await checked({ listen })).code, 1);
  const auth = [{ type: "passwords", file: "users" }];
  assert.equal((await checked({ listen, auth })).code, 0);
  assert.equal((await checked({ listen: [{ url: "mqtt://0.0.0.0:1883", auth }] })).code, 0);
  assert.equal((await checked({ listen }, "--password-file", "users")).code, 0);
});

Deno.test("What is wrong with auth and policy is said where it is", async () => {
  const { code, err } = await checked({
    auth: [
      { type: "passwords", file: "bad" },
      { type: "passwords" },
      { type: "jwt", secretFile: "users", jwks: "users" },
      { type: "http", url: "http://users.example/" },
      { type: "magic" },
    ],
    policy: {
      rules: [{ allow: "all" }, { allow: "fly" }, { allow: "read", topics: ["a/#/b"] }, {}],
    },
  });
  assert.equal(code, 1);
  const said = err.join("\n");
  for (
    const part of [
      /auth\[0\].file: Cannot use "etc\/bad": line 1: it must be user:/,
      /auth\[1\]: Cannot use "type": "passwords" so: give "file"/,
      /auth\[2\]: .*give one of "secretFile", "keyFile", "jwks"/,
      /auth\[3\].url: .*passwords go over https:/,
      /auth\[4\].type: Cannot use "magic"/,
      /policy.rules\[1\].allow: Cannot use "fly": give one or a list of publish/,
      /policy.rules\[2\]: /,
      /policy.rules\[3\]: Cannot use rule 4: give one of allow and deny/,
    ]
  ) assert.match(said, part);
});

Deno.test("check --as says which rule decides", async () => {
  const policy = {
    rules: [
      { deny: "publish", topics: ["home/%u/lock"] },
      { allow: "all", topics: ["home/%u/#"], groups: ["family"] },
      { allow: "read", paths: ["/public/**"] },
    ],
    groups: { family: ["ann"] },
  };
  const ask = async (...args: string[]) => {
    const { code, out, err } = await checked({ policy }, ...args);
    return `${code} ${[...out, ...err].join()}`;
  };
  assert.match(
    await ask("--as", "ann", "--can", "publish", "home/ann/lock"),
    /^1 ann may NOT publish "home\/ann\/lock": rule 1 decides: \{"deny"/,
  );
  assert.match(
    await ask("--as=ann", "--can", "subscribe", "home/ann/#"),
    /^0 ann may subscribe .* rule 2/,
  );
  assert.match(await ask("--as", "bob", "--can", "publish", "home/bob/x"), /^1 .*: no rule fits$/);
  assert.match(
    await ask("--as", "bob", "--group", "family", "--can", "retain", "home/bob/x"),
    /^0 .* rule 2/,
  );
  assert.match(
    await ask("--can", "read", "/public/x"),
    /^0 somebody without a login may read .* rule 3/,
  );
  assert.match(await ask("--can", "write", "/public/x"), /^1 /);
  assert.match(await ask("--as", "ann"), /^2 Missing the question: give --can ACTION TOPIC/);
  assert.match(await ask("--can", "fly", "x"), /^2 Cannot use --can "fly"/);
});
