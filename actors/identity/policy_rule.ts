import type { Identity } from "../../protocols/identity.ts";
import { faultOfFilter } from "../../protocols/topic.ts";
import { networks } from "./networks.ts";

/**
 * What a rule of a policy allows or denies. For topics: `publish`, with the retain flag or without;
 * `retain`, only to set the stored value; `subscribe`, also what that delivers. For paths: `read`
 * and `write`. `all` is every action.
 *
 * @example Only what changes nothing
 * ```ts
 * import { policy, type PolicyAction } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const harmless: readonly PolicyAction[] = ["subscribe", "read"];
 * const { mayUse } = policy({ rules: [{ allow: harmless }] });
 * const nobody = {
 *   user: undefined,
 *   clientId: undefined,
 *   groups: [],
 *   certificate: undefined,
 *   address: "192.0.2.7:50112",
 *   listener: "http://:8080",
 * };
 * const verdicts = ["GET", "PUT"].map((method) => mayUse(nobody, method, "/a").allowed);
 * assert.deepEqual(verdicts, [true, false]);
 * ```
 */
export type PolicyAction = "publish" | "subscribe" | "retain" | "read" | "write" | "all";

/**
 * One rule of a policy: it allows or denies actions on the topics and paths that it names, to the
 * clients that all of its other members fit. Without topics and paths it is about all of them.
 *
 * @example Everybody has a tree, and only the staff sets stored values
 * ```ts
 * import { policy, type PolicyRule } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const rules: PolicyRule[] = [
 *   { allow: "all", groups: ["staff"] },
 *   { deny: "retain" },
 *   { allow: ["publish", "subscribe"], topics: ["home/%u/#"] },
 *   { allow: "read", paths: ["/public/**"], networks: ["10.0.0.0/8"] },
 * ];
 * const { judge } = policy({ rules });
 * const identity = {
 *   user: "ann",
 *   clientId: undefined,
 *   groups: [],
 *   certificate: undefined,
 *   address: "10.0.0.7:50112",
 *   listener: "mqtt://:1883",
 * };
 * const access = { action: "publish", identity, topic: "home/ann/lamp", qos: 0 } as const;
 * assert.deepEqual(judge({ ...access, retain: false }), { allowed: true, rule: 2 });
 * assert.deepEqual(judge({ ...access, retain: true }), { allowed: false, rule: 1 });
 * ```
 */
export interface PolicyRule {
  /** The actions that it allows; either this or `deny` is needed. */
  allow?: PolicyAction | readonly PolicyAction[];
  /** The actions that it denies. */
  deny?: PolicyAction | readonly PolicyAction[];
  /** Topic filters; a level `%u` is the user, `%c` the client identifier, `%i` the IP address. */
  topics?: readonly string[];
  /** Paths of web sites; a part `*` is any one part, `**` at the end everything below. */
  paths?: readonly string[];
  /** The users that it is about; default: everybody. */
  users?: readonly string[];
  /** Groups, in one of which the user must be; default: everybody. */
  groups?: readonly string[];
  /** URLs of the listeners that clients must have come in through; default: any. */
  listeners?: readonly string[];
  /** Networks such as `192.0.2.0/24`, or addresses, that clients must come from; default: any. */
  networks?: readonly string[];
}

/** One bit for each action. */
export const bits = { publish: 1, subscribe: 2, retain: 4, read: 8, write: 16, all: 31 } as const;

const TOPIC_BITS = bits.publish | bits.subscribe | bits.retain;
const PATH_BITS = bits.read | bits.write;

/** A rule as it is looked up. */
export interface CompiledRule {
  readonly index: number;
  readonly allows: boolean;
  readonly mask: number;
  /** Whom it is about, as the index keeps it: `u` and a user, `g` and a group, or `*`. */
  readonly subjects: readonly string[];
  /** In the levels of a topic filter. */
  readonly topics: readonly (readonly string[])[];
  readonly paths: readonly (readonly string[])[];
  /** What else must be so. */
  readonly fits: ((identity: Identity, groups: readonly string[]) => boolean) | undefined;
}

/** Prepares a rule. Throws a `TypeError` that says what is wrong with it. */
export function compileRule(rule: PolicyRule, index: number): CompiledRule {
  const { allow, deny, topics, paths } = rule;
  if ((allow === undefined) === (deny === undefined)) {
    throw new TypeError(`Cannot use rule ${index + 1}: give one of allow and deny`);
  }
  const actions = [allow ?? deny!].flat();
  const mask = actions.reduce((sum, each) => sum | (bits[each] ?? 0), 0);
  if (mask === 0) throw new TypeError(`Cannot use rule ${index + 1}: name an action`);
  const isOpen = topics === undefined && paths === undefined;
  return {
    index,
    allows: allow !== undefined,
    mask,
    subjects: subjectsOf(rule),
    topics: (isOpen && mask & TOPIC_BITS ? ["#", "$SYS/#"] : topics ?? []).map(topicLevels),
    paths: (isOpen && mask & PATH_BITS ? ["/**"] : paths ?? []).map(patternLevels),
    fits: conditionOf(rule),
  };
}

function subjectsOf({ users, groups }: PolicyRule): readonly string[] {
  if (users !== undefined) return users.map((each) => `u${each}`);
  return groups?.map((each) => `g${each}`) ?? ["*"];
}

function conditionOf(rule: PolicyRule): CompiledRule["fits"] {
  const { users, groups, listeners } = rule;
  const isNear = rule.networks && networks(rule.networks);
  const needsGroup = users !== undefined && groups !== undefined;
  if (isNear === undefined && listeners === undefined && !needsGroup) return undefined;
  return (identity, member) =>
    (!needsGroup || groups.some((each) => member.includes(each))) &&
    (listeners === undefined || listeners.includes(identity.listener)) &&
    (isNear === undefined || isNear(identity.address));
}

function topicLevels(filter: string): string[] {
  const fault = faultOfFilter(filter);
  if (fault !== undefined) throw new TypeError(fault);
  const levels = filter.split("/");
  if (levels.some((each) => each.length > 2 && /%[uci]/.test(each))) {
    throw new TypeError(`Cannot use the filter "${filter}": %u, %c and %i must be whole levels`);
  }
  return levels;
}

function patternLevels(path: string): string[] {
  const levels = path.split("/").slice(1);
  const wrong = levels.some((each, at) =>
    (each.includes("*") && each !== "*" && !(each === "**" && at === levels.length - 1)) ||
    /[+#]/.test(each)
  );
  if (!path.startsWith("/") || wrong) {
    throw new TypeError(
      `Cannot use the path "${path}": it begins with /, and * stands for one part, ** for the rest`,
    );
  }
  return levels.filter((each) => each !== "")
    .map((each) => each === "*" ? "+" : each === "**" ? "#" : each);
}
