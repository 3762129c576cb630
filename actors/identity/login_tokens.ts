import { randomBytes } from "node:crypto";
import { setCookie } from "../handlers/cookies.ts";
import type { Handler } from "../handlers/handler.ts";
import type { Login } from "../hooks/hooks.ts";
import type { Authenticator } from "./authenticator.ts";
import { stillGood } from "./grant.ts";
import { tokenOf } from "./token.ts";
import { Verified } from "./verified.ts";

/**
 * How long login tokens are good, and where browsers keep them.
 *
 * @example A cookie that lasts a working day
 * ```ts
 * import { type Authenticator, authenticators, gateway, http } from "@meerkat/gateway";
 * import { loginTokens, type LoginTokensOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const everybody: Authenticator = { authenticate: ({ username }) => ({ user: username }) };
 * const options: LoginTokensOptions = { lastsMs: 8 * 3_600_000, cookie: "login" };
 * const tokens = loginTokens(options);
 * await using hub = gateway({ hooks: authenticators([tokens.authenticator, everybody]) });
 * hub.handle("/login", tokens.handler);
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const headers = { authorization: `Basic ${btoa("ann:any")}` };
 * const answer = await fetch(`http://127.0.0.1:${port}/login`, { method: "POST", headers });
 * assert.match(answer.headers.get("set-cookie")!, /^login=mk_.*; Max-Age=28[78]\d\d; .*HttpOnly$/);
 * await answer.body?.cancel();
 * ```
 */
export interface LoginTokensOptions {
  /** Milliseconds until a token ends; default 43,200,000, which is 12 hours. */
  lastsMs?: number;
  /** The cookie in which browsers keep their token; default: they must send it themselves. */
  cookie?: string;
  /**
   * True takes tokens over CoAP without encryption, too, where others can read them; default false.
   */
  plainCoap?: boolean;
  /** The time in milliseconds since 1970; default `Date.now`. */
  now?: () => number;
}

/** 12 hours: one login is enough for a working day. */
const LASTS_MS = 12 * 3_600_000;

/** Tokens that are good at once, 300 bytes each; beyond them the oldest ends. */
const MAX_TOKENS = 100_000;

/** Short, for the short requests of devices; the beginning tells tokens from passwords. */
const SHAPE = /^mk_[\w-]{24}$/;

/**
 * Makes tokens that stand for a login: the handler gives one to each client that another
 * authenticator has let in, and the authenticator takes it over all protocols. A token is 27
 * random characters. It ends after its time, with this process, or when the login that it stands
 * for is revoked.
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
      // A token does not last longer than the login that it stands for.
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
