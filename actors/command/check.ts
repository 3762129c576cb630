import type { CommandHost } from "./command.ts";
import { load } from "./config/load.ts";
import type { Settings } from "./config/resolved.ts";
import { faultsOfAge } from "./config/revocation_lists.ts";
import { explain, takeQuestion } from "./explain.ts";

/** Prints everything that is wrong with a configuration, or what its policy says to a question. */
export async function check(args: string[], host: CommandHost): Promise<number> {
  const taken = takeQuestion(args);
  if (typeof taken === "string") {
    host.stderr(taken);
    return 2;
  }
  const loaded = await load(taken.rest, host);
  if (!("settings" in loaded)) {
    for (const { line } of loaded) host.stderr(line);
    return 2;
  }
  const { settings, faults, config } = loaded;
  if (config === undefined) {
    host.stderr("Missing the file to check: give --config FILE");
    return 2;
  }
  for (const { line } of faults) host.stderr(line);
  const old = faults.length > 0 ? [] : await oldLists(settings, host);
  for (const line of old) host.stderr(line);
  if (faults.length + old.length > 0) return 1;
  if (taken.question !== undefined) {
    const { allowed, line } = explain(settings.policy, taken.question);
    host.stdout(line);
    return allowed ? 0 : 1;
  }
  host.stdout(`${config}: nothing wrong`);
  for (const { url, access } of settings.listen) {
    const who = access === undefined
      ? ""
      : `; whom no subnet of "${access}" fits may not come, and of those that fit the last decides`;
    host.stdout(`would listen on ${url.url}${who}`);
  }
  return 0;
}

/** A gateway starts with them all the same, for what needs no certificate; but that is no way to be. */
async function oldLists({ listen }: Settings, host: CommandHost): Promise<string[]> {
  const found: string[] = [];
  for (const { url, tls: { crl = [], ca } = {} } of listen) {
    for (const each of crl) {
      const faults = faultsOfAge(await host.readBytes(each), await host.readFile(ca!));
      found.push(...faults.map((fault) => `${url.url}: Cannot use "${each}": ${fault}`));
    }
  }
  return found;
}
