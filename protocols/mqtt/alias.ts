import { bodyStart, varintBytes, writeVarint } from "./frame.ts";

/** Bytes of a topic below which an alias, which takes three, is not worth remembering it. */
const SHORTEST_TOPIC = 6;
/** Characters above which it is not remembered: a client would have some 300 of up to 65,535. */
const LONGEST_TOPIC = 1024;
/** Topics remembered as used once, in case they are used again. */
const CANDIDATES = 256;
/** Bytes of an alias as a property. */
const ALIAS_BYTES = 3;

// `wire.send` copies, so all connections share this.
const scratch = new Uint8Array(4096);

/** The topic aliases that we have set for one client (MQTT 5.0 §3.3.2.3.4). */
export class TopicAliases {
  /** 0 for a topic that was used once: its second use sets the alias. */
  readonly #aliases = new Map<string, number>();
  #used = 0;

  constructor(readonly maximum: number) {}

  /**
   * `packet`, a PUBLISH with its whole topic, or a shorter one that says the same.
   * The answer is valid until the next call.
   */
  shorten(packet: Uint8Array, topic: string, maxPacketBytes: number): Uint8Array {
    const alias = this.#aliases.get(topic);
    if (alias === undefined) {
      this.#remember(topic);
      return packet;
    }
    if (alias > 0) return withAlias(packet, alias, false);
    if (this.#used === this.maximum) return packet;
    const setting = withAlias(packet, this.#used + 1, true);
    if (setting.length > maxPacketBytes) return packet;
    this.#aliases.set(topic, ++this.#used);
    return setting;
  }

  #remember(topic: string): void {
    const { length } = topic;
    if (length < SHORTEST_TOPIC || length > LONGEST_TOPIC || this.#used === this.maximum) return;
    if (this.#aliases.size - this.#used >= CANDIDATES) {
      for (const [each, alias] of this.#aliases) if (alias === 0) this.#aliases.delete(each);
    }
    this.#aliases.set(topic, 0);
  }
}

/** The same PUBLISH with an alias, and without its topic unless that is to be kept. */
function withAlias(packet: Uint8Array, alias: number, keepsTopic: boolean): Uint8Array {
  const topicAt = bodyStart(packet, 0);
  const topicEnd = topicAt + 2 + (packet[topicAt]! << 8 | packet[topicAt + 1]!);
  const lengthAt = topicEnd + ((packet[0]! & 6) === 0 ? 0 : 2);
  let propertyBytes = 0, restAt = lengthAt;
  for (let shift = 0; restAt === lengthAt || packet[restAt - 1]! >= 0x80; shift += 7) {
    propertyBytes |= (packet[restAt++]! & 0x7f) << shift;
  }
  propertyBytes += ALIAS_BYTES;
  const topicBytes = keepsTopic ? topicEnd - topicAt : 2;
  const body = topicBytes + (lengthAt - topicEnd) + varintBytes(propertyBytes) + ALIAS_BYTES +
    (packet.length - restAt);
  const length = 1 + varintBytes(body) + body;
  const out = length <= scratch.length ? scratch : new Uint8Array(length);
  out[0] = packet[0]!;
  let at = writeVarint(out, 1, body);
  if (keepsTopic) out.set(packet.subarray(topicAt, topicEnd), at);
  else out[at] = out[at + 1] = 0;
  at += topicBytes;
  out.set(packet.subarray(topicEnd, lengthAt), at);
  at = writeVarint(out, at + lengthAt - topicEnd, propertyBytes);
  out[at++] = 0x23;
  out[at++] = alias >> 8;
  out[at++] = alias;
  out.set(packet.subarray(restAt), at);
  return out.subarray(0, length);
}
