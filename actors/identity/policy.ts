import type { Access } from "../../protocols/guard.ts";
import type { Identity } from "../../protocols/identity.ts";
import type { Hooks } from "../hooks/hooks.ts";
import { PolicyIndex } from "./policy_index.ts";
import { bits, compileRule, type PolicyRule } from "./policy_rule.ts";

/**
 * The rules of a policy, in their order, and the groups that they are about.
 *
 * @example A group of users
 * ```ts
 * import { policy, type PolicyOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: PolicyOptions = {
 *   groups: { staff: ["ann", "bob"] },
 *   rules: [{ allow: "all", groups: ["staff"] }],
 * };
 * const { mayUse } = policy(options);
 * const identityOf = (user: string) => ({
 *   user,
 *   clientId: undefined,
 *   groups: [],
 *   certificate: undefined,
 *   address: "192.0.2.7:50112",
 *   listener: "http://:8080",
 * });
 * assert.equal(mayUse(identityOf("ann"), "GET", "/admin").allowed, true);
 * assert.equal(mayUse(identityOf("eve"), "GET", "/admin").allowed, false);
 * ```
 */
export interface PolicyOptions {
  /** The first rule that fits decides; what no rule fits is denied. */
  rules: readonly PolicyRule[];
  /** The users of groups, besides the groups that an authenticator gives users. */
  groups?: Readonly<Record<string, readonly string[]>>;
}

/**
 * What a policy says to one question.
 *
 * @example In words
 * ```ts
 * import { policy, type PolicyVerdict } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const { mayUse } = policy({ rules: [{ allow: "read", paths: ["/public/**"] }] });
 * const nobody = {
 *   user: undefined,
 *   clientId: undefined,
 *   groups: [],
 *   certificate: undefined,
 *   address: "192.0.2.7:50112",
 *   listener: "http://:8080",
 * };
 * const verdict: PolicyVerdict = mayUse(nobody, "GET", "/public/a.html");
 * assert.deepEqual(verdict, { allowed: true, rule: 0 });
 * ```
 */
export interface PolicyVerdict {
  /** True if it may be done. */
  readonly allowed: boolean;
  /** The index of the rule that decided, from 0; missing when no rule fits. */
  readonly rule?: number;
}

/**
 * A policy, as `policy` makes it: the hook `authorize`, and the same questions with the rule that
 * decides.
 *
 * @example Which rule decides
 * ```ts
 * import { type Policy, policy } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const home: Policy = policy({ rules: [{ allow: "publish", topics: ["home/%u"] }] });
 * const identity = {
 *   user: "ann",
 *   clientId: undefined,
 *   groups: [],
 *   certificate: undefined,
 *   address: "192.0.2.7:50112",
 *   listener: "mqtt://:1883",
 * };
 * const access = { action: "publish", identity, qos: 0, retain: false } as const;
 * assert.deepEqual(home.judge({ ...access, topic: "home/ann" }), { allowed: true, rule: 0 });
 * assert.deepEqual(home.judge({ ...access, topic: "home/bob" }), { allowed: false });
 * ```
 */
export interface Policy extends Hooks {
  /** Says whether a client may do something to a topic: the hook. */
  authorize(access: Access): boolean;
  /** Says the same, and which rule decides. */
  judge(access: Access): PolicyVerdict;
  /** Says whether a client may use a path with an HTTP method. */
  mayUse(identity: Identity, method: string, path: string): PolicyVerdict;
}

/** Verdicts that are remembered of one identity: devices use few topics. 150 bytes each. */
const MAX_REMEMBERED = 256;
/** Characters of such a topic. */
const MAX_REMEMBERED_LENGTH = 256;
const DENIED: PolicyVerdict = { allowed: false };
const ALLOWED: PolicyVerdict = { allowed: true };
const READING = new Set(["GET", "HEAD", "OPTIONS", "PROPFIND"]);

/**
 * Makes hooks that decide by rules who may do what. The first rule that fits decides; what no rule
 * fits is denied. As long as no rule is about paths, all paths are allowed.
 *
 * @throws {TypeError} When a rule is wrong; the message says which, and what would be right.
 * @example Each user has a topic tree of their own
 * ```ts
 * import { gateway, http, policy, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const hooks = policy({
 *   rules: [
 *     { allow: "all", users: ["admin"] },
 *     { allow: ["publish", "subscribe"], topics: ["home/%u/#"] },
 *     { allow: "subscribe", topics: ["public/#"] },
 *   ],
 * });
 * await using hub = gateway({ hooks });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/topics/home/ann/lamp`;
 * const answer = await fetch(url, { method: "PUT", body: "on" });
 * assert.equal(answer.status, 403);
 * await answer.text();
 * ```
 */
export function policy({ rules, groups = {} }: PolicyOptions): Policy {
  const topics = new PolicyIndex(), paths = new PolicyIndex();
  rules.map(compileRule).forEach((rule) => {
    for (const each of rule.topics) topics.add(each, rule);
    for (const each of rule.paths) paths.add(each, rule);
  });
  const groupsOf = new Map<string, string[]>();
  for (const [group, users] of Object.entries(groups)) {
    for (const user of users) groupsOf.set(user, [...groupsOf.get(user) ?? [], group]);
  }
  const known = new WeakMap<Identity, Map<string, PolicyVerdict>>();

  function ask(
    index: PolicyIndex,
    identity: Identity,
    { levels, mask }: { levels: readonly string[]; mask: number },
  ): PolicyVerdict {
    const { user } = identity, named = user === undefined ? undefined : groupsOf.get(user);
    const member = named ? [...identity.groups, ...named] : identity.groups;
    const subjects = ["*", ...member.map((each) => `g${each}`)];
    if (user !== undefined) subjects.push(`u${user}`);
    const rule = index.find(levels, { identity, groups: member, subjects, mask });
    return rule === undefined ? DENIED : { allowed: rule.allows, rule: rule.index };
  }

  function judge({ action, identity, topic, retain }: Access): PolicyVerdict {
    if (topics.size === 0) return rules.length === 0 ? ALLOWED : DENIED;
    const mask = action !== "publish"
      ? bits.subscribe
      : retain
      ? bits.publish | bits.retain
      : bits.publish;
    let verdicts = known.get(identity);
    if (verdicts === undefined) known.set(identity, verdicts = new Map());
    const key = `${mask} ${topic}`;
    let verdict = verdicts.get(key);
    if (verdict === undefined) {
      verdict = ask(topics, identity, { levels: topic.split("/"), mask });
      if (key.length > MAX_REMEMBERED_LENGTH) return verdict;
      if (verdicts.size >= MAX_REMEMBERED) verdicts.clear();
      verdicts.set(key, verdict);
    }
    return verdict;
  }

  function mayUse(identity: Identity, method: string, path: string): PolicyVerdict {
    if (paths.size === 0) return ALLOWED;
    const levels = levelsOf(path);
    if (levels === undefined) return DENIED;
    return ask(paths, identity, { levels, mask: READING.has(method) ? bits.read : bits.write });
  }

  return { judge, mayUse, authorize: (access) => judge(access).allowed };
}

/** The parts of a path; undefined for what could be read in two ways. */
function levelsOf(path: string): string[] | undefined {
  try {
    const levels = path.split("/").map(decodeURIComponent).filter((each) => each !== "");
    // deno-lint-ignore no-control-regex
    const isPlain = levels.every((each) => !/^(\+|#|\.\.?)$|[/\\\x00]/.test(each));
    return isPlain ? levels.length === 0 ? [""] : levels : undefined;
  } catch {
    return undefined;
  }
}
