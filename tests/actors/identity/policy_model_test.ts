import assert from "node:assert/strict";
import { policy } from "../../../actors/identity/policy.ts";
import type { PolicyAction, PolicyRule } from "../../../actors/identity/policy_rule.ts";
import type { Identity } from "../../../protocols/identity.ts";
import { matches } from "../../../protocols/topic.ts";
import { seeded } from "../../protocols/coap/fake_datagrams.ts";
import { someone } from "./people.ts";

const LEVELS = ["a", "b", "ann", "bob", "c1", "192.0.2.7", ""];
const PATTERNS = [...LEVELS, "+", "%u", "%c", "%i"];
const ACTIONS: PolicyAction[] = ["publish", "subscribe", "retain", "all"];

/** What a policy says, by looking at one rule after the other. */
function modelled(
  rules: readonly PolicyRule[],
  { action, identity, topic, retain }: {
    action: "publish" | "deliver";
    identity: Identity;
    topic: string;
    retain: boolean;
  },
): { allowed: boolean; rule?: number } {
  const wanted = action === "deliver"
    ? ["subscribe"]
    : retain
    ? ["publish", "retain"]
    : ["publish"];
  const fits = (rule: PolicyRule) =>
    [rule.allow ?? rule.deny!].flat().some((each) => each === "all" || wanted.includes(each)) &&
    (rule.topics === undefined || rule.topics.some((filter) => names(filter, topic, identity))) &&
    (rule.users === undefined || rule.users.includes(identity.user!)) &&
    (rule.groups === undefined || rule.groups.some((each) => identity.groups.includes(each))) &&
    (rule.listeners === undefined || rule.listeners.includes(identity.listener));
  const rule = rules.findIndex(fits);
  return rule < 0 ? { allowed: false } : { allowed: rules[rule]!.allow !== undefined, rule };
}

/** True when a filter with `%u`, `%c` and `%i` is about a topic of this client. */
function names(filter: string, topic: string, { user, clientId, address }: Identity): boolean {
  const host = address.slice(0, address.lastIndexOf(":"));
  const who: Record<string, string | undefined> = { "%u": user, "%c": clientId, "%i": host };
  const levels = filter.split("/").map((each) => each in who ? who[each] : each);
  return !levels.includes(undefined) && matches(levels.join("/"), topic);
}

Deno.test("A policy says what looking at one rule after the other says, 20,000 times", () => {
  const seed = 2026, random = seeded(seed);
  const one = <T>(of: readonly T[]) => of[Math.floor(random() * of.length)]!;
  const some = <T>(of: readonly T[], most = 3) =>
    Array.from({ length: 1 + random() * most }, () => one(of));
  const filter = () => (some(PATTERNS).join("/") || "a") + (random() < 0.3 ? "/#" : "");
  const rule = (): PolicyRule => ({
    [random() < 0.6 ? "allow" : "deny"]: some(ACTIONS, 2),
    ...random() < 0.9 && { topics: some([filter(), filter()], 2) },
    ...random() < 0.3 && { users: some(["ann", "bob", "cid"], 2) },
    ...random() < 0.3 && { groups: some(["staff", "crew"], 2) },
    ...random() < 0.2 && { listeners: some(["mqtt://:1883", "http://:8080"], 1) },
  });
  for (let round = 0; round < 1000; round++) {
    const rules = Array.from({ length: random() * 12 + 1 }, rule), { judge } = policy({ rules });
    for (let asked = 0; asked < 20; asked++) {
      const identity = someone({
        user: one(["ann", "bob", undefined]),
        clientId: one(["c1", undefined]),
        groups: some(["staff", "crew", "none"], 2),
        listener: one(["mqtt://:1883", "http://:8080"]),
      });
      const topic = some(LEVELS).join("/") || "a", action = one(["publish", "deliver"] as const);
      const question = { action, identity, topic, retain: random() < 0.3 };
      assert.deepEqual(
        judge({ ...question, qos: 0 }),
        modelled(rules, question),
        `seed ${seed}, round ${round}: ${JSON.stringify([rules, question])}`,
      );
    }
  }
});
