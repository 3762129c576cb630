import { quote } from "../settings/place.ts";
import type { PacketProperties } from "./client.ts";

type Kind = "number" | "text" | "bytes" | "flag" | "pair";

const publish: Readonly<Record<string, Kind>> = {
  "payload-format-indicator": "flag",
  "message-expiry-interval": "number",
  "content-type": "text",
  "response-topic": "text",
  "correlation-data": "bytes",
  "user-property": "pair",
};

/** Which packet may carry what (MQTT 5.0 §2.2.2.2), by the names that mosquitto_pub knows. */
const packets: Readonly<Record<string, Readonly<Record<string, Kind>>>> = {
  CONNECT: {
    "session-expiry-interval": "number",
    "receive-maximum": "number",
    "maximum-packet-size": "number",
    "request-problem-information": "flag",
    "request-response-information": "flag",
    "user-property": "pair",
  },
  PUBLISH: { ...publish, "topic-alias": "number" },
  SUBSCRIBE: { "subscription-identifier": "number", "user-property": "pair" },
  WILL: { ...publish, "will-delay-interval": "number" },
};

/** MQTT 5 properties by the packet that carries them. */
export type PropertiesByPacket = Readonly<
  Partial<Record<"CONNECT" | "PUBLISH" | "SUBSCRIBE" | "WILL", PacketProperties>>
>;

/** Reads all `-D PACKET NAME VALUE`; what is wrong goes to `faults`. */
export function readProperties(
  given: readonly (readonly string[])[],
  faults: string[],
): PropertiesByPacket {
  const found: Record<string, PacketProperties> = {};
  for (const [word = "", name = "", ...values] of given) {
    const packet = word.toUpperCase();
    const known = packets[packet];
    if (known === undefined) {
      faults.push(
        `Cannot use -D ${word}: give one of ${Object.keys(packets).join(", ").toLowerCase()}`,
      );
      continue;
    }
    const kind = known[name];
    if (kind === undefined) {
      faults.push(`Cannot use -D ${word} ${name}: known are ${Object.keys(known).join(", ")}`);
      continue;
    }
    const fault = put(found[packet] ??= {}, name, { kind, values });
    if (fault !== undefined) faults.push(`Cannot use -D ${word} ${name} ${fault}`);
  }
  return found;
}

function put(
  properties: PacketProperties,
  name: string,
  { kind, values: [value = "", second = ""] }: { kind: Kind; values: readonly string[] },
): string | undefined {
  if (kind === "pair") {
    const record = (properties.userProperties ??= {}) as Record<string, string[]>;
    (record[value] ??= []).push(second);
    return undefined;
  }
  const key = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  if (kind === "text") properties[key] = value;
  else if (kind === "bytes") properties[key] = new TextEncoder().encode(value);
  else if (kind === "flag") {
    if (value !== "0" && value !== "1") return `${quote(value)}: give 0 or 1`;
    properties[key] = value === "1";
  } else {
    const number = Number(value);
    if (value === "" || !Number.isInteger(number) || number < 0 || number > 0xffff_ffff) {
      return `${quote(value)}: give a whole number`;
    }
    properties[key] = number;
  }
  return undefined;
}
