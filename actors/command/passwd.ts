import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { parseArgs } from "node:util";
import { parseDigests, parsePasswords } from "../identity/lines.ts";
import {
  formatHash,
  hashPassword,
  ITERATIONS,
  scramPassword,
  verifyPassword,
} from "../identity/password_hash.ts";
import { replaceFile } from "../identity/replace_file.ts";
import type { CommandHost } from "./command.ts";
import { wordsOf } from "./config/cause.ts";
import { quote } from "./settings/place.ts";

/** 64 KiB: MQTT has no longer password. */
const MAX_PASSWORD_BYTES = 64 * 1024;

const HELP = `Keeps the users of a password file. The password is the first line of standard input.

  passwd set FILE USER       add a user, or change the password
  passwd del FILE USER       remove a user
  passwd list FILE           print the users
  passwd verify FILE USER    exit 0 when the password is right, else 1

The file is in the format of Mosquitto (user:$7$iterations$salt$hash), or with --realm in that of
Apache's htdigest (user:realm:HA1), which Digest authentication needs.

  --scram            set what SCRAM-SHA-256 needs, so that MQTT 5 clients need not send it
  --realm REALM      work on user:realm:HA1
  --sha256           HA1 by SHA-256 instead of MD5
  --iterations N     rounds of PBKDF2, from 1000 to 10000000; default ${ITERATIONS}
  -h, --help         show this text and exit`;

const verbs = ["set", "del", "list", "verify"] as const;

interface Wish {
  readonly verb: typeof verbs[number];
  readonly file: string;
  readonly user: string;
  readonly realm: string | undefined;
  readonly sha256: boolean;
  readonly scram: boolean;
  readonly iterations: number;
}

/**
 * Keeps password files. Exits with 0 when it is done, 1 when it failed, 2 for a wrong command line.
 */
export async function passwd(args: string[], host: CommandHost): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    host.stdout(HELP);
    return 0;
  }
  const wish = wishOf(args);
  if (typeof wish === "string") {
    host.stderr(wish);
    return 2;
  }
  try {
    return await carryOut(wish, host);
  } catch (error) {
    host.stderr(`Cannot ${wish.verb} in ${quote(wish.file)}: ${wordsOf(error)}`);
    return 1;
  }
}

