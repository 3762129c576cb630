import { StoreError } from "./store_error.ts";
import type { MessageRow } from "./rows.ts";

/** A message among others of its owner. */
export type PackedMessage = MessageRow & { readonly number: number };

/** What the flags of a message (six bits) leave room for. */
const SAME_TOPIC = 0x40, HAS_EXTRA = 0x80;

const FIRST_BYTES = 16 << 10;

const encoder = new TextEncoder();
/** A byte order mark belongs to a topic [MQTT-1.5.4-3]. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Bytes on their way to the store, one piece after the other. */
export class PackedWriter {
  used = 0;
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.used);
  }

  raw(bytes: Uint8Array): void {
    this.#need(bytes.length);
    this.#bytes.set(bytes, this.used);
    this.used += bytes.length;
  }

  /**
   * Packs messages of rising numbers; the first number goes with the row. Of each: 4 bytes by how much
   * its number is larger, flags, 6 bytes of time, and topic, extra and payload behind their lengths.
   */
  messages(all: Iterable<PackedMessage>, first: number): void {
    let before = first, topicBefore: string | undefined;
    for (const { number, topic, payload, flags, time, extra } of all) {
      const isSame = topic === topicBefore;
      this.#need(15 + payload.length);
      this.#u32(number - before);
      this.#bytes[this.used++] = flags | (isSame ? SAME_TOPIC : 0) |
        (extra === null ? 0 : HAS_EXTRA);
      this.#view.setUint16(this.used, time / 0x1_0000_0000);
      this.used += 2;
      this.#u32(time % 0x1_0000_0000);
      if (!isSame) this.#text(topic);
      if (extra !== null) this.#text(extra);
      this.#need(4 + payload.length);
      this.#u32(payload.length);
      this.raw(payload);
      before = number;
      topicBefore = topic;
    }
  }

  #u32(value: number): void {
    this.#view.setUint32(this.used, value);
    this.used += 4;
  }

  #text(text: string): void {
    // UTF-8 takes at most three bytes for one UTF-16 unit.
    this.#need(4 + text.length * 3);
    const { written } = encoder.encodeInto(text, this.#bytes.subarray(this.used + 4));
    this.#u32(written);
    this.used += written;
  }

  #need(count: number): void {
    const end = this.used + count;
    if (end <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
    grown.set(this.bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** The messages of a row; their payloads are views of `bytes`. */
export function unpacked(bytes: Uint8Array, first: number): PackedMessage[] {
  const found: PackedMessage[] = [],
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0, number = first, topic = "";
  const take = (count: number): number => {
    if (count > bytes.length - at) {
      throw new StoreError(
        `Cannot read message ${number}: ${count} bytes are missing at ${at} of ${bytes.length}`,
      );
    }
    return (at += count) - count;
  };
  const text = () => {
    const length = view.getUint32(take(4)), from = take(length);
    return decoder.decode(bytes.subarray(from, from + length));
  };
  while (at < bytes.length) {
    const head = take(11), flags = bytes[head + 4]!;
    number += view.getUint32(head);
    const time = view.getUint16(head + 5) * 0x1_0000_0000 + view.getUint32(head + 7);
    if ((flags & SAME_TOPIC) === 0) topic = text();
    const extra = (flags & HAS_EXTRA) === 0 ? null : text();
    const length = view.getUint32(take(4)), from = take(length);
    const payload = bytes.subarray(from, from + length);
    found.push({ number, topic, payload, flags: flags & 0x3f, time, extra });
  }
  return found;
}
