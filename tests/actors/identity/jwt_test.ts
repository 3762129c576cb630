import assert from "node:assert/strict";
import type { Authenticator } from "../../../actors/identity/authenticator.ts";
import { jwt } from "../../../actors/identity/jwt.ts";
import { Refusal } from "../../../protocols/identity.ts";
import { folder, part, plain, secret, shown, token } from "./people.ts";
import { kinds, signer } from "./signer.ts";

async function answerOf(to: Authenticator, text: string): Promise<unknown> {
  const answer = await to.authenticate(shown({ protocol: "http", token: text }));
  return answer instanceof Refusal ? answer.reason : plain(answer);
}

Deno.test("jwt takes a token of HS256, whichever way it comes", async () => {
  const one = jwt({ secret, cookie: "login" });
  const text = token({ sub: "ann", groups: ["staff", 7] });
  const ann = { user: "ann", groups: ["staff"] };
  assert.deepEqual(await answerOf(one, text), ann);
  assert.deepEqual(await one.authenticate(shown({ username: "x", text })), ann);
  const cookies = `a=b; login=${text}`;
  assert.deepEqual(await one.authenticate(shown({ protocol: "http", cookies })), ann);
  assert.equal(await one.authenticate(shown({ username: "x", text: "password" })), undefined);
  assert.equal(await one.authenticate(shown()), undefined);
});

Deno.test("jwt looks at exp, nbf, iss and aud", async () => {
  const one = jwt({ secret, issuer: "me", audience: "here", now: () => 1_000_000 });
  const good = { sub: "ann", iss: "me", aud: ["there", "here"], exp: 1_001, nbf: 1_000 };
  assert.deepEqual(await answerOf(one, token(good)), {
    user: "ann",
    groups: [],
    expires: 1_001_000,
  });
  for (
    const [claims, reason] of [
      [{ exp: 1_000 }, "The token has expired"],
      [{ exp: "soon" }, "The token has expired"],
      [{ nbf: 1_001 }, "The token is not valid yet"],
      [{ iss: "you" }, "The token is another issuer's"],
      [{ iss: undefined }, "The token is another issuer's"],
      [{ aud: "there" }, "The token is for another audience"],
    ] as const
  ) assert.equal(await answerOf(one, token({ ...good, ...claims })), reason);
});

Deno.test("jwt remembers a token no longer than it is good", async () => {
  let now = 1_000_000;
  const one = jwt({ secret, now: () => now }), text = token({ sub: "ann", exp: 1_010 });
  assert.deepEqual(await answerOf(one, text), { user: "ann", groups: [], expires: 1_010_000 });
  now = 1_010_000;
  assert.equal(await answerOf(one, text), "The token has expired");
});

Deno.test("jwt takes no token that is not signed as it must be", async () => {
  const one = jwt({ secret }), good = token({ sub: "ann" });
  const [head, body, signature] = good.split(".");
  for (
    const bad of [
      token({ sub: "ann" }, { alg: "HS256" }, "another secret of more than 32 bytes"),
      token({ sub: "ann" }, { alg: "none" }),
      token({ sub: "ann" }, { alg: "HS512" }),
      token({ sub: "ann" }, { alg: "HS256", crit: ["exp"] }),
      `${part({ alg: "none" })}.${body}.`,
      `${head}.${part({ sub: "bob" })}.${signature}`,
      `${head}.${body}`,
      `${good}.x`,
      `${head}.${part("ann")}.${signature}`,
      "x".repeat(20_000),
    ]
  ) assert.equal(await answerOf(one, bad), undefined, bad.slice(0, 99));
  for (let end = 0; end < good.length; end++) {
    assert.equal(await answerOf(one, good.slice(0, end)), undefined);
  }
});

for (const [alg, algorithm] of kinds) {
  Deno.test(`jwt takes a token of ${alg}, by a key and by a set`, async () => {
    const { jwk, pem, sign } = await signer(algorithm);
    const text = await sign({ alg, kid: "k1" }, { sub: "ann" });
    const ann = { user: "ann", groups: [] };
    assert.deepEqual(await answerOf(jwt({ publicKey: pem }), text), ann);
    await using dir = await folder();
    const jwks = `${dir.path}/keys.json`;
    await Deno.writeTextFile(jwks, JSON.stringify({ keys: [{ kty: "?" }, { ...jwk, kid: "k1" }] }));
    assert.deepEqual(await answerOf(jwt({ jwks }), text), ann);
    // The public key is no secret of HS256.
    assert.equal(
      await answerOf(jwt({ publicKey: pem }), token({ sub: "ann" }, { alg: "HS256" }, pem)),
      undefined,
    );
  });
}

Deno.test("jwt fetches a set again when a token names a new key, and not at each", async () => {
  let now = 1_000_000, asked = 0;
  const one = await signer(kinds[1][1]), two = await signer(kinds[1][1]);
  let keys = [{ ...one.jwk, kid: "one" }];
  await using server = Deno.serve({ port: 0, onListen() {} }, () => {
    asked++;
    return Response.json({ keys });
  });
  const jwks = `http://127.0.0.1:${server.addr.port}/`;
  const here = jwt({ jwks, now: () => now });
  const ann = { user: "ann", groups: [] };
  const text = await two.sign({ alg: "ES256", kid: "two" }, { sub: "ann" });
  assert.deepEqual(
    await answerOf(here, await one.sign({ alg: "ES256", kid: "one" }, { sub: "ann" })),
    ann,
  );
  keys = [{ ...two.jwk, kid: "two" }];
  assert.equal(await answerOf(here, text), undefined);
  assert.equal(asked, 1);
  now += 10_001;
  assert.deepEqual(await answerOf(here, text), ann);
  assert.equal(asked, 2);
});

Deno.test("jwt says what is wrong with its key", async () => {
  assert.throws(() => jwt({}), /^TypeError: Missing the key: give secret, publicKey or jwks$/);
  const answer = jwt({ secret: "short" }).authenticate(shown({ token: token({}) }));
  await assert.rejects(async () => await answer, /Cannot use a secret of 5 bytes/);
});
