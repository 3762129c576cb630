import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { withoutGrant } from "../../protocols/identity.ts";
import type { SessionRecord } from "../../protocols/journal.ts";
import { Publication, type Qos } from "../../protocols/publication.ts";
import type { Subscription } from "../../protocols/session.ts";
import type { Value } from "./batch.ts";
import { extraOf, flagsOf, fromRow } from "./rows.ts";

/** For ever, which SQLite's integers do not know. */
const FOREVER = Number.MAX_SAFE_INTEGER;

/** A session's row. */
export interface SessionRow {
  readonly key: number;
  readonly name: string;
  readonly identity: string | null;
  readonly expiry: number;
  readonly expires_at: number | null;
  readonly will_delay: number;
  readonly will_at: number | null;
  readonly will: string | null;
}

/** The values of a session's row. */
export function sessionValues(record: SessionRecord): Value[] {
  const { key, name, expirySeconds, willDelaySeconds, will } = record;
  // A grant is an object of this process.
  const identity = record.identity && withoutGrant(record.identity);
  return [
    key,
    name,
    identity === undefined ? null : JSON.stringify(identity),
    expirySeconds,
    instant(record.expiresAt),
    willDelaySeconds,
    instant(record.willAt),
    will === undefined ? null : willText(will),
  ];
}

/** The session of a row. */
export function sessionOf(row: SessionRow): SessionRecord {
  return {
    key: row.key,
    name: row.name,
    identity: row.identity === null ? undefined : JSON.parse(row.identity),
    expirySeconds: row.expiry,
    expiresAt: row.expires_at ?? undefined,
    willDelaySeconds: row.will_delay,
    willAt: row.will_at ?? undefined,
    will: row.will === null ? undefined : willOf(row.will),
  };
}

/** QoS and options of a subscription as one number (MQTT 5.0 §3.8.3.1). */
export function subscriptionFlags({ qos, noLocal, retainAsPublished }: Subscription): number {
  return qos | (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0);
}

/** The subscription of such a number. */
export function subscriptionOf(flags: number, id: number | null): Subscription {
  return {
    qos: (flags & 3) as Qos,
    noLocal: (flags & 4) !== 0,
    retainAsPublished: (flags & 8) !== 0,
    ...id !== null && { id },
  };
}

function instant(time: number | undefined): number | null {
  return time === undefined ? null : time === Infinity ? FOREVER : Math.floor(time);
}

function willText(will: Publication): string {
  const { topic, payload } = will;
  return JSON.stringify({
    topic,
    payload: encodeBase64(payload),
    flags: flagsOf(will),
    extra: extraOf(will),
  });
}

function willOf(text: string): Publication {
  const { topic, payload, flags, extra } = JSON.parse(text);
  return fromRow({ topic, payload: decodeBase64(payload), flags, time: 0, extra }).publication;
}
