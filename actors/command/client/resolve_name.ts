import type { CommandHost } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import { quote } from "../settings/place.ts";
import { clientCommand } from "./client_command.ts";
import type { ClientFlag } from "./client_flags.ts";
import { clientHelp } from "./client_help.ts";

const flags: readonly ClientFlag[] = [
  {
    name: "name-server",
    short: "s",
    hint: "ADDRESS",
    doc: "Whom to ask, such as 192.0.2.53 or [::1]:5353. Can be repeated. Default: the system's",
  },
  {
    name: "timeout",
    short: "W",
    hint: "SECONDS",
    doc: "How long each attempt with a server takes at most. Default: 5",
  },
  { name: "help", short: "h", hint: "", doc: "Show this text and exit." },
];

/** Prints what DNS says about a name. */
export const resolveName = clientCommand(flags, helpOf, async (given, { host, client }) => {
  const { faults, urls: [name, type, more] } = given;
  if (name === undefined) faults.push("Missing NAME: give one such as example.org");
  if (more !== undefined) faults.push(`Unexpected ${quote(more)}: give a name and a type`);
  const timeoutMs = 1000 * given.number("timeout", 5, { min: 0.001, max: 1_000_000 });
  const servers = given.all("name-server").flat();
  if (given.report(host) || name === undefined) return 1;
  try {
    const names = client.names({ ...servers.length > 0 && { servers }, timeoutMs });
    for (const line of await names.find(name, type)) host.stdout(line);
    return 0;
  } catch (error) {
    host.stderr(wordsOf(error));
    return 1;
  }
});

function helpOf({ program }: CommandHost): string {
  return clientHelp({
    doc: "Prints the addresses of a name, or with a type what DNS knows of it.",
    usage: `${program} resolve NAME [TYPE] [flags]`,
    flags,
    status: [["0", "It was found."], ["1", "It was not; standard error says why."]],
    examples: [
      `${program} resolve localhost`,
      `${program} resolve example.org MX`,
      `${program} resolve 192.0.2.7 PTR`,
      `${program} resolve gate.example A -s 127.0.0.1:5353`,
    ],
  });
}
