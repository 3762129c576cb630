import type { Identity } from "../../protocols/identity.ts";
import { hostOf } from "../../protocols/network.ts";
import type { CompiledRule } from "./policy_rule.ts";

/** Rules of one filter, by whom they are about; each list in the order of the rules. */
class Bucket {
  readonly #lists = new Map<string, CompiledRule[]>();

  add(rule: CompiledRule): void {
    for (const subject of rule.subjects) {
      const list = this.#lists.get(subject);
      if (list) list.push(rule);
      else this.#lists.set(subject, [rule]);
    }
  }

  /** The first rule that fits and comes before `best`. */
  first(asked: Question, best: CompiledRule | undefined): CompiledRule | undefined {
    for (const subject of asked.subjects) {
      for (const rule of this.#lists.get(subject) ?? []) {
        if (best !== undefined && rule.index >= best.index) break;
        if ((rule.mask & asked.mask) === 0) continue;
        if (rule.fits === undefined || rule.fits(asked.identity, asked.groups)) {
          best = rule;
          break;
        }
      }
    }
    return best;
  }
}

class Branch {
  readonly children = new Map<string, Branch>();
  /** Those behind `+`. */
  plus: Branch | undefined;
  /** Those behind `%u`, `%c` and `%i`. */
  readonly variables = new Map<string, Branch>();
  own: Bucket | undefined;
  /** Rules that end with `#` here. */
  rest: Bucket | undefined;
}

/** What is looked for. */
interface Question {
  readonly identity: Identity;
  /** The user's groups. */
  readonly groups: readonly string[];
  /** Whom rules may be about. */
  readonly subjects: readonly string[];
  readonly mask: number;
}

/**
 * Rules by their filters. Finding one takes as long as there are levels, however many rules there
 * are.
 */
export class PolicyIndex {
  readonly #root = new Branch();
  size = 0;

  add(filter: readonly string[], rule: CompiledRule): void {
    this.size++;
    let at = this.#root;
    for (const level of filter) {
      if (level === "#") return (at.rest ??= new Bucket()).add(rule);
      if (level === "+") at = at.plus ??= new Branch();
      else {
        const within = /^%[uci]$/.test(level) ? at.variables : at.children;
        let next = within.get(level);
        if (next === undefined) within.set(level, next = new Branch());
        at = next;
      }
    }
    (at.own ??= new Bucket()).add(rule);
  }

  /** The first rule whose filter selects all that `levels` do: those of a topic, or of a filter. */
  find(levels: readonly string[], asked: Question): CompiledRule | undefined {
    let best: CompiledRule | undefined;
    const visit = (branch: Branch, at: number): void => {
      // Wildcards do not select what begins with $ [MQTT-4.7.2-1].
      const isHidden = at === 0 && levels[0]!.startsWith("$");
      if (branch.rest !== undefined && !isHidden) best = branch.rest.first(asked, best);
      if (at === levels.length) {
        if (branch.own !== undefined) best = branch.own.first(asked, best);
        return;
      }
      const level = levels[at]!;
      if (level === "#") return;
      if (branch.plus !== undefined && !isHidden) visit(branch.plus, at + 1);
      if (level === "+") return;
      const child = branch.children.get(level);
      if (child !== undefined) visit(child, at + 1);
      // Nor do variables: whoever calls himself "$SYS" has no part in that.
      if (isHidden) return;
      for (const [name, next] of branch.variables) {
        if (valueOf(name, asked.identity) === level) visit(next, at + 1);
      }
    };
    visit(this.#root, 0);
    return best;
  }
}

/** What a variable stands for; a name that is more than a level, or a wildcard, is nobody's. */
function valueOf(name: string, { user, clientId, address }: Identity): string | undefined {
  const value = name === "%u" ? user : name === "%c" ? clientId : hostOf(address);
  return value === undefined || value === "" || /[+#/]/.test(value) ? undefined : value;
}
