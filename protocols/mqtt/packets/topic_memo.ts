import { utf8 } from "../../bytes.ts";
import { ProtocolError } from "../../session.ts";
import { faultOfTopic } from "../../topic.ts";
import { malformed, Reason } from "./reason.ts";

/** 1,024 topics of at most 128 bytes: no more than half a megabyte in the whole process. */
const SLOTS = 1024;
const MAX_BYTES = 128;

/** A topic name that was read and checked before. */
class Known {
  constructor(
    readonly bytes: Uint8Array,
    readonly text: string,
    /** The limit of levels within which it was found to be valid. */
    readonly maxLevels: number,
  ) {}
}

// Publishers repeat their topics: comparing bytes costs a tenth of decoding and checking them.
const memo: (Known | undefined)[] = new Array(SLOTS).fill(undefined);
let latest = new Known(new Uint8Array(0), "", Infinity);

/** The valid topic name that `bytes` hold from `at` to `end`. */
export function topicName(bytes: Uint8Array, at: number, end: number, maxLevels: number): string {
  if (isKnown(latest, bytes, at, end, maxLevels)) return latest.text;
  if (end - at > MAX_BYTES) return checkedTopic(bytes.subarray(at, end), maxLevels);
  let hash = end - at;
  for (let i = at; i < end; i++) hash = Math.imul(hash, 31) + bytes[i]! | 0;
  const slot = (hash ^ hash >>> 10 ^ hash >>> 20) & SLOTS - 1;
  const known = memo[slot];
  if (known !== undefined && isKnown(known, bytes, at, end, maxLevels)) {
    latest = known;
    return known.text;
  }
  const own = bytes.slice(at, end);
  latest = memo[slot] = new Known(own, checkedTopic(own, maxLevels), maxLevels);
  return latest.text;
}

function isKnown(
  { bytes: own, maxLevels: valid }: Known,
  bytes: Uint8Array,
  at: number,
  end: number,
  maxLevels: number,
): boolean {
  const length = own.length;
  if (length !== end - at || valid > maxLevels) return false;
  // From the back: topics differ at their ends more often than at their beginnings.
  for (let i = length - 1; i >= 0; i--) if (own[i] !== bytes[at + i]) return false;
  return true;
}

function checkedTopic(bytes: Uint8Array, maxLevels: number): string {
  const topic = utf8(bytes);
  // [MQTT-1.5.4-1], [MQTT-1.5.4-2]
  if (topic === undefined || topic.includes("\0")) {
    throw malformed("Cannot read the topic: it must be UTF-8 without surrogates and NUL");
  }
  const fault = faultOfTopic(topic, maxLevels);
  if (fault !== undefined) throw new ProtocolError(fault, Reason.topicNameInvalid);
  return topic;
}
