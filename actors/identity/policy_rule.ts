import type { Identity } from "../../protocols/identity.ts";
import { faultOfFilter } from "../../protocols/topic.ts";
import { networks } from "./networks.ts";

/**
 * What a rule of a policy is about: `publish` with or without the retain flag, `subscribe` and what
 * it delivers, `retain` for setting the state of a topic only; `read` and `write` for paths; `all`.
 *
 * @example In a rule
 * ```ts
 * import type { PolicyAction } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const actions: PolicyAction[] = ["publish", "subscribe"];
 * assert.ok(!actions.includes("all"));
 * ```
 */
export type PolicyAction = "publish" | "subscribe" | "retain" | "read" | "write" | "all";

/**
 * One rule: `allow` or `deny`, for those topics and paths that it names, and for those whom all of
 * its other members fit. Without topics and paths it is about everything.
 *
 * @example Everybody has a tree, and nobody sets states but the staff
 * ```ts
 * import type { PolicyRule } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const rules: PolicyRule[] = [
 *   { allow: "all", groups: ["staff"] },
 *   { deny: "retain" },
 *   { allow: ["publish", "subscribe"], topics: ["home/%u/#"] },
 *   { allow: "read", paths: ["/public/**"], networks: ["10.0.0.0/8"] },
 * ];
 * assert.equal(rules.length, 4);
 * ```
 */
export interface PolicyRule {
  /** What is allowed. */
  allow?: PolicyAction | readonly PolicyAction[];
  /** What is denied. */
  deny?: PolicyAction | readonly PolicyAction[];
  /** Filters; `%u` is the user, `%c` the client identifier, `%i` the address, each a whole level. */
  topics?: readonly string[];
  /** Paths of the web site; `*` is one part, and `**` at the end all that is below. */
  paths?: readonly string[];
  /** Names of users. */
  users?: readonly string[];
  /** Groups, one of which the user is in. */
  groups?: readonly string[];
  /** Listeners, by their URLs. */
  listeners?: readonly string[];
  /** Networks such as `192.0.2.0/24`, or addresses. */
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
