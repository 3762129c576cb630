import { Credentials, notAllowed, Refusal } from "../../protocols/identity.ts";
import { credentialsOf } from "../../protocols/http/credentials.ts";
import { inHttp } from "../../protocols/http/permission.ts";
import type { HandlerInfo } from "../handlers/handler.ts";
import { plainText } from "../handlers/plain_text.ts";
import { throttled } from "../identity/authenticators.ts";
import { digestFile } from "../identity/digest_file.ts";
import { passwordFile } from "../identity/password_file.ts";
import type { Policy } from "../identity/policy.ts";
import { Throttle } from "../identity/throttle.ts";
import type { RootPart, WebPart } from "./part.ts";

/**
 * Which users may see the files of a web site.
 *
 * @example A directory that has users of its own
 * ```ts
 * import { files, gateway, http, protect, type ProtectOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.mkdir(`${root}/lab`);
 * const users = "ann:meerkat:76b1de3448ed2e593f9c0bace4111544\n";
 * await Deno.writeTextFile(`${root}/lab/.htpasswd`, users);
 * await Deno.writeTextFile(`${root}/index.html`, "for everybody");
 * const options: ProtectOptions = { root, perDirectory: ".htpasswd" };
 * const door = protect(options), show = files({ root });
 *
 * await using hub = gateway();
 * hub.handle("/*", async (request, info) => await door(request, info) ?? show(request, info));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const statusOf = async (path: string) => {
 *   const answer = await fetch(`http://127.0.0.1:${port}${path}`);
 *   await answer.body?.cancel();
 *   return answer.status;
 * };
 * assert.deepEqual([await statusOf("/"), await statusOf("/lab/")], [200, 401]);
 * ```
 */
export interface ProtectOptions {
  /** A file of users, one of whom each request must come from. Keep it outside of what is shown. */
  file?: string;
  /** The directory whose files are shown; needed for `perDirectory`. */
  root?: string;
  /**
   * The name of files of users, such as `.htpasswd`: each is for its directory and all below it.
   */
  perDirectory?: string;
  /**
   * What clients are told that the password is for, and the realm of entries `user:realm:HA1`;
   * default `meerkat`.
   */
  realm?: string;
}

/** Who was let in, by the name of the last login that a request had to bring. */
const logins = new WeakMap<Request, string>();

/** The name that a request was let in by; undefined when nobody has asked for one. */
export function loginOf(request: Request): string | undefined {
  return logins.get(request);
}

/** Names the files of users that a path is protected by; undefined for one that leads nowhere. */
export type DoorFiles = (pathname: string) => Promise<readonly string[] | undefined>;

const doors = new WeakMap<WebPart, DoorFiles>();

/** The files of users that a part of `protect` asks. */
export function filesOf(door: WebPart): DoorFiles | undefined {
  return doors.get(door);
}

/** Files of users that are kept open: each holds the nonces that it gave out. */
const MAX_FILES = 1_000;

