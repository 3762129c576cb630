import { parseTarget } from "../../../protocols/mqtt/url.ts";
import type { Qos } from "../../../protocols/publication.ts";
import { faultOfTopic } from "../../../protocols/topic.ts";
import type { CommandHost } from "../command.ts";
import { wordsOf } from "../config/cause.ts";
import { quote } from "../settings/place.ts";
import type { ClientHost, ConnectOptions, Outgoing } from "./client.ts";
import type { ClientFlags } from "./client_flags.ts";
import type { PropertiesByPacket } from "./packet_properties.ts";

/** The Session Expiry Interval of a session that never ends (MQTT 5.0 §3.1.2.11.2). */
const FOR_EVER = 0xffff_ffff;

const versions: Readonly<Record<string, ConnectOptions["version"]>> = {
  "5": "5",
  "3.1.1": "3.1.1",
  "3.1": "3.1",
  mqttv5: "5",
  mqttv311: "3.1.1",
  mqttv31: "3.1",
  "311": "3.1.1",
  "31": "3.1",
};

/** Reads how to connect from the flags and the files that they name; faults go to the flags. */
export async function connectOptions(
  flags: ClientFlags,
  { properties, files }: {
    properties: PropertiesByPacket;
    files: { host: CommandHost; client: ClientHost };
  },
): Promise<Omit<ConnectOptions, "message">> {
  const { faults } = flags;
  const [given, more] = flags.urls;
  let url = "";
  try {
    if (given === undefined) faults.push("Missing URL: give one such as mqtt://127.0.0.1:1883");
    else url = parseTarget(given).url;
  } catch (error) {
    const other = /^(?:https?|coaps?(?:\+tcp)?):/i.test(given!);
    const right = other
      ? "use the commands put, post and observe for HTTP and CoAP"
      : (error as Error).message;
    faults.push(`Cannot connect to ${quote(given)}: ${right}`);
  }
  if (more !== undefined) faults.push(`Unexpected ${quote(more)}: one URL is enough`);
  const version = versions[flags.text("mqtt-version") ?? ""];
  if (version === undefined && flags.has("mqtt-version")) {
    faults.push(`Cannot use -V ${flags.text("mqtt-version")}: give 5, 3.1.1 or 3.1`);
  }
  if (version !== undefined && version !== "5" && flags.has("property")) {
    faults.push("Cannot send properties by this version: they need -V 5");
  }
  const clean = !flags.has("keep-session");
  if (!clean && !flags.has("id")) faults.push("Missing -i ID: a session that stays needs a name");
  const sessionExpiryInterval = clean ? undefined : FOR_EVER;
  return {
    url,
    version,
    clean,
    clientId: flags.text("id"),
    keepAliveSeconds: flags.number("keepalive", 60, { max: 65_535 }),
    ...await loginOf(flags, files),
    will: willOf(flags, properties),
    properties: { ...clean ? {} : { sessionExpiryInterval }, ...properties.CONNECT },
    lost: ({ message }) => files.host.stderr(`Connection lost, connecting again: ${message}`),
  };
}

/** Who we are and whom we trust, by the flags and the files that they name. */
export async function loginOf(
  flags: ClientFlags,
  { host, client }: { host: CommandHost; client: ClientHost },
): Promise<Pick<ConnectOptions, "username" | "password" | "tls">> {
  const read = async (name: string) => {
    const path = flags.text(name);
    if (path === undefined) return undefined;
    try {
      return await host.readFile(path);
    } catch (error) {
      flags.faults.push(`Cannot read --${name} ${quote(path)}: ${wordsOf(error)}`);
    }
  };
  const password = (await read("password-file"))?.split(/\r?\n/)[0] ??
    client.variable("MEERKAT_PASSWORD");
  return {
    username: flags.text("username"),
    password,
    tls: {
      ca: await read("cafile"),
      cert: await read("cert"),
      key: await read("key"),
      rejectUnauthorized: !flags.has("insecure"),
    },
  };
}

/** The quality of service that a flag names. */
export function qosOf(flags: ClientFlags, name: string): Qos {
  const given = flags.text(name) ?? "0";
  if (/^[012]$/.test(given)) return Number(given) as Qos;
  flags.faults.push(`Cannot use --${name} ${quote(given)}: give 0, 1 or 2`);
  return 0;
}

/** A topic to publish to; a fault when it is none. */
export function topicOf(flags: ClientFlags, name: string): string {
  const topic = flags.text(name);
  if (topic === undefined) {
    flags.faults.push("Missing -t TOPIC: where to publish");
    return "";
  }
  const fault = faultOfTopic(topic);
  if (fault !== undefined) flags.faults.push(fault);
  return topic;
}

function willOf(flags: ClientFlags, properties: PropertiesByPacket): Outgoing | undefined {
  if (!flags.has("will-topic")) {
    const idle = ["will-payload", "will-qos", "will-retain"].find((name) => flags.has(name));
    if (idle !== undefined) flags.faults.push(`Missing --will-topic: --${idle} is about a will`);
    return undefined;
  }
  return {
    topic: topicOf(flags, "will-topic"),
    payload: new TextEncoder().encode(flags.text("will-payload") ?? ""),
    qos: qosOf(flags, "will-qos"),
    retain: flags.has("will-retain"),
    properties: properties.WILL,
  };
}
