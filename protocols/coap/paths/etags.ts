import { textOf } from "../cache_key.ts";
import { hash } from "../representation.ts";

/** Bytes of the longest ETag (RFC 7252 §5.10.6). */
const MAX_BYTES = 8;

/** Entity-tags that are remembered, and characters of the longest of them: some megabytes at most. */
const MAX_REMEMBERED = 10_000, MAX_CHARACTERS = 256;

const encoder = new TextEncoder();

/**
 * ETags of CoAP for the entity-tags of HTTP (RFC 9110 §8.8.3). A strong one of up to 8 characters is
 * its own ETag. Others are hashed, and remembered for clients that send the hash.
 */
export class Etags {
  readonly #known = new Map<string, string>();

  /** The ETag of an entity-tag, such as `"abc"` or `W/"abc"`. */
  encode(tag: string): Uint8Array<ArrayBuffer> {
    const [, text = ""] = /^"([\x21\x23-\x7e]{1,8})"$/.exec(tag) ?? [];
    if (text !== "") return encoder.encode(text);
    const etag = hash(encoder.encode(tag)), key = textOf(etag);
    if (tag.length > MAX_CHARACTERS) return etag;
    // Asked for again, it is new: the oldest is what nobody has asked for.
    this.#known.delete(key);
    this.#known.set(key, tag);
    if (this.#known.size > MAX_REMEMBERED) {
      this.#known.delete(this.#known.keys().next().value!);
    }
    return etag;
  }

  /** The entity-tag of an ETag; one that stands for nothing is named by its bytes. */
  decode(etag: Uint8Array): string {
    const known = this.#known.get(textOf(etag));
    if (known !== undefined) return known;
    const text = textOf(etag);
    return etag.length <= MAX_BYTES && /^[\x21\x23-\x7e]+$/.test(text)
      ? `"${text}"`
      : `"0x${Array.from(etag, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
  }
}
