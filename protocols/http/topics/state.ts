import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import type { Publication } from "../../publication.ts";
import { type Exchange, respondText } from "../exchange.ts";
import { dateBytes, formatDate } from "../messages/date.ts";
import { dateOffset, encodeAnswer, isFieldValue } from "../messages/encode.ts";

const encoder = new TextEncoder();

/** Answers with payloads of up to 4 KiB are kept whole with their publication. */
const KEPT_BYTES = 4 * 1024;
const DATE_AT = dateOffset(200);

/** Answers with the payload of `publication`. */
export function respondState(
  exchange: Exchange,
  publication: Publication,
  extra: readonly (readonly [string, string])[] = [],
): void {
  const { payload } = publication;
  if (extra.length > 0 || payload.length > KEPT_BYTES || !exchange.plain) {
    const fields = [...fieldsOf(publication), ...extra];
    return exchange.respond({ status: 200, fields }, payload);
  }
  const bytes = publication.encode(encodeState);
  // All but the date is the same for every client, as long as the topic has this value.
  bytes.set(dateBytes(exchange.now), DATE_AT);
  exchange.respondEncoded(bytes);
}

/** Answers that the client has this value already. */
export function respondUnchanged(
  exchange: Exchange,
  publication: Publication,
  extra: readonly (readonly [string, string])[] = [],
): void {
  const fields = fieldsOf(publication).filter(([name]) => name !== "content-type");
  exchange.respond({ status: 304, fields: [...fields, ...extra] });
}

/** Answers that the topic holds no value. */
export function notFound(
  exchange: Exchange,
  topic: string,
  extra: readonly (readonly [string, string])[] = [],
): void {
  const shown = topic.length > 64 ? `${topic.slice(0, 64)}…` : topic;
  respondText(exchange, 404, `No value is stored for topic "${shown}"`, extra);
}

/** The strong entity tag of a publication: equal for equal payloads of the same type. */
export function entityTag(publication: Publication): string {
  return String.fromCharCode(...publication.encode(encodeTag));
}

function encodeTag({ payload, contentType }: Publication): Uint8Array {
  const hash = createHash("sha1").update(payload);
  if (contentType !== undefined) hash.update(`\0${contentType}`);
  return encoder.encode(`"${hash.digest("base64url").slice(0, 14)}"`);
}

function encodeState(publication: Publication): Uint8Array {
  const { payload } = publication;
  const head = { status: 200, fields: fieldsOf(publication) };
  return encodeAnswer(head, { now: 0, length: payload.length }, payload);
}

function fieldsOf(publication: Publication): [string, string][] {
  const fields = contentFields(publication);
  fields.push(["etag", entityTag(publication)]);
  if (publication.time > 0) fields.push(["last-modified", formatDate(publication.time)]);
  // Caches may keep it, but have to ask each time whether it is still right.
  fields.push(["cache-control", "no-cache"], ["vary", "accept"]);
  return fields;
}

/** Types in which browsers run no scripts. */
const INERT =
  /^(?:text\/(?:plain|csv)|application\/(?:json|cbor|octet-stream)|image\/(?:png|jpeg|gif|webp))(?:;[^,]*)?$/i;

/** The fields that say of what type a payload is, and that it is nothing else. */
export function contentFields(publication: Publication): [string, string][] {
  const type = mediaType(publication);
  return [["content-type", type], ...inertFields(type)];
}

/**
 * The fields that keep a browser from running what somebody has published: such a page, of this
 * origin, could do everything that its reader may.
 */
export function inertFields(type: string | null): [string, string][] {
  const fields: [string, string][] = [["x-content-type-options", "nosniff"]];
  if (type === null || !INERT.test(type)) fields.push(["content-security-policy", "sandbox"]);
  return fields;
}

/** 256 characters of a content type: longer ones are mistakes, and are passed on by MQTT only. */
const TYPE_CHARACTERS = 256;

/** The publisher's content type; without one, text or bytes, whichever the payload is. */
function mediaType({ contentType, payload }: Publication): string {
  // MQTT allows any text here, but a header field does not.
  if (contentType && contentType.length <= TYPE_CHARACTERS && isFieldValue(contentType)) {
    return contentType;
  }
  return isUtf8(payload) ? "text/plain;charset=utf-8" : "application/octet-stream";
}
