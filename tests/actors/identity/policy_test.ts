import assert from "node:assert/strict";
import { policy, type PolicyOptions } from "../../../actors/identity/policy.ts";
import type { PolicyRule } from "../../../actors/identity/policy_rule.ts";
import type { Identity } from "../../../protocols/identity.ts";
import { someone } from "./people.ts";

type Verb = "publish" | "subscribe" | "deliver" | "retain";

/** The number of the rule that decides, negative when it denies; 0 when none does. */
function deciding(
  options: PolicyOptions,
  verb: Verb,
  { topic, identity = someone({ user: "ann" }) }: { topic: string; identity?: Identity },
): number {
  const action = verb === "retain" ? "publish" : verb;
  const access = { action, identity, topic, qos: 0, retain: verb === "retain" } as const;
  const { allowed, rule } = policy(options).judge(access);
  if (rule === undefined) {
    assert.equal(allowed, false);
    return 0;
  }
  return allowed ? rule + 1 : -rule - 1;
}

const table: readonly [PolicyRule[], Verb, string, number][] = [
  [[{ allow: "publish", topics: ["a/b"] }], "publish", "a/b", 1],
  [[{ allow: "publish", topics: ["a/b"] }], "publish", "a", 0],
  [[{ allow: "publish", topics: ["a/b"] }], "subscribe", "a/b", 0],
  [[{ allow: "publish", topics: ["a/b"] }], "retain", "a/b", 1],
  [[{ deny: "retain", topics: ["a/#"] }, { allow: "publish", topics: ["#"] }], "retain", "a/b", -1],
  [[{ deny: "retain", topics: ["a/#"] }, { allow: "publish", topics: ["#"] }], "publish", "a/b", 2],
  [[{ allow: "retain", topics: ["a"] }], "publish", "a", 0],
  [[{ allow: "subscribe", topics: ["a/#"] }], "subscribe", "a", 1],
  [[{ allow: "subscribe", topics: ["a/#"] }], "subscribe", "a/+/c", 1],
  [[{ allow: "subscribe", topics: ["a/#"] }], "subscribe", "a/#", 1],
  [[{ allow: "subscribe", topics: ["a/+"] }], "subscribe", "a/+", 1],
  [[{ allow: "subscribe", topics: ["a/+"] }], "subscribe", "a/#", 0],
  [[{ allow: "subscribe", topics: ["a/b"] }], "subscribe", "a/+", 0],
  [[{ allow: "subscribe", topics: ["+/b"] }], "subscribe", "#", 0],
  [[{ allow: "subscribe", topics: ["#"] }], "subscribe", "$SYS/broker", 0],
  [[{ allow: "subscribe", topics: ["+/broker"] }], "subscribe", "$SYS/broker", 0],
  [[{ allow: "subscribe", topics: ["$SYS/#"] }], "subscribe", "$SYS/#", 1],
  [[{ allow: "all" }], "subscribe", "$SYS/broker", 1],
  [[{ deny: "all", topics: ["s/#"] }, { allow: "all" }], "subscribe", "#", 2],
  [[{ deny: "all", topics: ["s/#"] }, { allow: "all" }], "deliver", "s/x", -1],
  [[{ allow: "all", topics: ["home/%u/#"] }], "publish", "home/ann/x", 1],
  [[{ allow: "all", topics: ["home/%u/#"] }], "publish", "home/bob/x", 0],
  [[{ allow: "all", topics: ["home/%u/#"] }], "subscribe", "home/+/x", 0],
  [[{ allow: "all", topics: ["by/%i"] }], "publish", "by/192.0.2.7", 1],
  [[{ allow: "all", users: ["bob"] }, { allow: "all", users: ["ann"] }], "publish", "a", 2],
  [[{ allow: "all", groups: ["staff"] }], "publish", "a", 1],
  [[{ allow: "all", users: ["ann"], groups: ["crew"] }], "publish", "a", 0],
  [[{ allow: "all", listeners: ["mqtt://:1883"] }], "publish", "a", 1],
  [[{ allow: "all", listeners: ["mqtt://:1884"] }], "publish", "a", 0],
  [[{ allow: "all", networks: ["192.0.2.0/24"] }], "publish", "a", 1],
  [[{ allow: "all", networks: ["192.0.3.0/24", "::/0"] }], "publish", "a", 0],
  [[{ deny: "all", users: ["ann"] }, { allow: "all", groups: ["staff"] }], "publish", "a", -1],
  [[{ allow: "all", groups: ["staff"] }, { deny: "all", users: ["ann"] }], "publish", "a", 1],
];

for (const [rules, verb, topic, expected] of table) {
  Deno.test(`policy ${JSON.stringify(rules)} about ${verb} ${topic}: ${expected}`, () => {
    assert.equal(deciding({ rules, groups: { staff: ["ann"] } }, verb, { topic }), expected);
  });
}

