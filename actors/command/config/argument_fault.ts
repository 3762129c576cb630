import { quote } from "../settings/place.ts";

/** What is wrong with a command line that `parseArgs` of node:util threw at, in our own words. */
export function argumentFault(error: unknown, usage: string): string {
  const { code, message } = error as { code?: string; message: string };
  const flag = quote(/-[\w-]+/.exec(message)?.[0] ?? message);
  return code === "ERR_PARSE_ARGS_UNKNOWN_OPTION"
    ? `Unknown flag ${flag}: give ${usage}`
    : `Cannot use ${flag} so: give ${usage}`;
}
