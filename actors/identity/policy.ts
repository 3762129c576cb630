import type { Access } from "../../protocols/guard.ts";
import type { Identity } from "../../protocols/identity.ts";
import type { Hooks } from "../hooks.ts";
import { PolicyIndex } from "./policy_index.ts";
import { bits, compileRule, type PolicyRule } from "./policy_rule.ts";

/**
 * Rules, in the order in which they are looked at.
 *
 * @example Two groups
 * ```ts
 * import { policy, type PolicyOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: PolicyOptions = {
 *   groups: { staff: ["ann", "bob"] },
 *   rules: [{ allow: "all", groups: ["staff"] }],
 * };
 * assert.equal(typeof policy(options).authorize, "function");
 * ```
 */
export interface PolicyOptions {
  /** The first that fits decides; what no rule fits is denied. */
  rules: readonly PolicyRule[];
  /** Users of groups, beside those that an authenticator names. */
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
  /** Whether it may be done. */
  readonly allowed: boolean;
  /** The number of the rule that decided, from 0; absent when none did. */
  readonly rule?: number;
}

/**
 * A policy: a hook, and the same questions for who wants to know more.
 *
 * @example Which rule it is
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
  /** The hook. */
  authorize(access: Access): boolean;
  /** What may be done to a topic, and because of which rule. */
  judge(access: Access): PolicyVerdict;
  /** Whether a path of the web site may be used by a method. */
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
 * Decides by rules who may do what. The first that fits decides, and what none fits is denied. Paths
 * are free as long as no rule is about one.
 *
 * @example Everybody in a topic tree of his own
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
