import type { Log } from "../../log.ts";
import type { CommandHost, Running } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import { load } from "../config/load.ts";
import type { Settings } from "../config/resolved.ts";
import { afterChanges } from "./after_changes.ts";

/** A gateway that runs, and what it was started with. */
export interface Started {
  readonly args: string[];
  /** The name of the configuration file. */
  readonly config: string;
  readonly settings: Settings;
  readonly running: Running;
}

/**
 * Puts a new policy in force whenever the configuration file changes, until the returned function
 * is called. Other settings wait for a restart, which is logged.
 */
export function followConfig(
  { args, config, settings, running }: Started,
  { host, log }: { host: CommandHost; log: Log },
): () => void {
  let text: string | undefined, present = textsOf(settings);

  async function renew(): Promise<void> {
    const before = text;
    text = await host.readFile(config);
    // Nothing in it has changed.
    if (text === before) return;
    const loaded = await load(args, host);
    const [fault] = "settings" in loaded ? loaded.faults : loaded;
    if (fault !== undefined) {
      log.warn("cannot use new configuration", { config, fault: fault.line });
    } else if ("settings" in loaded) take(loaded.settings);
  }

  function take(next: Settings): void {
    const texts = textsOf(next), { policy } = next;
    const isOther = texts.policy !== present.policy;
    const mayFollow = policy !== undefined && present.policy !== undefined;
    if (isOther && mayFollow) {
      running.renew(policy);
      log.info("policy renewed", { config, rules: policy.rules.length });
    }
    // Without a policy everything is allowed: a slip in the file must not take it away.
    if (texts.rest !== present.rest || (isOther && !mayFollow)) {
      log.warn("new configuration waits for a restart, but for the rules of a policy", { config });
    }
    present = { rest: texts.rest, policy: mayFollow ? texts.policy : present.policy };
  }

  return afterChanges([config], host.watch, () =>
    renew().catch((error) => {
      log.warn("cannot use new configuration", { config, fault: wordsOf(error) });
    }));
}

function textsOf({ policy, ...rest }: Settings): { policy: string | undefined; rest: string } {
  return { policy: policy && JSON.stringify(policy), rest: JSON.stringify(rest) };
}
