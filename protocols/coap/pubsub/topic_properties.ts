import { type CborValue, decodeCbor, Tagged } from "../../cbor.ts";
import { ProtocolError } from "../../session.ts";
import { topicToPath } from "../../topic.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { sameBytes } from "../topics/representation.ts";

/** Labels of properties (draft-ietf-core-coap-pubsub §4). */
export const Label = {
  name: 0,
  data: 1,
  resourceType: 2,
  contentFormat: 3,
  type: 4,
  expires: 5,
  maxSubscribers: 6,
  observerCheck: 7,
  initialize: 8,
  filter: 9,
} as const;

/** 86,400 s between two confirmable notifications by default (RFC 7641 §4.5). */
const OBSERVER_CHECK = 86_400;

const RESOURCE_TYPE = "core.ps.data";

/** Properties by their labels, in rising order of these. */
export type Properties = ReadonlyMap<number, CborValue>;

interface Kind {
  readonly name: string;
  readonly form: string;
  fits(value: CborValue): boolean;
}

const text = { form: "text", fits: (value: CborValue) => typeof value === "string" };

function unsigned(min: number, max: number): Omit<Kind, "name"> {
  return {
    form: `an integer from ${min} to ${max}`,
    fits: (value) => Number.isInteger(value) && Number(value) >= min && Number(value) <= max,
  };
}

const kinds: readonly Kind[] = [
  { name: "topic-name", ...text },
  { name: "topic-data", ...text },
  { name: "resource-type", ...text },
  { name: "topic-content-format", ...unsigned(0, 0xffff) },
  { name: "topic-type", ...text },
  {
    name: "expiration-date",
    form: "seconds since 1970 with tag 1",
    fits: (value) =>
      value instanceof Tagged && value.tag === 1 && Number.isFinite(value.value) &&
      Number(value.value) >= 0,
  },
  { name: "max-subscribers", ...unsigned(0, 0xffffffff) },
  { name: "observer-check", ...unsigned(1, 0xffffffff) },
  { name: "initialize", form: "a byte string", fits: (value) => value instanceof Uint8Array },
  {
    name: "conf-filter",
    form: "an array of labels from 0 to 8",
    fits: (value) => Array.isArray(value) && value.every((each) => isLabel(each)),
  },
];

function isLabel(value: CborValue): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < Label.filter;
}

/** Reads properties of a topic; or a refusal that says what is wrong with them. */
export function readProperties(payload: Uint8Array): Properties | Answer {
  let map: CborValue;
  try {
    map = decodeCbor(payload, Code.badRequest);
  } catch (error) {
    if (error instanceof ProtocolError) return refusal(Code.badRequest, error.message);
    throw error;
  }
  if (!(map instanceof Map)) return refusal(Code.badRequest, "Cannot use this: it is no CBOR map");
  const labels = [...map.keys()];
  for (const label of labels) {
    const kind = typeof label === "number" ? kinds[label] : undefined;
    if (kind === undefined) {
      return refusal(Code.badRequest, `There is no property ${label}: 0 to 9`);
    }
    if (!kind.fits(map.get(label))) {
      return refusal(Code.badRequest, `Cannot use this ${kind.name}: it is ${kind.form}`);
    }
  }
  return new Map(labels.sort((a, b) => a - b).map((label) => [label, map.get(label)]));
}

/** The complete properties of a new topic; or a refusal that says what is wrong with them. */
export function propertiesOf(given: Properties, topic: string, now: number): Properties | Answer {
  const all = new Map(given), data = `/ps/${topicToPath(topic)}`;
  if (!all.has(Label.data)) all.set(Label.data, data);
  if (!all.has(Label.observerCheck)) all.set(Label.observerCheck, OBSERVER_CHECK);
  const fixed: [label: number, value: string][] = [
    [Label.name, topic],
    [Label.data, data],
    [Label.resourceType, RESOURCE_TYPE],
  ];
  for (const [label, value] of fixed) {
    if (all.get(label) !== value) {
      return refusal(Code.badRequest, `${kinds[label]!.name} has to be "${value}"`);
    }
  }
  if (all.has(Label.filter)) return refusal(Code.badRequest, "conf-filter is for FETCH alone");
  if (all.has(Label.initialize) && !all.has(Label.contentFormat)) {
    return refusal(Code.badRequest, "initialize needs a topic-content-format");
  }
  const expires = expiryOf(all);
  if (expires <= now) return refusal(Code.badRequest, "expiration-date has passed already");
  return new Map([...all].sort(([a], [b]) => a - b));
}

/** When a topic ends, in milliseconds since 1970; Infinity for never. */
export function expiryOf(properties: Properties): number {
  const date = properties.get(Label.expires);
  return date instanceof Tagged ? Number(date.value) * 1000 : Infinity;
}

/** True when a topic has all of these properties, with the same values. */
export function hasAll(properties: Properties, wanted: Properties): boolean {
  for (const [label, value] of wanted) {
    const has = properties.get(label);
    if (has === undefined || !isSame(has, value)) return false;
  }
  return true;
}

function isSame(one: CborValue, other: CborValue): boolean {
  if (one instanceof Tagged && other instanceof Tagged) return one.value === other.value;
  const areBytes = one instanceof Uint8Array && other instanceof Uint8Array;
  return areBytes ? sameBytes(one, other) : one === other;
}
