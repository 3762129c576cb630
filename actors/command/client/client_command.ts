import type { Command, CommandHost } from "../command.ts";
import type { ClientHost } from "./client.ts";
import { type ClientFlag, ClientFlags } from "./client_flags.ts";

/** What `sub` and `observe` exit with when the time of -W is over, as mosquitto_sub does. */
export const TIMED_OUT = 27;

/** What stands behind each message that is printed. */
export const LINE_FEED: Uint8Array = new Uint8Array([10]);

/** The world as a command sees it that is a client. */
interface Surroundings {
  readonly host: CommandHost;
  readonly client: ClientHost;
}

/** A command that is a client: reads its flags, and prints its help when they ask for that. */
export function clientCommand(
  flags: readonly ClientFlag[],
  help: (host: CommandHost) => string,
  run: (given: ClientFlags, around: Surroundings) => Promise<number>,
): Command["run"] {
  return async (args, host) => {
    const given = new ClientFlags(args, flags), { client } = host;
    if (given.has("help")) {
      host.stdout(help(host));
      return 0;
    }
    if (client === undefined) throw new Error("Cannot run a client: this program has none");
    return await run(given, { host, client });
  };
}
