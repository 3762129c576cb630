import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import type { MessageProperties, Qos } from "../../protocols/publication.ts";
import { type Delivery, Publication } from "../../protocols/publication.ts";

/** What a publication has beside topic, payload, QoS and time; null for nothing. */
export function extraOf(
  { contentType, properties }: Publication,
  { ids, by, owner }: {
    ids?: readonly number[] | undefined;
    by?: string | undefined;
    owner?: string | undefined;
  } = {},
): string | null {
  const some = contentType ?? properties ?? ids ?? by ?? owner;
  if (some === undefined) return null;
  const data = properties?.correlationData;
  return JSON.stringify({
    contentType,
    properties: data === undefined
      ? properties
      : { ...properties, correlationData: encodeBase64(data) },
    ids,
    by,
    owner,
  });
}

interface Extra {
  contentType?: string;
  properties?: Omit<MessageProperties, "correlationData"> & { correlationData?: string };
  ids?: number[];
  by?: string;
  owner?: string;
}

/** A row as it comes out of the store. */
export interface MessageRow {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly flags: number;
  readonly time: number;
  readonly extra: string | null;
}

/** The publisher's QoS and retain flag, and those of the delivery, as one number. */
export function flagsOf({ qos, retain }: Publication, delivery?: Delivery): number {
  const own = qos | Number(retain) << 2;
  return delivery === undefined ? own : own | delivery.qos << 3 | Number(delivery.retain) << 5;
}

/** The publication of a row, and what else is known of its delivery. */
export function fromRow(
  { topic, payload, flags, time, extra }: MessageRow,
): {
  publication: Publication;
  qos: Qos;
  retain: boolean;
  ids: readonly number[] | undefined;
  owner: string | undefined;
} {
  const more: Extra = extra === null ? {} : JSON.parse(extra);
  const data = more.properties?.correlationData;
  const properties = more.properties &&
    { ...more.properties, correlationData: data === undefined ? undefined : decodeBase64(data) };
  const publication = new Publication(topic, payload, {
    qos: (flags & 3) as Qos,
    retain: (flags & 4) !== 0,
    time,
    contentType: more.contentType,
    properties,
    origin: more.by,
  });
  return {
    publication,
    qos: (flags >> 3 & 3) as Qos,
    retain: (flags & 32) !== 0,
    ids: more.ids,
    owner: more.owner,
  };
}

/** A message that waits, as a row. */
export type WaitingRow = MessageRow & {
  readonly number: number;
  readonly packet_id: number | null;
  readonly received: number;
};
