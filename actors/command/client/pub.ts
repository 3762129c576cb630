import type { CommandHost } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import type { Client, ClientHost } from "./client.ts";
import { clientCommand } from "./client_command.ts";
import { type ClientFlag, commonFlags } from "./client_flags.ts";
import { clientHelp } from "./client_help.ts";
import { connectOptions, qosOf, topicOf } from "./connect_options.ts";
import { readProperties } from "./packet_properties.ts";
import { payloadOf } from "./payload.ts";

const flags: readonly ClientFlag[] = [
  { name: "topic", short: "t", hint: "TOPIC", doc: "Where to publish." },
  { name: "message", short: "m", hint: "TEXT", doc: "What to publish." },
  { name: "file", short: "f", hint: "FILE", doc: "Publish what a file holds." },
  { name: "stdin-lines", short: "l", hint: "", doc: "Publish each line of standard input." },
  { name: "stdin", short: "s", hint: "", doc: "Publish standard input as one message." },
  { name: "null", short: "n", hint: "", doc: "Publish a message without a payload." },
  { name: "retain", short: "r", hint: "", doc: "Have the message retained." },
  { name: "repeat", hint: "N", doc: "Publish it so often. Default: 1" },
  { name: "repeat-delay", hint: "SECONDS", doc: "The pause between repetitions. Default: 0" },
  ...commonFlags,
];

const sources = ["message", "file", "stdin-lines", "stdin", "null"];

/**
 * Lines of standard input that are being published at once: all of a large file would fill the
 * memory.
 */
const LINES_UNDER_WAY = 256;

/** Publishes to an MQTT server. */
export const pub = clientCommand(flags, helpOf, async (given, { host, client }) => {
  const properties = readProperties(given.all("property"), given.faults);
  const options = await connectOptions(given, { properties, files: { host, client } });
  const message = {
    topic: topicOf(given, "topic"),
    qos: qosOf(given, "qos"),
    retain: given.has("retain"),
    properties: properties.PUBLISH,
  };
  const repeat = given.number("repeat", 1, { min: 1 });
  const delayMs = given.number("repeat-delay", 0) * 1000;
  const payload = await payloadOf(given, client, sources);
  if (given.report(host)) return 1;
  let connection: Client | undefined;
  try {
    connection = await client.connect({ ...options, message() {} });
    if (payload === undefined) {
      await publishLines(connection, { client, message });
    } else {
      for (let i = 0; i < repeat; i++) {
        if (i > 0 && delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        await connection.publish({ ...message, payload });
      }
    }
    return 0;
  } catch (error) {
    host.stderr(`Cannot publish: ${wordsOf(error)}`);
    return 1;
  } finally {
    await connection?.end();
  }
});

async function publishLines(
  connection: Client,
  { client, message }: {
    client: ClientHost;
    message: Omit<Parameters<Client["publish"]>[0], "payload">;
  },
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for await (const payload of lines(client.input())) {
    const sent = connection.publish({ ...message, payload });
    underWay.add(sent);
    sent.then(() => underWay.delete(sent), () => {});
    if (underWay.size >= LINES_UNDER_WAY) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

async function* lines(input: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let begun: Uint8Array[] = [];
  for await (const piece of input) {
    let at = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, at)) {
      yield await joined([...begun, piece.subarray(at, end)]);
      begun = [];
      at = end + 1;
    }
    if (at < piece.length) begun.push(piece.slice(at));
  }
  if (begun.length > 0) yield await joined(begun);
}

async function joined(pieces: Uint8Array[]): Promise<Uint8Array> {
  const bytes = new Uint8Array(
    await new Blob(pieces as Uint8Array<ArrayBuffer>[]).arrayBuffer(),
  );
  return bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes;
}

function helpOf({ program }: CommandHost): string {
  return clientHelp({
    doc: "Publishes to an MQTT server.",
    usage: `${program} pub URL -t TOPIC -m TEXT|-f FILE|-l|-s|-n [flags]`,
    flags,
    status: [["0", "All was published."], ["1", "Something was wrong; standard error says what."]],
    examples: [
      `${program} pub mqtt://localhost -t room/temperature -m 21.5`,
      `${program} pub mqtt://localhost -t room/state -q 1 -r -f state.json`,
      `${program} pub mqtt://localhost -t room/state -r -n`,
      `tail -f log | ${program} pub mqtt://localhost -t log -l`,
      `${program} pub wss://host/mqtt -t a -m b -u me --password-file secret`,
      `${program} pub mqtts://host -t a -m b --cafile ca.pem`,
      `${program} pub mqtt://localhost -t a -m b -D PUBLISH content-type b/c`,
    ],
  });
}
