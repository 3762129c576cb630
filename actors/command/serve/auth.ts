import type { AuthMethod } from "../../../protocols/mqtt/authentication.ts";
import type { Handler } from "../../handlers/handler.ts";
import type { Hooks } from "../../hooks/hooks.ts";
import type { Authenticator } from "../../identity/authenticator.ts";
import { throttled } from "../../identity/authenticators.ts";
import { callOut } from "../../identity/call_out.ts";
import { certificateUser } from "../../identity/client_certificate.ts";
import { digestFile } from "../../identity/digest_file.ts";
import { jwt } from "../../identity/jwt.ts";
import { loginTokens } from "../../identity/login_tokens.ts";
import { passwordFile } from "../../identity/password_file.ts";
import { scramFiles } from "../../identity/scram_file.ts";
import { Throttle } from "../../identity/throttle.ts";
import type { Log } from "../../log.ts";
import type { ListenSettings, Settings } from "../config/resolved.ts";
import type { AuthSettings } from "../settings/auth_settings.ts";

interface Surroundings {
  readonly log: Log;
  /** Has requests for a path answered. */
  handle(path: string, handler: Handler): unknown;
  readFile(path: string): Promise<string>;
}

/**
 * The hooks that the settings ask for, in the order in which they are asked, and the methods of
 * enhanced authentication of each listener.
 */
export async function hooksOf(settings: Settings, around: Surroundings): Promise<{
  hooks: Hooks[];
  methods: ReadonlyMap<ListenSettings, readonly AuthMethod[]>;
}> {
  const hooks: Hooks[] = [];
  const throttle = new Throttle({}, Date.now, (address, user) => {
    around.log.info("login failed", { peer: address, user });
  });
  if (settings.listen.some(({ auth }) => auth !== undefined)) {
    hooks.push(await byListener(settings, { ...around, throttle }));
  }
  const methods = new Map<ListenSettings, readonly AuthMethod[]>();
  for (const each of settings.listen) {
    const files = each.auth?.flatMap(({ type, file = "" }) => type === "passwords" ? [file] : []);
    if (files?.length) methods.set(each, [scramFiles(files, {}, throttle)]);
  }
  return { hooks, methods };
}

/**
 * Asks the authenticators of a client's listener; whoever guesses is slowed down at all of them.
 */
async function byListener(
  { listen }: Settings,
  { throttle, ...around }: Surroundings & { throttle: Throttle },
): Promise<Hooks> {
  const opened = new Map<AuthSettings, Authenticator>();
  const doors = new Map<string, ReturnType<typeof throttled>>();
  for (const { url, auth, allowAnonymous } of listen) {
    if (auth === undefined) continue;
    const list: Authenticator[] = [];
    for (const each of auth) {
      let found = opened.get(each);
      if (found === undefined) opened.set(each, found = await open(each, around));
      list.push(found);
    }
    doors.set(url.url, throttled(list, { allowAnonymous, throttle }));
  }
  return {
    // On a listener without authentication nobody has a name, whatever they say.
    authenticate: (credentials) => doors.get(credentials.listener)?.authenticate(credentials) ?? {},
  };
}

async function open(
  settings: AuthSettings,
  { log, readFile, handle }: Surroundings,
): Promise<Authenticator> {
  const { type, file = "", realm, url = "", users, secretFile, keyFile } = settings;
  const named = realm === undefined ? {} : { realm };
  const refused = (error: unknown) => log.error("file of users not used", { file, error });
  switch (type) {
    case "passwords":
      return passwordFile(file, { ...named, refused });
    case "digest":
      return digestFile(file, { ...named, refused });
    case "login": {
      const { path = "/login", lasts, cookie, plainCoap } = settings;
      const tokens = loginTokens({
        ...lasts !== undefined && { lastsMs: lasts },
        ...cookie !== undefined && { cookie },
        ...plainCoap !== undefined && { plainCoap },
      });
      handle(path, tokens.handler);
      return tokens.authenticator;
    }
    case "certificate":
      return certificateUser(users === undefined ? {} : { users });
    case "http": {
      const { timeout, keep, recheck } = settings;
      return callOut({
        url,
        ...named,
        ...timeout !== undefined && { timeoutMs: timeout },
        ...keep !== undefined && { keepMs: keep },
        ...recheck !== undefined && { recheckMs: recheck },
      });
    }
    case "jwt": {
      const { jwks, issuer, audience, userClaim, groupsClaim, cookie, plainCoap } = settings;
      const given = { jwks, issuer, audience, userClaim, groupsClaim, cookie, plainCoap };
      const set = Object.fromEntries(
        Object.entries(given).filter(([, each]) => each !== undefined),
      );
      if (secretFile !== undefined) {
        return jwt({ ...set, ...named, secret: (await readFile(secretFile)).trim() });
      }
      return jwt({
        ...set,
        ...named,
        ...keyFile !== undefined && { publicKey: await readFile(keyFile) },
      });
    }
  }
}
