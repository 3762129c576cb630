import { policy, type PolicyOptions } from "../../identity/policy.ts";
import type { PolicyAction, PolicyRule } from "../../identity/policy_rule.ts";
import { type Kind, list, text } from "./kinds.ts";
import type { Place } from "./place.ts";
import { record, type Setting, type Values } from "./record.ts";

const names = ["publish", "subscribe", "retain", "read", "write", "all"] as const;

const actions: Kind<readonly PolicyAction[]> = {
  hint: "ACTION",
  read(raw, place) {
    const given: unknown[] = Array.isArray(raw) ? raw : [raw];
    const isRight = given.length > 0 && given.every((each) => names.some((name) => name === each));
    return isRight
      ? given as PolicyAction[]
      : place.refuse(raw, `give one or a list of ${names.join(", ")}`);
  },
  schema: () => ({
    anyOf: [{ enum: names }, { type: "array", minItems: 1, items: { enum: names } }],
  }),
};

const rule = record(
  {
    allow: { kind: actions, doc: "What is allowed." },
    deny: { kind: actions, doc: "What is denied." },
    topics: {
      kind: list(text("FILTER", "give a topic filter such as home/%u/#")),
      doc: "Topic filters; %u is the user, %c the client identifier, %i the address.",
    },
    paths: {
      kind: list(text("PATH", "give a path such as /admin/**")),
      doc: "Paths of the web site; * is one part, ** all that is below.",
    },
    users: { kind: list(text("USER", "give the name of a user")), doc: "Whom it is about." },
    groups: { kind: list(text("GROUP", "give the name of a group")), doc: "Whose members." },
    listeners: {
      kind: list(text("URL", "give the URL of a listener")),
      doc: "Where they came in, as in listen.",
    },
    networks: {
      kind: list(text("NETWORK", "give a network such as 192.0.2.0/24")),
      doc: "Where they come from.",
    },
  } as const satisfies Record<string, Setting<unknown>>,
);

const groups: Kind<Record<string, string[]>> = {
  hint: "",
  read(raw, place) {
    const isTable = typeof raw === "object" && raw !== null && !Array.isArray(raw) &&
      Object.values(raw).every((each) =>
        Array.isArray(each) && each.every((user) => typeof user === "string")
      );
    return isTable
      ? raw as Record<string, string[]>
      : place.refuse(raw, 'give lists of users in {} such as {"staff": ["ann"]}');
  },
  schema: () => ({
    type: "object",
    additionalProperties: { type: "array", items: { type: "string" } },
  }),
};

/** Who may do what. */
export const policySetting = record(
  {
    rules: {
      kind: list(rule),
      required: true,
      doc: "The first rule that fits decides; what none fits is denied.",
    },
    groups: { kind: groups, doc: "The users of groups." },
  } as const satisfies Record<string, Setting<unknown>>,
);

/** The policy that was set, once each rule has turned out to be one. */
export function resolvePolicy(
  draft: Values<typeof policySetting.members>,
  place: Place,
): PolicyOptions {
  const rules = (draft.rules ?? []).flatMap((each, index): PolicyRule[] => {
    // What is wrong with a member has been reported.
    if (each === undefined || Object.values(each).some((value) => value === undefined)) return [];
    try {
      policy({ rules: [each as PolicyRule] });
      return [each as PolicyRule];
    } catch (error) {
      const says = (error as TypeError).message.replace(/rule 1/, `rule ${index + 1}`);
      place.member("rules").item(index).complain(says);
      return [];
    }
  });
  return { rules, ...draft.groups && { groups: draft.groups } };
}
