import type { CommandHost } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import { quote } from "../settings/place.ts";
import { askFlags, askingOf, show } from "./ask.ts";
import { clientCommand, LINE_FEED, TIMED_OUT } from "./client_command.ts";
import type { ClientFlag } from "./client_flags.ts";
import { clientHelp } from "./client_help.ts";

const flags: readonly ClientFlag[] = [
  { name: "count", short: "C", hint: "N", doc: "Exit after so many values." },
  { name: "time", short: "W", hint: "SECONDS", doc: "Exit with 27 after so long." },
  { name: "no-newline", short: "N", hint: "", doc: "Print no line feed after each value." },
  ...askFlags,
];

/** Prints the value of a resource, and each new one. */
export const observe = clientCommand(flags, helpOf, async (given, { host, client }) => {
  const asking = await askingOf(given, { method: "GET", host, client });
  const most = given.number("count", Infinity, { min: 1 });
  const timeMs = given.number("time", Infinity, { min: 0 }) * 1000;
  if (given.report(host)) return 1;
  const over = new AbortController();
  let code = 0, count = 0;
  const timer = timeMs === Infinity ? undefined : setTimeout(() => {
    code = TIMED_OUT;
    over.abort();
  }, timeMs);
  const forget = host.onSignal(() => over.abort());
  try {
    for await (const answer of client.follow(asking, over.signal)) {
      code = show(answer, { given, host, client });
      if (code === 0 && !given.has("no-newline")) client.write(LINE_FEED);
      if (++count === most) break;
    }
  } catch (error) {
    if (!over.signal.aborted) {
      host.stderr(`Cannot observe ${quote(asking.url)}: ${wordsOf(error)}`);
      code = 1;
    }
  } finally {
    clearTimeout(timer);
    forget();
  }
  return code;
});

function helpOf({ program }: CommandHost): string {
  return clientHelp({
    doc: "Prints what a CoAP resource or a topic over HTTP is, and each time that it changes.",
    usage: `${program} observe URL [flags]`,
    flags,
    status: [
      ["0", "The values of -C came, the server has ended it, or a signal."],
      ["1", "Something was wrong; standard error says what."],
      [`${TIMED_OUT}`, "The time of -W is over."],
    ],
    examples: [
      `${program} observe coap://localhost/topics/room/temperature`,
      `${program} observe 'coap://localhost/topics/room/%23' -C 10`,
      `${program} observe coap+tcp://localhost/topics/room/state -W 60`,
      `${program} observe http://localhost:8080/topics/room/temperature`,
    ],
  });
}
