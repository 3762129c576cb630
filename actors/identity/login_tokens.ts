import { randomBytes } from "node:crypto";
import { setCookie } from "../handlers/cookies.ts";
import type { Handler } from "../handlers/handler.ts";
import type { Authenticator } from "./authenticator.ts";
import { stillGood } from "./grant.ts";
import type { Login } from "../hooks.ts";
import { tokenOf } from "./token.ts";
import { Verified } from "./verified.ts";

/**
 * How long tokens are good, and where browsers keep them.
 *
 * @example A working day
 * ```ts
 * import { loginTokens, type LoginTokensOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: LoginTokensOptions = { lastsMs: 8 * 3_600_000, cookie: "login" };
 * assert.equal(typeof loginTokens(options).handler, "function");
 * ```
 */
export interface LoginTokensOptions {
  /** Milliseconds until a token ends; default 43,200,000, which is 12 hours. */
  lastsMs?: number;
  /** The cookie in which browsers keep it; without one they have to show it themselves. */
  cookie?: string;
  /** Takes it over CoAP without DTLS too, where whoever listens on the way can read it. */
  plainCoap?: boolean;
  /** The time in milliseconds since 1970; default `Date.now`. */
  now?: () => number;
}

/** 12 hours: whoever works all day logs in once. */
const LASTS_MS = 12 * 3_600_000;

/** Tokens that are good at once, 300 bytes each; beyond them the oldest ends. */
const MAX_TOKENS = 100_000;

/** Short, for devices whose requests are; told from passwords by how it begins. */
const SHAPE = /^mk_[\w-]{24}$/;

/**
 * Tokens in exchange for a login: the handler gives one to whoever has come in by another
 * authenticator, and the authenticator takes it, over all protocols, until it ends or this process
 * does, or what the login stood on has gone. It is 27 characters that say nothing.
 *
 * @example A password once, and the token from then on
 * ```ts
 * import { type Authenticator, authenticators, gateway, http, loginTokens, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const passwords: Authenticator = {
 *   authenticate: ({ username, passwordText }) =>
 *     username === undefined ? undefined : passwordText === "sesame" && { user: username },
 * };
 * const tokens = loginTokens();
 * await using hub = gateway({ hooks: authenticators([tokens.authenticator, passwords]) });
 * hub.handle("/login", tokens.handler);
 * hub.handle("/me", (_request, { identity }) => new Response(identity.user));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}`;
 * const headers = { authorization: `Basic ${btoa("ann:sesame")}` };
 * const { token } = await (await fetch(`${url}/login`, { method: "POST", headers })).json();
 * assert.equal(await (await fetch(`${url}/me?access_token=${token}`)).text(), "ann");
 * ```
 */
export function loginTokens(
  options: LoginTokensOptions = {},
): { authenticator: Authenticator; handler: Handler } {
  const { lastsMs = LASTS_MS, cookie, now = Date.now } = options;
  const given = new Verified<Login>({ keepMs: lastsMs, max: MAX_TOKENS }, now);
  return {
    authenticator: {
      challenges: () => ['Bearer realm="meerkat"'],
      authenticate(credentials) {
        const token = tokenOf(credentials, SHAPE, options);
        const login = token === undefined ? undefined : given.get(given.key(token));
        return login && stillGood(login);
      },
    },
    handler(request, { identity: { user, groups, expires, grant } }) {
      if (request.method !== "POST") {
        const headers = { allow: "POST" };
        return new Response("POST your login, as Basic or as a token\n", { status: 405, headers });
      }
      if (user === undefined) {
        return new Response("Only who has a name gets a token\n", { status: 403 });
      }
      // A login that ends does not go on as a token.
      const until = Math.min(now() + lastsMs, expires ?? Infinity);
      const token = `mk_${randomBytes(18).toString("base64url")}`;
      const login = { user, groups, expires: until, ...grant && { grant } };
      given.set(given.key(token), login, until);
      const answer = { token, user, expires: new Date(until).toISOString() };
      const headers = new Headers({ "cache-control": "no-store" });
      if (cookie !== undefined) {
        const secure = new URL(request.url).protocol === "https:";
        const maxAgeSeconds = Math.max(0, Math.floor((until - now()) / 1000));
        const rest = { httpOnly: true, sameSite: "Lax", path: "/", maxAgeSeconds, secure } as const;
        setCookie(headers, { name: cookie, value: token, ...rest });
      }
      return Response.json(answer, { headers });
    },
  };
}
