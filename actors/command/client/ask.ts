import type { Command, CommandHost } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import { quote } from "../settings/place.ts";
import type { Answered, Asking, ClientHost } from "./client.ts";
import { clientCommand } from "./client_command.ts";
import { type ClientFlag, type ClientFlags, helpFlag, loginFlags } from "./client_flags.ts";
import { clientHelp } from "./client_help.ts";
import { loginOf } from "./connect_options.ts";
import { payloadOf } from "./payload.ts";

const sources = ["message", "file", "stdin"];

const bodyFlags: readonly ClientFlag[] = [
  { name: "message", short: "m", hint: "TEXT", doc: "What to send." },
  { name: "file", short: "f", hint: "FILE", doc: "Send what a file holds." },
  { name: "stdin", short: "s", hint: "", doc: "Send standard input." },
  {
    name: "content-type",
    short: "t",
    hint: "TYPE",
    doc: "What it is: a media type, or the number of a Content-Format.",
  },
];

/** What all of these commands take. */
export const askFlags: readonly ClientFlag[] = [
  {
    name: "accept",
    short: "a",
    hint: "TYPE",
    doc: "What the answer must be: a media type, or the number of a Content-Format.",
  },
  {
    name: "timeout",
    short: "B",
    hint: "SECONDS",
    doc: "How long to wait for an answer. Default: 93",
  },
  {
    name: "block-size",
    short: "b",
    hint: "BYTES",
    doc: "The largest block of a body over CoAP: 16, 32, 64 … 1024. Default: 1024",
  },
  { name: "non", hint: "", doc: "Send CoAP requests once, without asking for acknowledgement." },
  { name: "verbose", short: "v", hint: "", doc: "Print code and options on standard error." },
  ...loginFlags,
  helpFlag,
];

/** What may be asked: servers of CoAP and HTTP. */
const schemes = ["coap", "coap+tcp", "coaps+tcp", "http", "https"];

/** MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2). */
const TIMEOUT_SECONDS = 93;

/** One of `get`, `put`, `post` and `delete`. */
export function ask(method: Asking["method"]): Command["run"] {
  const hasBody = method === "PUT" || method === "POST";
  const flags = [...hasBody ? bodyFlags : [], ...askFlags];
  const help = (host: CommandHost) => helpOf(host, method, flags);
  return clientCommand(flags, help, async (given, { host, client }) => {
    const asking = await askingOf(given, { method, host, client });
    // POST may have nothing to say. PUT must: a value is removed by DELETE.
    const needsBody = method === "PUT" || sources.some((name) => given.has(name));
    if (hasBody && needsBody) asking.payload = await payloadOf(given, client, sources);
    if (given.report(host)) return 1;
    try {
      return show(await client.ask(asking), { given, host, client });
    } catch (error) {
      host.stderr(`Cannot ask ${quote(asking.url)}: ${wordsOf(error)}`);
      return 1;
    }
  });
}

/** What to ask, from the flags and the files that they name; faults go to the flags. */
export async function askingOf(
  given: ClientFlags,
  { method, host, client }: { method: Asking["method"]; host: CommandHost; client: ClientHost },
): Promise<Asking> {
  const [url, more] = given.urls, { faults } = given;
  const fault = faultOfUrl(url);
  if (fault !== undefined) faults.push(fault);
  if (more !== undefined) faults.push(`Unexpected ${quote(more)}: one URL is enough`);
  const size = given.text("block-size");
  if (size !== undefined && !/^(?:16|32|64|128|256|512|1024)$/.test(size)) {
    faults.push(`Cannot use -b ${quote(size)}: give 16, 32, 64, 128, 256, 512 or 1024`);
  }
  return {
    method,
    url: url ?? "",
    contentType: given.text("content-type"),
    accept: given.text("accept"),
    confirmable: !given.has("non"),
    blockBytes: size === undefined ? undefined : Number(size),
    timeoutMs: given.number("timeout", TIMEOUT_SECONDS, { min: 0.001, max: 1e6 }) * 1000,
    ...await loginOf(given, { host, client }),
  };
}

function faultOfUrl(url: string | undefined): string | undefined {
  if (url === undefined) return "Missing URL: give one such as coap://127.0.0.1/topics/a";
  const scheme = /^([a-z][a-z\d+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase() ?? "";
  if (schemes.includes(scheme)) return undefined;
  return /^(?:mqtts?|wss?)$/.test(scheme)
    ? `Cannot ask ${quote(url)}: use the commands pub and sub for MQTT`
    : `Cannot ask ${quote(url)}: give a URL such as coap://127.0.0.1/topics/a; known are ` +
      schemes.join(", ");
}

/** Prints an answer; returns what to exit with. */
export function show(
  { ok, head, payload }: Answered,
  { given, host, client }: { given: ClientFlags; host: CommandHost; client: ClientHost },
): number {
  const isVerbose = given.has("verbose");
  if (isVerbose) { for (const line of head) host.stderr(line); }
  if (ok) client.write(payload);
  else {
    const reason = new TextDecoder().decode(payload).trimEnd();
    host.stderr(isVerbose ? reason : `${head[0]} ${reason}`);
  }
  return ok ? 0 : 1;
}

function helpOf({ program }: CommandHost, method: string, flags: readonly ClientFlag[]): string {
  const command = `${program} ${method.toLowerCase()}`, isPut = method === "PUT";
  const body = isPut || method === "POST" ? " -m 21.5" : "";
  return clientHelp({
    doc: `Sends ${method} to a CoAP or HTTP server and prints the body of the answer.`,
    usage: `${command} URL${isPut ? " -m TEXT|-f FILE|-s" : ""} [flags]`,
    flags,
    status: [
      ["0", "The server has answered with success."],
      ["1", "It has not, or something was wrong; standard error says what."],
    ],
    examples: [
      `${command} coap://localhost/topics/room/temperature${body}`,
      `${command} coap+tcp://localhost/topics/room/temperature${body} -v`,
      `${command} coaps+tcp://host/topics/a${body} --cafile ca.pem -u me --password-file secret`,
      `${command} http://localhost:8080/topics/room/temperature${body}`,
    ],
  });
}
