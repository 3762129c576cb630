import { faultOfFilter, matches } from "../../../protocols/topic.ts";
import type { CommandHost } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import type { Client, ClientHost, Incoming } from "./client.ts";
import { clientCommand, LINE_FEED, TIMED_OUT } from "./client_command.ts";
import { type ClientFlag, type ClientFlags, commonFlags } from "./client_flags.ts";
import { clientHelp } from "./client_help.ts";
import { connectOptions, qosOf } from "./connect_options.ts";
import { readProperties } from "./packet_properties.ts";

const flags: readonly ClientFlag[] = [
  { name: "topic", short: "t", hint: "FILTER", doc: "What to subscribe to. Can be repeated." },
  { name: "filter-out", short: "T", hint: "FILTER", doc: "What not to print. Can be repeated." },
  { name: "verbose", short: "v", hint: "", doc: "Print the topic before each message." },
  { name: "no-newline", short: "N", hint: "", doc: "Print no line feed after each message." },
  { name: "count", short: "C", hint: "N", doc: "Exit after so many messages." },
  { name: "timeout", short: "W", hint: "SECONDS", doc: "Exit with 27 after so long." },
  { name: "no-stale", short: "R", hint: "", doc: "Leave out what was retained before." },
  { name: "exit-after-subscribe", short: "E", hint: "", doc: "Exit once subscribed." },
  ...commonFlags,
];

/** Prints what an MQTT server has to say. */
export const sub = clientCommand(flags, helpOf, async (given, { host, client }) => {
  const properties = readProperties(given.all("property"), given.faults);
  const options = await connectOptions(given, { properties, files: { host, client } });
  const qos = qosOf(given, "qos");
  const filters = filtersOf(given, "topic");
  if (!given.has("topic")) given.faults.push("Missing -t FILTER: what to subscribe to");
  const over = Promise.withResolvers<number>();
  const message = printer(given, client, () => over.resolve(0));
  const timeoutMs = given.number("timeout", Infinity, { min: 0 }) * 1000;
  if (given.report(host)) return 1;
  const timer = timeoutMs === Infinity
    ? undefined
    : setTimeout(() => over.resolve(TIMED_OUT), timeoutMs);
  const forget = host.onSignal(() => over.resolve(0));
  const connecting = client.connect({ ...options, message });
  let connection: Client | undefined;
  const subscribed = async () => {
    connection = await connecting;
    await connection.subscribe({ filters, qos, properties: properties.SUBSCRIBE });
    if (given.has("exit-after-subscribe")) over.resolve(0);
    return await over.promise;
  };
  try {
    return await Promise.race([subscribed(), over.promise]);
  } catch (error) {
    host.stderr(`Cannot subscribe: ${wordsOf(error)}`);
    return 1;
  } finally {
    clearTimeout(timer);
    forget();
    await connection?.end();
  }
});

/** Prints the messages that the flags ask for; calls `full` after the last one. */
function printer(
  given: ClientFlags,
  client: ClientHost,
  full: () => void,
): (message: Incoming) => void {
  const unwanted = filtersOf(given, "filter-out");
  const most = given.number("count", Infinity, { min: 1 });
  let count = 0;
  return ({ topic, payload, retain }) => {
    if (count === most || (retain && given.has("no-stale"))) return;
    if (unwanted.some((filter) => matches(filter, topic))) return;
    if (given.has("verbose")) client.write(new TextEncoder().encode(`${topic} `));
    client.write(payload);
    if (!given.has("no-newline")) client.write(LINE_FEED);
    if (++count === most) full();
  };
}

function filtersOf(given: ClientFlags, name: string): string[] {
  return given.all(name).flatMap(([filter = ""]) => {
    const fault = faultOfFilter(filter);
    if (fault === undefined) return [filter];
    given.faults.push(fault);
    return [];
  });
}

function helpOf({ program }: CommandHost): string {
  return clientHelp({
    doc: "Prints what an MQTT server has to say.",
    usage: `${program} sub URL -t FILTER [flags]`,
    flags,
    status: [
      ["0", "The messages of -C came, or a signal."],
      ["1", "Something was wrong; standard error says what."],
      [`${TIMED_OUT}`, "The time of -W is over."],
    ],
    examples: [
      `${program} sub mqtt://localhost -t 'room/#' -v`,
      `${program} sub mqtt://localhost -t room/state -C 1 -W 5`,
      `${program} sub mqtt://localhost -t jobs -q 2 -c -i worker-1`,
      `${program} sub mqtts://host -t '#' --cafile ca.pem -u me --password-file secret`,
      `${program} sub ws://localhost:8080/mqtt -t '$SYS/#' -v`,
      `${program} sub mqtt://localhost -t a -D SUBSCRIBE subscription-identifier 7`,
    ],
  });
}
