import { bodyStart, varintBytes, writeVarint } from "./packets/frame.ts";

/** Topics of fewer bytes get no alias: it takes three itself, and a place in a table. */
const SHORTEST_TOPIC = 6;
/** Characters above which it is not remembered: a client would have some 300 of up to 65,535. */
const LONGEST_TOPIC = 1024;
/** Topics remembered as used once, in case they are used again. */
const CANDIDATES = 256;
/** Bytes of the property Topic Alias: its identifier, and two of value. */
const ALIAS_BYTES = 3;
/** The identifier of that property (MQTT 5.0 §3.3.2.3.4). */
const TOPIC_ALIAS = 0x23;

// `wire.send` copies, so all connections share this.
const scratch = new Uint8Array(4096);

/** The topic aliases that we have set for one client, on its present connection (§3.3.2.3.4). */
export class TopicAliases {
  /** The alias of each topic; 0 for one that was used once, and whose next use sets an alias. */
  readonly #aliases = new Map<string, number>();
  #used = 0;

  constructor(readonly maximum: number) {}

  /**
   * A PUBLISH that says the same as `packet`, which has its whole topic: a shorter one where there
   * is an alias, one that sets an alias, or `packet` itself. Valid until the next call.
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

/** The same PUBLISH with an alias; `keepsTopic` for the first, which says what it stands for. */
function withAlias(packet: Uint8Array, alias: number, keepsTopic: boolean): Uint8Array {
  const topicAt = bodyStart(packet, 0);
  const topicEnd = topicAt + 2 + (packet[topicAt]! << 8 | packet[topicAt + 1]!);
  const lengthAt = topicEnd + ((packet[0]! & 6) === 0 ? 0 : 2);
  let propertyBytes = 0, restAt = lengthAt;
  // The property length, a variable byte integer: it grows by the alias, and may get longer itself.
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
  out[at++] = TOPIC_ALIAS;
  out[at++] = alias >> 8;
  out[at++] = alias;
  out.set(packet.subarray(restAt), at);
  return out.subarray(0, length);
}
