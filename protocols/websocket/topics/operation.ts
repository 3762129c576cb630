import { Buffer } from "node:buffer";
import { decodePayload } from "../../envelope.ts";
import { readSince } from "../../history.ts";
import type { Qos } from "../../publication.ts";
import { faultOfFilter, faultOfTopic } from "../../topic.ts";
import type { WebSocketLimits } from "../limits.ts";

/** The client's name for an operation, which the answer repeats; without one there is no answer. */
export type OperationId = string | number | undefined;

/** An operation of a `json` client; `fault` for a message that is none. */
export type Operation =
  | Publish
  | { op: "subscribe"; id: OperationId; filter: string; qos: Qos; since: number | undefined }
  | { op: "unsubscribe"; id: OperationId; filter: string }
  | { op: "fault"; id: OperationId; reason: string };

/** A publication; a request, if it wants a reply. */
export interface Publish {
  op: "publish";
  id: OperationId;
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  contentType: string | undefined;
  /** How long to wait for a reply, in milliseconds. */
  replyMs: number | undefined;
}

/** 256 characters of an id or content type: both are kept in memory. */
const MAX_NAME_LENGTH = 256;
/** The longest topic that MQTT can carry (MQTT 5.0 §1.5.4). */
const MAX_TOPIC_BYTES = 0xffff;

type Members = Record<string, unknown>;
/** Thrown where an operation is at fault; never leaves this file. */
class Fault extends Error {}

/** Reads an operation; a text that is none becomes a `fault` with the reason. */
export function readOperation(text: string, limits: WebSocketLimits, now = 0): Operation {
  let id: OperationId;
  try {
    const members = readMembers(text);
    id = readId(members.id);
    switch (members.op) {
      case "publish":
        return readPublish(members, id, limits);
      case "subscribe":
        return {
          op: "subscribe",
          id,
          filter: readFilter(members, limits),
          qos: readQos(members.qos),
          since: readFrom(members.since, now),
        };
      case "unsubscribe":
        return { op: "unsubscribe", id, filter: readFilter(members, limits) };
    }
    throw new Fault(`Cannot do ${shown(members.op)}: "op" is publish, subscribe or unsubscribe`);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { op: "fault", id, reason: error.message };
  }
}

/** Why a text cannot be a topic or filter in all of our protocols; undefined when it can. */
export function faultOfName(
  name: string,
  kind: "topic" | "filter",
  maxLevels: number,
): string | undefined {
  if (!name.isWellFormed()) return "Cannot use a topic that is not Unicode text";
  // A UTF-16 unit takes at most three bytes of UTF-8, so most names need no counting.
  if (name.length * 3 > MAX_TOPIC_BYTES && Buffer.byteLength(name) > MAX_TOPIC_BYTES) {
    return `Cannot use a topic of more than ${MAX_TOPIC_BYTES} bytes`;
  }
  return kind === "topic" ? faultOfTopic(name, maxLevels) : faultOfFilter(name, maxLevels);
}

function readMembers(text: string): Members {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Fault("Cannot read the message: it is not JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Fault("Cannot read the message: it must be a JSON object");
  }
  return value as Members;
}

function readId(id: unknown): OperationId {
  if (id === undefined || typeof id === "number") return id;
  if (typeof id === "string" && id.length <= MAX_NAME_LENGTH) return id;
  throw new Fault(`Cannot use "id": a number or a text of at most ${MAX_NAME_LENGTH} characters`);
}

function readPublish(members: Members, id: OperationId, limits: WebSocketLimits): Publish {
  const { retain = false, encoding, contentType } = members;
  const topic = readName(members.topic, "topic", limits);
  if (typeof retain !== "boolean") {
    throw new Fault('Cannot use "retain": true or false is required');
  }
  const payload = decodePayload(members.payload ?? "", encoding);
  if (payload === undefined) {
    throw new Fault('Cannot read "payload": a text is required, or base64 and "encoding":"base64"');
  }
  if (contentType !== undefined && !isMediaType(contentType)) {
    throw new Fault(`Cannot use "contentType": ${shown(contentType)} is not a media type`);
  }
  const replyMs = readReply(members.reply, limits);
  if (replyMs !== undefined && id === undefined) {
    throw new Fault('Cannot wait for a reply without "id": it would not be recognised');
  }
  return {
    op: "publish",
    id,
    topic,
    payload,
    qos: readQos(members.qos),
    retain,
    contentType,
    replyMs,
  };
}

function readFilter({ topic, filter = topic }: Members, limits: WebSocketLimits): string {
  return readName(filter, "filter", limits);
}

function readName(name: unknown, kind: "topic" | "filter", limits: WebSocketLimits): string {
  if (typeof name !== "string") throw new Fault(`Cannot use "${kind}": a text is required`);
  const fault = faultOfName(name, kind, limits.maxTopicLevels);
  if (fault !== undefined) throw new Fault(fault);
  return name;
}

function readQos(qos: unknown = 0): Qos {
  if (qos === 0 || qos === 1 || qos === 2) return qos;
  throw new Fault(`Cannot use "qos": ${shown(qos)} is not 0, 1 or 2`);
}

function readFrom(since: unknown, now: number): number | undefined {
  if (since === undefined) return undefined;
  const found = typeof since === "number" || typeof since === "string"
    ? readSince(String(since), now)
    : undefined;
  if (found !== undefined) return found;
  throw new Fault(
    'Cannot use "since": milliseconds since 1970, a date of ISO 8601 or a time such as "24h"',
  );
}

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

function readReply(reply: unknown, { maxReplyMs }: WebSocketLimits): number | undefined {
  if (reply === undefined) return undefined;
  const found = typeof reply === "string" ? /^(\d{1,9})(ms|s|m)$/.exec(reply) : null;
  const ms = found === null ? 0 : Number(found[1]) * unitMs[found[2]!]!;
  if (ms > 0 && ms <= maxReplyMs) return ms;
  throw new Fault(
    `Cannot use "reply": ${shown(reply)} is not a time such as "5s", at most ${maxReplyMs / 1000}s`,
  );
}

/** True for a media type. It is sent in HTTP, so it must not hold what could end a header field. */
function isMediaType(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_NAME_LENGTH &&
    /^[\x21-\x7e]+\/[\x20-\x7e]+$/.test(value);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 64 ? `${text.slice(0, 64)}…` : text;
}
