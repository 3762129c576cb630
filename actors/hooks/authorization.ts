import type { Access } from "../../protocols/guard.ts";
import { notAllowed, Refusal } from "../../protocols/identity.ts";
import type { Question } from "./hook_chain.ts";

/** The question whether something may be done. */
export function authorization(access: Access): Question<undefined> {
  return {
    hook: "authorize",
    ask: (hooks) => hooks.authorize?.(access),
    judge(answer) {
      if (answer instanceof Refusal) return answer;
      return answer === false ? forbidden(access) : undefined;
    },
    none: () => undefined,
  };
}

function forbidden({ action, topic, identity }: Access): Refusal {
  const shown = topic.length > 64 ? `${topic.slice(0, 64)}…` : topic;
  return notAllowed(`Not allowed to ${action} "${shown}"`, identity);
}
