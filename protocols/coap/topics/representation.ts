import type { Publication } from "../../publication.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { formatOf } from "../messages/content_format.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";

/** 8 bytes of an ETag: the longest that there is (RFC 7252 §5.10.6). */
const ETAG_BYTES = 8;

/** 60 s for which an answer without Max-Age is fresh (RFC 7252 §5.10.5). */
const DEFAULT_MAX_AGE = 60;

/** An encoder of ETag and Content-Format, which all answers with a publication share. */
function coapOptions(publication: Publication): Uint8Array {
  return encodeOptions(optionsOf(publication));
}

/** The options of an answer: the shared ones, unless the value is about to expire. */
function freshOptions(publication: Publication, now: number): Uint8Array {
  const expiry = publication.properties?.expirySeconds;
  if (expiry !== undefined) {
    const left = Math.max(0, Math.floor(expiry - (now - publication.time) / 1000));
    // A value that lasts longer may still be replaced, so it is fresh no longer than any other.
    if (left < DEFAULT_MAX_AGE) {
      const maxAge = new Option(Options.maxAge, uint(left));
      return encodeOptions([...optionsOf(publication), maxAge]);
    }
  }
  return publication.encode(coapOptions);
}

/** 2.05 with a value; or 4.06, when the client accepts only another format. */
export function represent(
  publication: Publication,
  accept: number | undefined,
  now: number,
): Answer {
  const { contentType, payload } = publication;
  // A value without a content type may well be in this format: MQTT 3.1.1 has no content types.
  if (accept !== undefined && contentType !== undefined && formatOf(contentType) !== accept) {
    return refusal(Code.notAcceptable, `Cannot convert "${contentType}" to format ${accept}`);
  }
  return new Answer(Code.content, freshOptions(publication, now), payload, true);
}

/** The ETag of a publication, a view of its body. */
function etagOf(publication: Publication): Uint8Array {
  return publication.encode(coapOptions).subarray(1, 1 + ETAG_BYTES);
}

function optionsOf(publication: Publication): Option[] {
  const { contentType, payload } = publication;
  const format = contentType === undefined ? undefined : formatOf(contentType);
  const options = [new Option(Options.etag, hash(payload, contentType))];
  if (format !== undefined) options.push(new Option(Options.contentFormat, uint(format)));
  return options;
}

/** An ETag, by two hashes like FNV-1a. It tells versions apart, but is no protection. */
export function hash(payload: Uint8Array, contentType = ""): Uint8Array<ArrayBuffer> {
  let high = 0x811c9dc5, low = 0x9e3779b9;
  for (let i = 0; i < contentType.length; i++) {
    const code = contentType.charCodeAt(i);
    high = Math.imul(high ^ code, 0x01000193);
    low = Math.imul(low ^ code, 0x85ebca6b);
  }
  for (let i = 0; i < payload.length; i++) {
    high = Math.imul(high ^ payload[i]!, 0x01000193);
    low = Math.imul(low ^ payload[i]!, 0x85ebca6b);
    low ^= low >>> 15;
  }
  const out = new Uint8Array(ETAG_BYTES);
  new DataView(out.buffer).setUint32(0, high);
  new DataView(out.buffer).setUint32(4, low);
  return out;
}

/** True when one of these ETags is that of the value. */
export function isAmong(etags: readonly Uint8Array[], publication: Publication): boolean {
  const current = etagOf(publication);
  return etags.some((etag) => sameBytes(etag, current));
}

/** True when two views hold the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** 2.03 (Valid), with the ETag of the value and nothing else. */
export function valid(publication: Publication): Answer {
  return new Answer(Code.valid, publication.encode(coapOptions).subarray(0, 1 + ETAG_BYTES));
}
