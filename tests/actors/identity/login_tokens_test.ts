import assert from "node:assert/strict";
import { loginTokens, type LoginTokensOptions } from "../../../actors/identity/login_tokens.ts";
import { jwt } from "../../../actors/identity/jwt.ts";
import type { Identity } from "../../../protocols/identity.ts";
import { secret, shown, token } from "./people.ts";

const noon = Date.UTC(2030, 0, 1, 12);

function exchange(options: LoginTokensOptions = {}) {
  const clock = { now: noon };
  const { authenticator, handler } = loginTokens({ now: () => clock.now, ...options });
  const ask = (identity: Partial<Identity>, { method = "POST", scheme = "http" } = {}) =>
    handler(
      new Request(`${scheme}://h/login`, { method }),
      { identity: { groups: [], ...identity } } as unknown as Parameters<typeof handler>[1],
    ) as Response;
  return { authenticator, ask, clock };
}

Deno.test("Who has logged in gets a token that stands for him until it ends", async () => {
  const { authenticator, ask, clock } = exchange({ lastsMs: 60_000 });
  const answer = ask({ user: "ann", groups: ["staff"] });
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.headers.get("set-cookie"), null);
  const { token: text, ...rest } = await answer.json();
  assert.deepEqual(rest, { user: "ann", expires: "2030-01-01T12:01:00.000Z" });
  const show = () => authenticator.authenticate(shown({ protocol: "http", token: text }));
  assert.deepEqual(await show(), { user: "ann", groups: ["staff"], expires: noon + 60_000 });
  clock.now += 60_000;
  assert.equal(await show(), undefined);
});

Deno.test("Nobody without a name gets a token, and only POST asks for one", () => {
  const { ask } = exchange();
  assert.equal(ask({}).status, 403);
  const answer = ask({ user: "ann" }, { method: "GET" });
  assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST"]);
});

Deno.test("A token does not outlive the login for which it was given", async () => {
  const { ask } = exchange();
  const { expires } = await ask({ user: "ann", expires: noon + 5_000 }).json();
  assert.equal(expires, "2030-01-01T12:00:05.000Z");
});

Deno.test("Browsers keep it in a cookie that scripts and other sites cannot use", () => {
  const { ask } = exchange({ cookie: "login", lastsMs: 60_000 });
  const kept = (scheme: string) =>
    ask({ user: "ann" }, { scheme }).headers.get("set-cookie")!.replace(/^login=[\w.-]+; /, "");
  for (const part of ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=60"]) {
    assert.ok(kept("http").includes(part), kept("http"));
  }
  assert.ok(kept("https").includes("Secure") && !kept("http").includes("Secure"));
});

Deno.test("What is not exactly a token that was given lets nobody in", async () => {
  const { ask, authenticator } = exchange(), another = exchange();
  const { token: text } = await ask({ user: "ann" }).json();
  const show = (token: string) => authenticator.authenticate(shown({ protocol: "http", token }));
  for (let at = 0; at < text.length; at++) {
    const other = text[at] === "A" ? "B" : "A";
    assert.equal(show(text.slice(0, at) + other + text.slice(at + 1)), undefined);
    assert.equal(show(text.slice(0, at)), undefined);
  }
  assert.equal(show(token({ sub: "ann" })), undefined);
  assert.equal(show((await another.ask({ user: "ann" }).json()).token), undefined);
  assert.ok(show(text));
  assert.ok(authenticator.authenticate(shown({ username: "ann", text })));
  assert.equal(authenticator.authenticate(shown({ username: "ann", text: "secret" })), undefined);
});

Deno.test("Tokens come over CoAP without encryption only where that is set", async () => {
  const far = { protocol: "coap", token: token({ sub: "ann" }), address: "192.0.2.1:5" } as const;
  assert.equal(await jwt({ secret }).authenticate(shown(far)), undefined);
  const login = await jwt({ secret, plainCoap: true }).authenticate(shown(far));
  assert.deepEqual(login, { user: "ann", groups: [] });
});
