import { textOf } from "../messages/cache_key.ts";
import { hash } from "../topics/representation.ts";

/** Bytes of the longest ETag (RFC 7252 §5.10.6). */
const MAX_BYTES = 8;

/** 10,000 entity-tags of up to 256 characters are remembered: a few megabytes at most. */
const MAX_REMEMBERED = 10_000, MAX_CHARACTERS = 256;

const encoder = new TextEncoder();

/**
 * Turns entity-tags of HTTP (RFC 9110 §8.8.3) into ETags of CoAP, and back. A strong one of up to 8
 * characters is its own ETag. Others are hashed, and remembered for when a client sends the hash.
 */
export class Etags {
  readonly #known = new Map<string, string>();

  /** The ETag of an entity-tag, such as `"abc"` or `W/"abc"`. */
  encode(tag: string): Uint8Array<ArrayBuffer> {
    const [, text = ""] = /^"([\x21\x23-\x7e]{1,8})"$/.exec(tag) ?? [];
    if (text !== "") return encoder.encode(text);
    const etag = hash(encoder.encode(tag)), key = textOf(etag);
    if (tag.length > MAX_CHARACTERS) return etag;
    // Moved to the end, so that the first in the map is the one that was not used for longest.
    this.#known.delete(key);
    this.#known.set(key, tag);
    if (this.#known.size > MAX_REMEMBERED) {
      this.#known.delete(this.#known.keys().next().value!);
    }
    return etag;
  }

  /** The entity-tag of an ETag. For an unknown one, a tag that matches nothing. */
  decode(etag: Uint8Array): string {
    const known = this.#known.get(textOf(etag));
    if (known !== undefined) return known;
    const text = textOf(etag);
    return etag.length <= MAX_BYTES && /^[\x21\x23-\x7e]+$/.test(text)
      ? `"${text}"`
      : `"0x${Array.from(etag, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
  }
}