/** Entries that Digest can use, rather than those that `mosquitto_passwd` writes. */
const DIGESTS = /^[^:#]+:[^$][^:]*:(?:[\da-f]{32}|[\da-f]{64})\s*$/im;

/**
 * Makes a part of a web site that lets only users of a file through to the parts behind it. They
 * log in by Digest (RFC 7616) if `htdigest` wrote the file, by Basic (RFC 7617) if
 * `mosquitto_passwd` did; the command `passwd` writes both.
 *
 * @throws {TypeError} Without a file, and without a root and the name of files in its directories.
 * @example Only for Ann, whose password is sesame
 * ```ts
 * import { gateway, http, httpRequest, protect, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeTextFile(file, "ann:lab:c5ff9c3f82cb6ec9fdaa940d60c8251b\n");
 * const door = protect({ file, realm: "lab" });
 *
 * await using hub = gateway();
 * hub.handle("/*", async (request, info) => await door(request, info) ?? new Response("Welcome"));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/`;
 * const { headers } = await httpRequest(url);
 * assert.match(headers.get("www-authenticate")!, /^Digest realm="lab"/);
 * const answer = await httpRequest(url, { username: "ann", password: "sesame" });
 * assert.equal(await answer.text(), "Welcome");
 * ```
 */
export function protect(options: ProtectOptions): WebPart {
  return protectRoot(options);
}

/** The same for a root that requests come to by paths which begin with something else. */
export function protectRoot({ file, root, perDirectory, realm }: ProtectOptions): RootPart {
  if (file === undefined && (root === undefined || perDirectory === undefined)) {
    throw new TypeError("Cannot protect anything: give a file, or root and perDirectory");
  }
  const throttle = new Throttle();
  const known = new Map<string, ReturnType<typeof throttled>>();

  async function doorOf(path: string) {
    const found = known.get(path);
    if (found !== undefined) return found;
    const isDigest = DIGESTS.test(await Deno.readTextFile(path));
    const options = realm === undefined ? {} : { realm };
    const users = isDigest ? digestFile(path, options) : passwordFile(path, options);
    const door = throttled([users], { throttle });
    if (known.size >= MAX_FILES) known.clear();
    known.set(path, door);
    return door;
  }

  const filesFor: DoorFiles = async (pathname) => {
    const names = perDirectory === undefined ? [] : namesOf(pathname);
    // Some file systems tell no capitals apart.
    if (names === undefined || names.some((each) => isSame(each, perDirectory))) return undefined;
    const files = file === undefined ? [] : [file];
    if (root === undefined || perDirectory === undefined) return files;
    return [...files, ...await nearest(root, perDirectory, names)];
  };

  const door: RootPart = async (request, info, prefix = "") => {
    const files = await filesFor(new URL(request.url).pathname.slice(prefix.length));
    if (files === undefined) return plainText(404, "Cannot find it");
    for (const each of files) {
      const door = await doorOf(each);
      const answer = await door.authenticate(credentialsIn(request, info));
      if (answer instanceof Refusal) return refused(answer);
      if (answer.user !== undefined) logins.set(request, answer.user);
    }
    return undefined;
  };
  doors.set(door, filesFor);
  return door;
}

function isSame(name: string, other: string | undefined): boolean {
  return name.toLowerCase() === other?.toLowerCase();
}

/**
 * Makes a part of a web site that lets requests through to the parts behind it if the rules of a
 * policy with `paths` allow them to the client; others get 403, or 401 where a login could help.
 *
 * @example Everybody reads, nobody writes
 * ```ts
 * import { gateway, guardPaths, http, policy, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const guard = guardPaths(policy({ rules: [{ allow: "read", paths: ["/**"] }] }));
 * await using hub = gateway();
 * hub.handle("/*", async (request, info) => await guard(request, info) ?? new Response("Read me"));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/note`;
 * assert.equal(await (await fetch(url)).text(), "Read me");
 * const refused = await fetch(url, { method: "PUT", body: "Changed" });
 * assert.equal(await refused.text(), "Not allowed to use /note");
 * assert.equal(refused.status, 403);
 * ```
 */
export function guardPaths(policy: Pick<Policy, "mayUse">): WebPart {
  return (request, { identity }) => {
    const { pathname } = new URL(request.url);
    if (policy.mayUse(identity, request.method, pathname).allowed) return undefined;
    return refused(notAllowed(`Not allowed to use ${pathname.slice(0, 200)}`, identity));
  };
}

/** What is below a file, or has too long a name, cannot be there. */
const IMPOSSIBLE = new Set(["ENOTDIR", "ENAMETOOLONG"]);

/** The file nearest above a path: the directory itself, or one that it is in. */
async function nearest(root: string, name: string, names: string[]): Promise<string[]> {
  for (let length = names.length; length >= 0; length--) {
    const path = [root, ...names.slice(0, length), name].join("/");
    try {
      if ((await Deno.stat(path)).isFile) return [path];
    } catch (error) {
      // Where nothing is or can be, the next above counts.
      const code = (error as { code?: string }).code ?? "";
      if (!(error instanceof Deno.errors.NotFound) && !IMPOSSIBLE.has(code)) throw error;
    }
  }
  return [];
}

/** The parts of a path; undefined for what does not stay below the root, or cannot be read. */
function namesOf(pathname: string): string[] | undefined {
  try {
    const names = pathname.split("/").map(decodeURIComponent).filter((each) => each !== "");
    // deno-lint-ignore no-control-regex
    return names.some((each) => /^\.\.?$|[/\\\x00]/.test(each)) ? undefined : names;
  } catch {
    return undefined;
  }
}

function credentialsIn(request: Request, { remoteAddr, identity: { listener } }: HandlerInfo) {
  const { pathname, search, searchParams, protocol } = new URL(request.url);
  const address = remoteAddr.transport === "unix"
    ? remoteAddr.path
    : remoteAddr.hostname.includes(":")
    ? `[${remoteAddr.hostname}]:${remoteAddr.port}`
    : `${remoteAddr.hostname}:${remoteAddr.port}`;
  if (protocol.startsWith("coap")) {
    // As for topics: CoAP has no other place for a login.
    const [username, password, token] = ["u", "p", "access_token"].map((name) =>
      searchParams.get(name) ?? undefined
    );
    return new Credentials({
      protocol: "coap",
      peer: { address, secure: protocol.startsWith("coaps") },
      listener,
      username,
      password: password === undefined ? undefined : new TextEncoder().encode(password),
      token,
    });
  }
  return credentialsOf(
    { fields: request.headers, path: pathname, query: search.slice(1), method: request.method },
    { protocol: "http", peer: { address, secure: protocol === "https:" }, listener },
  );
}

function refused(refusal: Refusal): Response {
  const { status, reason, fields } = inHttp(refusal);
  return plainText(status, reason, fields.map(([name, value]) => [name, value]));
}
