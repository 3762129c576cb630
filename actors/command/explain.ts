import type { Identity } from "../../protocols/identity.ts";
import { type Policy, policy, type PolicyOptions, type PolicyVerdict } from "../identity/policy.ts";
import { quote } from "./settings/place.ts";

/** Whether somebody may do something. */
interface PolicyQuestion {
  readonly identity: Identity;
  readonly action: "publish" | "subscribe" | "retain" | "read" | "write";
  /** A topic, a filter or a path. */
  readonly on: string;
}

const actions = ["publish", "subscribe", "retain", "read", "write"] as const;

/** Takes `--can ACTION TOPIC` and what belongs to it out of a command line; text says what is wrong. */
export function takeQuestion(
  args: string[],
): { rest: string[]; question: PolicyQuestion | undefined } | string {
  if (!args.some((each) => /^--(as|can)(=|$)/.test(each))) {
    return { rest: args, question: undefined };
  }
  const at = args.indexOf("--can");
  if (at < 0) return "Missing the question: give --can ACTION TOPIC";
  const [action, on] = args.slice(at + 1, at + 3), known = actions.find((each) => each === action);
  if (known === undefined) {
    return `Cannot use --can ${quote(action)}: give ${actions.join(", ")}, and a topic or a path`;
  }
  if (on === undefined) return `Missing the topic or the path: give --can ${known} TOPIC`;
  const own = { as: "", group: "", client: "", address: "", on: "" };
  const rest: string[] = [], others = [...args.slice(0, at), ...args.slice(at + 3)];
  for (let i = 0; i < others.length; i++) {
    const [flag, value] = others[i]!.split(/=(.*)/s);
    const name = (Object.keys(own) as (keyof typeof own)[]).find((each) => flag === `--${each}`);
    if (name === undefined) rest.push(others[i]!);
    else own[name] = value ?? others[++i] ?? "";
  }
  const { as, group, client, address, on: listener } = own;
  return {
    rest,
    question: {
      action: known,
      on,
      identity: {
        user: as || undefined,
        clientId: client || undefined,
        groups: group === "" ? [] : group.split(","),
        certificate: undefined,
        address,
        listener,
      },
    },
  };
}

/** The answer in words, and whether it is yes. */
export function explain(
  options: PolicyOptions | undefined,
  { identity, action, on }: PolicyQuestion,
): { allowed: boolean; line: string } {
  const who = identity.user ?? "somebody without a login";
  const answer = (allowed: boolean, why: string) => {
    return { allowed, line: `${who} may ${allowed ? "" : "NOT "}${action} ${quote(on)}: ${why}` };
  };
  if (options === undefined) return answer(true, "there is no policy");
  const { allowed, rule } = verdictOf(policy(options), { identity, action, on });
  if (rule === undefined) {
    return answer(allowed, allowed ? "no rule is about paths" : "no rule fits");
  }
  return answer(allowed, `rule ${rule + 1} decides: ${JSON.stringify(options.rules[rule])}`);
}

function verdictOf(decides: Policy, { identity, action, on }: PolicyQuestion): PolicyVerdict {
  if (action === "read" || action === "write") {
    return decides.mayUse(identity, action === "read" ? "GET" : "POST", on);
  }
  const retain = action === "retain";
  const done = action === "subscribe" ? "subscribe" : "publish";
  return decides.judge({ action: done, identity, topic: on, qos: 0, retain });
}
