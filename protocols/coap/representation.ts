import type { Publication } from "../publication.ts";
import { Answer, refusal } from "./answer.ts";
import { Code, encodeBody, Option, writeOption } from "./codec.ts";
import { formatOf } from "./content_format.ts";
import { Options, uint } from "./options.ts";

/** Bytes of an ETag of ours. */
const ETAG_BYTES = 8;

/** Seconds for which an answer is fresh when it does not say (RFC 7252 §5.10.5). */
const DEFAULT_MAX_AGE = 60;

/** Four less six, in the upper half of an option's first byte. */
const DELTA_STEP = 0x20;

/** ETag, Content-Format and payload of a publication: what all answers with it share. */
export function coapBody(publication: Publication): Uint8Array {
  return encodeBody(optionsOf(publication), publication.payload);
}

/** The body of an answer: the shared one, or one of its own when the value is about to expire. */
function bodyOf(publication: Publication, now: number): Uint8Array {
  const expiry = publication.properties?.expirySeconds;
  if (expiry !== undefined) {
    const left = Math.max(0, Math.floor(expiry - (now - publication.time) / 1000));
    // A value that lasts may still be replaced: it is fresh no longer than any other.
    if (left < DEFAULT_MAX_AGE) {
      const options = [...optionsOf(publication), new Option(Options.maxAge, uint(left))];
      return encodeBody(options, publication.payload);
    }
  }
  return publication.encode(coapBody);
}

/** What the reader of a value insists on. */
export interface Wish {
  /** The only Content-Format that will do. */
  accept: number | undefined;
  maxBodyBytes: number;
}

/** 2.05 with a value, or why that is not possible. */
export function represent(publication: Publication, wish: Wish, now: number): Answer {
  const { contentType } = publication, { accept } = wish;
  // A value whose publisher named no type may well be what is asked for: MQTT 3.1.1 knows no types.
  if (accept !== undefined && contentType !== undefined && formatOf(contentType) !== accept) {
    return refusal(Code.notAcceptable, `Cannot convert "${contentType}" to format ${accept}`);
  }
  const body = bodyOf(publication, now);
  if (body.length <= wish.maxBodyBytes) return new Answer(Code.content, body);
  return refusal(
    Code.notImplemented,
    `Cannot send ${publication.payload.length} bytes: they do not fit one datagram`,
  );
}

/** The ETag of a publication, a view of its body. */
function etagOf(publication: Publication): Uint8Array {
  return publication.encode(coapBody).subarray(1, 1 + ETAG_BYTES);
}

/** Writes `body`, which is empty or begins with an ETag, with an Observe option put into it. */
export function writeObserved(
  out: Uint8Array,
  at: number,
  body: Uint8Array,
  sequence: number,
): number {
  const value = uint(sequence);
  if (body.length === 0) return writeOption(out, at, Options.observe, value);
  const split = 1 + ETAG_BYTES;
  out.set(body.subarray(0, split), at);
  at = writeOption(out, at + split, Options.observe - Options.etag, value);
  if (body.length === split) return at;
  out.set(body.subarray(split), at);
  // The option that followed ETag (4) follows Observe (6) now.
  if (out[at] !== 0xff) out[at]! -= DELTA_STEP;
  return at + body.length - split;
}

/** The same, as bytes of its own. */
export function observed(body: Uint8Array, sequence: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(body.length + 4);
  return out.slice(0, writeObserved(out, 0, body, sequence));
}

function optionsOf(publication: Publication): Option[] {
  const { contentType, payload } = publication;
  const format = contentType === undefined ? undefined : formatOf(contentType);
  const options = [new Option(Options.etag, hash(payload, contentType))];
  if (format !== undefined) options.push(new Option(Options.contentFormat, uint(format)));
  return options;
}

/** FNV-1a, twice with different beginnings: an ETag tells versions apart and proves nothing. */
function hash(payload: Uint8Array, contentType = ""): Uint8Array<ArrayBuffer> {
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

/** True when one of the ETags that a client sent is that of the value. */
export function isAmong(etags: readonly Uint8Array[], publication: Publication): boolean {
  const current = etagOf(publication);
  return etags.some((etag) => sameBytes(etag, current));
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The body of 2.03: the ETag that still holds, and nothing else. */
export function validBody(publication: Publication): Uint8Array {
  return publication.encode(coapBody).subarray(0, 1 + ETAG_BYTES);
}