function wishOf(args: string[]): Wish | string {
  let parsed;
  try {
    const options = {
      realm: { type: "string" },
      sha256: { type: "boolean" },
      scram: { type: "boolean" },
      iterations: { type: "string" },
    } as const;
    parsed = parseArgs({ args, options, allowPositionals: true });
  } catch {
    return "Unknown flag: known are --scram, --realm REALM, --sha256 and --iterations N";
  }
  const { values, positionals } = parsed;
  const { realm, sha256 = false, scram = false, iterations = `${ITERATIONS}` } = values;
  const [word, file, user = ""] = positionals;
  const verb = verbs.find((each) => each === word);
  if (word === undefined) return "Missing what to do: give set, del, list or verify";
  if (verb === undefined) return `Unknown ${quote(word)}: give set, del, list or verify`;
  if (file === undefined) return `Missing the file: give passwd ${verb} FILE`;
  const takes = verb === "list" ? 2 : 3;
  if (positionals.length < takes) return `Missing the user: give passwd ${verb} FILE USER`;
  if (positionals.length > takes) return `Unexpected ${quote(positionals[takes])}`;
  // deno-lint-ignore no-control-regex
  if (verb !== "list" && (user === "" || /[:\x00-\x1f\x7f]|^#/.test(user))) {
    return `Cannot use the user ${quote(user)}: give a name without colons and control characters`;
  }
  // deno-lint-ignore no-control-regex
  if (realm !== undefined && /[:"\\\x00-\x1f\x7f]/.test(realm)) {
    return `Cannot use the realm ${quote(realm)}: give one without colons, quotes and backslashes`;
  }
  const rounds = Number(iterations);
  if (!Number.isInteger(rounds) || rounds < 1_000 || rounds > 10_000_000) {
    return `Cannot use --iterations ${quote(iterations)}: give a number from 1000 to 10000000`;
  }
  if (scram && realm !== undefined) return "Cannot use --scram with --realm: give one of them";
  return { verb, file, user, realm, sha256, scram, iterations: rounds };
}

async function carryOut(wish: Wish, host: CommandHost): Promise<number> {
  const { verb, file, user } = wish;
  const text = await readOr(file, verb === "set" ? "" : undefined);
  const users = usersOf(wish, text);
  if (verb === "list") {
    for (const each of users) host.stdout(each);
    return 0;
  }
  if (verb !== "set" && !users.includes(user)) {
    host.stderr(`Cannot find the user ${quote(user)} in ${quote(file)}`);
    return 1;
  }
  if (verb === "del") {
    await replaceFile(file, joined(linesWithout(wish, text)));
    return 0;
  }
  const password = await passwordFrom(host);
  if (password === undefined) {
    host.stderr("Missing the password: give it as the first line of standard input");
    return 2;
  }
  if (verb === "verify") {
    const isRight = await verify(wish, text, password);
    if (!isRight) host.stderr("The password is wrong");
    return isRight ? 0 : 1;
  }
  const line = await lineFor(wish, password);
  await replaceFile(file, joined([...linesWithout(wish, text), line]));
  return 0;
}

async function readOr(file: string, missing: string | undefined): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    if (missing === undefined || !(error instanceof Deno.errors.NotFound)) throw error;
    return missing;
  }
}

function usersOf({ realm }: Wish, text: string): string[] {
  if (realm === undefined) return [...parsePasswords(text).keys()];
  return parseDigests(text).filter((each) => each.realm === realm).map(({ user }) => user);
}

/** Everything but what is kept of the user: comments, and other users, stay as they are. */
function linesWithout({ user, realm }: Wish, text: string): string[] {
  const start = realm === undefined ? `${user}:` : `${user}:${realm}:`;
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines.filter((line) => !line.startsWith(start));
}

function joined(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

async function lineFor(wish: Wish, password: Uint8Array): Promise<string> {
  const { user, realm, sha256, scram, iterations } = wish;
  if (realm !== undefined) return `${user}:${realm}:${ha1(wish, password, sha256)}`;
  const hash = scram ? scramPassword : hashPassword;
  return `${user}:${formatHash(await hash(password, iterations))}`;
}

async function verify(wish: Wish, text: string, password: Uint8Array): Promise<boolean> {
  const { user, realm } = wish;
  if (realm === undefined) return await verifyPassword(password, parsePasswords(text).get(user)!);
  return parseDigests(text).some((each) =>
    each.user === user && each.realm === realm &&
    timingSafeEqual(
      Buffer.from(each.ha1),
      Buffer.from(ha1(wish, password, each.algorithm === "SHA-256")),
    )
  );
}

function ha1({ user, realm }: Wish, password: Uint8Array, sha256: boolean): string {
  const hash = createHash(sha256 ? "sha256" : "md5");
  return hash.update(`${user}:${realm}:`).update(password).digest("hex");
}

/** The first line of standard input; undefined when there is none. */
async function passwordFrom(host: CommandHost): Promise<Uint8Array | undefined> {
  let read = Buffer.alloc(0);
  for await (const chunk of host.client!.input()) {
    read = Buffer.concat([read, chunk]);
    if (read.includes(10) || read.length > MAX_PASSWORD_BYTES) break;
  }
  const end = read.indexOf(10), line = read.subarray(0, end < 0 ? read.length : end);
  const bytes = line.at(-1) === 13 ? line.subarray(0, -1) : line;
  return bytes.length === 0 || bytes.length > MAX_PASSWORD_BYTES ? undefined : bytes;
}
