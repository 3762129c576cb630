import { type Credentials, Refusal } from "../../protocols/identity.ts";
import { fetchByName } from "../clients/fetch_by_name.ts";
import type { Login } from "../hooks/hooks.ts";
import { type Authenticator, mayCarryPassword, refusalIn } from "./authenticator.ts";
import { Rechecked } from "./rechecked.ts";
import { readAtMost } from "./remote_keys.ts";
import { Verified } from "./verified.ts";

/**
 * Which server `callOut` asks, and for how long its answers count.
 *
 * @example A slow server, whose answers count for a minute
 * ```ts
 * import { callOut, type CallOutOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CallOutOptions = {
 *   url: "https://users.example/login",
 *   timeoutMs: 8_000,
 *   keepMs: 60_000,
 *   realm: "lab",
 * };
 * const basic = 'Basic realm="lab", charset="UTF-8"';
 * assert.deepEqual(callOut(options).challenges?.(), [basic, 'Bearer realm="lab"']);
 * assert.throws(() => callOut({ url: "http://users.example/" }), /use https:, or a server/);
 * ```
 */
export interface CallOutOptions {
  /** The URL that credentials are sent to: by `https:`, or on this machine. */
  url: string;
  /** Milliseconds to wait for an answer; default 5,000. */
  timeoutMs?: number;
  /** Milliseconds for which the same credentials are not asked about again; default 10,000. */
  keepMs?: number;
  /**
   * Milliseconds after which the same is asked again, with `"recheck": true`, about everybody who is
   * connected because of an answer: who is refused or somebody else by then has to go. What was shown
   * is kept in memory for that. Default: never.
   */
  recheckMs?: number;
  /** What HTTP clients are told that the password is for; default `meerkat`. */
  realm?: string;
}

/** Bytes of an answer: a name and some groups. */
const MAX_BYTES = 64 * 1024;

/**
 * Makes an authenticator that asks an HTTP server: by `POST`, with `protocol`, `listener`,
 * `address`, `clientId`, `username`, `password` and `token` as JSON.
 *
 * The answer 200 with `{"user", "groups", "expires"}` (in seconds since 1970) lets the client in,
 * 401 and 403 refuse it, 204 and 404 leave it to the next authenticator. With any other answer, or
 * none, the client is told that logins are "unavailable".
 *
 * @throws {TypeError} When the URL is not `https:` and not on this machine.
 *
 * @example A server of three lines
 * ```ts
 * import { authenticators, callOut, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using users = Deno.serve({ port: 0, onListen() {} }, async (request) => {
 *   const { username, password } = await request.json();
 *   return Response.json({ user: username }, { status: password === "secret" ? 200 : 401 });
 * });
 * const asked = callOut({ url: `http://127.0.0.1:${users.addr.port}/` });
 * await using hub = gateway({ hooks: authenticators([asked]) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const headers = { authorization: `Basic ${btoa("ann:secret")}` };
 * const answer = await fetch(`http://127.0.0.1:${port}/`, { headers });
 * assert.equal(answer.status, 200);
 * await answer.text();
 * ```
 */
export function callOut(options: CallOutOptions): Authenticator {
  const { url, timeoutMs = 5_000, keepMs = 10_000, recheckMs, realm = "meerkat" } = options;
  const { protocol, hostname } = new URL(url);
  if (protocol !== "https:" && !/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)) {
    throw new TypeError(
      `Cannot send passwords to "${url}": use https:, or a server on this machine`,
    );
  }
  const verified = new Verified<Login>({ keepMs });

  async function ask(shown: Shown): Promise<Login | Refusal | false | undefined> {
    try {
      const answer = await fetchByName(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(shown),
        redirect: "error",
        signal: AbortSignal.timeout(timeoutMs),
      });
      const text = await readAtMost(answer, MAX_BYTES);
      const { status } = answer;
      if (status === 401 || status === 403) return false;
      if (status === 204 || status === 404) return undefined;
      if (status !== 200 || text === undefined) throw new Error(`it answered ${status}`);
      return loginOf(JSON.parse(text));
    } catch {
      // What went wrong may hold what was sent.
      return new Refusal("Nobody can tell who this is at the moment", "unavailable");
    }
  }

  /** True when the answer is as before, and undefined when nobody can tell. */
  async function isSaidAgain(shown: Shown, before: Login): Promise<boolean | undefined> {
    const answer = await ask({ ...shown, recheck: true });
    if (answer instanceof Refusal) return undefined;
    return answer !== undefined && answer !== false && isSame(answer, before);
  }

  async function logIn(shown: Shown, key: string) {
    const answer = await ask(shown);
    if (!answer || answer instanceof Refusal) return answer;
    const login: Login = { ...answer };
    if (recheckMs !== undefined) {
      login.grant = new Rechecked(async () => {
        const holds = await isSaidAgain(shown, answer);
        if (holds === false) verified.forget(key);
        return holds;
      }, { everyMs: recheckMs });
    }
    verified.set(key, login, login.expires);
    return login;
  }

  return {
    challenges: () => [`Basic realm="${realm}", charset="UTF-8"`, `Bearer realm="${realm}"`],
    authenticate(credentials, attempt) {
      if (credentials.saysNothing || credentials.digest || !mayCarryPassword(credentials)) {
        return undefined;
      }
      const shown = shownIn(credentials), key = verified.key(JSON.stringify(shown));
      const known = verified.get(key);
      if (known !== undefined) return known;
      try {
        attempt?.proceed();
      } catch (error) {
        return refusalIn(error);
      }
      return logIn(shown, key);
    },
  };
}

/** What is sent of credentials. */
interface Shown extends Pick<Credentials, "protocol" | "listener" | "clientId" | "username"> {
  readonly address: string;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly recheck?: true;
}

function shownIn(
  { protocol, listener, peer, clientId, username, passwordText, token }: Credentials,
): Shown {
  const address = peer.address.replace(/:\d+$/, "");
  return { protocol, listener, address, clientId, username, password: passwordText, token };
}

function isSame(one: Login, other: Login): boolean {
  const groupsOf = ({ groups = [] }: Login) => JSON.stringify([...groups].sort());
  return one.user === other.user && groupsOf(one) === groupsOf(other);
}

function loginOf(answer: { user?: unknown; groups?: unknown; expires?: unknown }): Login {
  const { user, groups, expires } = answer;
  return {
    user: typeof user === "string" ? user : undefined,
    groups: Array.isArray(groups) ? groups.filter((each) => typeof each === "string") : [],
    ...typeof expires === "number" && { expires: expires * 1000 },
  };
}
