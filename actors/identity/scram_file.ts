import type { Grant } from "../../protocols/grant.ts";
import { Refusal } from "../../protocols/identity.ts";
import type { AuthExchange, AuthMethod, AuthStep } from "../../protocols/mqtt/authentication.ts";
import { Reason } from "../../protocols/mqtt/packets/reason.ts";
import { type ScramCredentials, scramSha256 } from "../../protocols/mqtt/scram.ts";
import type { LoginAttempt } from "./authenticator.ts";
import { parsePasswords } from "./lines.ts";
import { type Entries, type FileOptions, grantOf } from "./password_file.ts";
import type { PasswordHash } from "./password_hash.ts";
import { Throttle } from "./throttle.ts";
import { WatchedFile } from "./watched_file.ts";

/**
 * Makes a method of MQTT's enhanced authentication, SCRAM-SHA-256 (RFC 5802, RFC 7677), by which a
 * password never travels: for users of a password file that `passwd set --scram` has written. The
 * file is read again when it has changed, and clients that guess have to wait longer each time.
 *
 * @example MQTT 5 with the same file as passwords
 * ```ts
 * import { authenticators, gateway, mqtt, passwordFile, scramFile, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await using hub = gateway({ hooks: authenticators([passwordFile(file)]) });
 * const method = scramFile(file);
 * assert.equal(method.name, "SCRAM-SHA-256");
 * await hub.listen(tcp({ port: 0 }), mqtt({ authMethods: [method] })).ready;
 * await Deno.remove(file);
 * ```
 */
export function scramFile(path: string, options: Omit<FileOptions, "realm"> = {}): AuthMethod {
  return scramFiles([path], options, new Throttle({}, options.now));
}

/** The same for several files: of two that know a user the first counts. */
export function scramFiles(
  paths: readonly string[],
  { refused, now }: FileOptions,
  throttle: Throttle,
): AuthMethod {
  const files = paths.map((each) => new WatchedFile(each, parsePasswords, { refused, now }));
  let known: readonly Entries[] = [];
  let asked: string | undefined, grant: Grant | undefined;
  const method = scramSha256((user) => {
    asked = user;
    const at = known.findIndex((each) => each.has(user)), entry = known[at]?.get(user);
    grant = entry && grantOf(files[at]!, user, entry);
    return credentialsOf(entry);
  });

  function open(clientId: string, address: string): AuthExchange {
    const exchange = method.begin(clientId, address);
    let attempt: LoginAttempt | undefined, stands: Grant | undefined;
    /** Takes the first message, which names the user. */
    const begin = (data: Uint8Array | undefined): AuthStep => {
      let step: AuthStep | undefined;
      asked = grant = undefined;
      exchange.take(data, (each) => step = each);
      stands = grant;
      attempt = throttle.attempt(address, asked);
      attempt.proceed();
      return step!;
    };
    const judge = (step: AuthStep): AuthStep => {
      if (step.kind === "failure") attempt?.failed();
      return step.kind === "success" && stands ? { ...step, grant: stands } : step;
    };
    return {
      take(data, answer) {
        if (attempt !== undefined) return exchange.take(data, (step) => answer(judge(step)));
        Promise.all(files.map((each) => each.read())).then((read) => {
          known = read;
          return judge(begin(data));
        }).catch(unavailable).then(answer);
      },
    };
  }

  return { name: method.name, begin: open };
}

function credentialsOf(entry: PasswordHash | undefined): ScramCredentials | undefined {
  if (entry?.serverKey === undefined) return undefined;
  const { salt, iterations, hash, serverKey } = entry;
  return { salt, iterations, storedKey: hash, serverKey };
}

/** Too many guesses, or a file that cannot be read: the client may come again. */
function unavailable(error: unknown): AuthStep {
  const message = error instanceof Refusal ? error.reason : "Cannot authenticate at the moment";
  return { kind: "failure", message, reason: Reason.serverUnavailable };
}
