import type { MqttOptions } from "../../../protocols/mqtt/options.ts";
import { faultOfFilter } from "../../../protocols/topic.ts";
import { choice, count, type Kind, list, size, text, yesOrNo } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

const GiB = 2 ** 30;

const pattern: Kind<RegExp> = {
  hint: "REGEX",
  read(raw, place) {
    try {
      if (typeof raw === "string" && raw !== "") return new RegExp(raw, "u");
    } catch {
      // It is refused below like anything else that is no pattern.
    }
    return place.refuse(raw, "give a regular expression such as sensor-[0-9]+");
  },
  schema: () => ({ type: "string", minLength: 1, format: "regex" }),
};

/** A topic filter. */
export const filter = text(
  "FILTER",
  "give a topic filter such as sensors/#",
  (filter) => faultOfFilter(filter) === undefined,
);

/** How MQTT is spoken, for all listeners or for one. */
export const mqttSettings = {
  queuePolicy: {
    only: "file",
    kind: choice(["drop-newest", "drop-oldest", "conflate", "disconnect"]),
    doc: "What happens to an MQTT message for which a client's queue has no room: it is refused, " +
      "takes the place of the oldest, only the newest of each topic waits, or the client is hung " +
      'up on. Default: "disconnect".',
  },
  sharedStrategy: {
    only: "file",
    kind: choice(["round-robin", "least-loaded", "sticky-by-publisher"]),
    doc: 'Who of an MQTT shared subscription gets the next message. Default: "round-robin".',
  },
  clientIdPattern: {
    only: "file",
    kind: pattern,
    doc: "What MQTT client identifiers must look like, from end to end.",
  },
  checkPayloadFormat: {
    only: "file",
    kind: yesOrNo(),
    doc: "Whether MQTT 5 payloads that are said to be UTF-8 and are not are refused.",
  },
  responseInformation: {
    only: "file",
    kind: text("TOPIC", "give the start of a topic, such as replies/{client}"),
    doc:
      "The start of response topics for MQTT 5 clients that ask; {client} and {user} are theirs.",
  },
  serverReference: {
    only: "file",
    kind: record(
      {
        server: {
          kind: text("SERVER", "give a server such as broker.example:1883"),
          required: true,
          doc: "The server, with its port where that is not the usual one.",
        },
        permanent: {
          kind: yesOrNo(),
          doc: "Whether clients shall go there from now on, and not only this time.",
        },
      } satisfies Record<string, Setting<unknown>>,
    ),
    doc: "Sends every MQTT client to another server instead of letting it in.",
  },
} as const satisfies Record<string, Setting<unknown>>;

/** Limits of parts of the topic space. */
export const retainedTrees = list(record(
  {
    filter: { kind: filter, required: true, doc: "Which topics." },
    max: { kind: count(0, 100_000_000), doc: "Topics with a value." },
    maxBytes: { kind: size(0, 64 * GiB), doc: "Bytes of their topics and payloads together." },
    expirySeconds: {
      kind: count(1, 0xffff_ffff),
      doc: "Seconds after which a value ends that does not end before.",
    },
  } satisfies Record<string, Setting<unknown>>,
));

/** What was set of MQTT. */
export type MqttSettings = Readonly<Partial<Pick<MqttOptions, keyof typeof mqttSettings>>>;

/** The settings of MQTT out of a draft, those of the listener first. */
export function mqttOf(
  own: Values<typeof mqttSettings>,
  shared: Values<typeof mqttSettings>,
): MqttSettings {
  const set: Record<string, unknown> = {};
  for (const name of Object.keys(mqttSettings) as (keyof typeof mqttSettings)[]) {
    const value = own[name] ?? shared[name];
    if (value !== undefined) set[name] = value;
  }
  return set as MqttSettings;
}