Deno.test("A name that is a wildcard, empty or several levels is no level of its own", () => {
  const rules: PolicyRule[] = [{ allow: "all", topics: ["home/%u/#", "by/%c"] }];
  for (const name of ["+", "#", "", "ann/x", undefined]) {
    const identity = someone({ user: name, clientId: name });
    for (const topic of ["home/+/x", "home/#", "home//x", "home/ann/x", "by/+", "by/undefined"]) {
      assert.equal(deciding({ rules }, "subscribe", { topic, identity }), 0, `${name} ${topic}`);
    }
  }
});

Deno.test("A name that begins with $ opens no tree that wildcards would not", () => {
  const rules: PolicyRule[] = [{ allow: "all", topics: ["%c/#", "home/%c/#"] }];
  const identity = someone({ clientId: "$SYS" });
  assert.equal(deciding({ rules }, "subscribe", { topic: "$SYS/#", identity }), 0);
  assert.equal(deciding({ rules }, "subscribe", { topic: "home/$SYS/#", identity }), 1);
});

Deno.test("Paths are free until a rule is about one, and denied from then on", () => {
  const nobody = someone(), ann = someone({ user: "ann" });
  const free = policy({ rules: [{ allow: "all", topics: ["a"] }] });
  assert.equal(free.mayUse(nobody, "GET", "/x").allowed, true);
  const { mayUse } = policy({
    rules: [
      { allow: ["read", "write"], paths: ["/home/%u/**"] },
      { deny: "all", paths: ["/admin/**"] },
      { allow: "read", paths: ["/**"] },
    ],
  });
  const verdicts = (method: string, path: string, who = nobody) =>
    mayUse(who, method, path).allowed;
  assert.equal(verdicts("GET", "/"), true);
  assert.equal(verdicts("GET", "/a/b.html"), true);
  assert.equal(verdicts("POST", "/a/b.html"), false);
  for (const path of ["/admin", "/admin/", "//admin/x", "/%61dmin", "/admin%2Fx", "/a/../admin"]) {
    assert.equal(verdicts("GET", path), false, path);
  }
  for (const path of ["/%zz", "/a%00", "/a\\b", "/%2e%2e/admin", "/+", "/%23"]) {
    assert.equal(verdicts("GET", path), false, path);
  }
  assert.equal(verdicts("PUT", "/home/ann/x", ann), true);
  assert.equal(verdicts("PUT", "/home/bob/x", ann), false);
});

Deno.test("policy says what is wrong with a rule", () => {
  for (
    const [rule, says] of [
      [{}, /give one of allow and deny/],
      [{ allow: "all", deny: "all" }, /give one of allow and deny/],
      [{ allow: [] }, /name an action/],
      [{ allow: "all", topics: ["a/#/b"] }, /#/],
      [{ allow: "all", topics: ["a/x%u"] }, /whole levels/],
      [{ allow: "read", paths: ["a"] }, /begins with \//],
      [{ allow: "read", paths: ["/a*"] }, /stands for one part/],
      [{ allow: "all", networks: ["1.2.3"] }, /give one such as 192.0.2.0\/24/],
      [{ allow: "all", networks: ["1.2.3.4/33"] }, /give one such as/],
    ] as [PolicyRule, RegExp][]
  ) assert.throws(() => policy({ rules: [rule] }), says);
});

Deno.test("10,000 rules decide like one looked at after the other", () => {
  const rules: PolicyRule[] = [];
  for (let i = 0; i < 10_000; i++) {
    const topics = [`t/${i % 100}/${i % 7 === 0 ? "+" : i % 50}${i % 11 === 0 ? "/#" : ""}`];
    const verb = i % 5 === 0 ? "deny" : "allow";
    rules.push({ [verb]: "publish", topics, users: [`user${i % 97}`] });
  }
  const all = policy({ rules });
  for (let i = 0; i < 500; i++) {
    const identity = someone({ user: `user${i % 97}` }), topic = `t/${i % 100}/${i * 13 % 50}`;
    const access = { action: "publish", identity, topic, qos: 0, retain: false } as const;
    const first = rules.findIndex(({ users, topics }) =>
      users![0] === identity.user && selects(topics![0]!, topic)
    );
    const { allowed, rule = -1 } = all.judge(access);
    assert.deepEqual([rule, allowed], [first, first >= 0 && rules[first]!.allow !== undefined]);
    assert.deepEqual(all.judge(access).rule ?? -1, first);
  }
});

function selects(filter: string, topic: string): boolean {
  const levels = topic.split("/");
  for (const [at, level] of filter.split("/").entries()) {
    if (level === "#") return true;
    if (level !== "+" && level !== levels[at]) return false;
  }
  return filter.split("/").length === levels.length;
}

Deno.test("Verdicts are remembered of topics that are not too long", () => {
  const { judge } = policy({ rules: [{ allow: "publish", topics: ["#"] }] });
  const identity = someone({ user: "ann" });
  const isRemembered = (topic: string) => {
    const access = { action: "publish", identity, topic, qos: 0, retain: false } as const;
    return judge(access) === judge(access);
  };
  assert.deepEqual(["short", "x".repeat(65_535)].map(isRemembered), [true, false]);
});
