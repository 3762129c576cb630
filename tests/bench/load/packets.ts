// MQTT 3.1.1 as a load generator needs it: independent of the code that it measures.

const encoder = new TextEncoder();

/** A CONNECT with a clean session and no keep-alive. */
export function connectPacket(clientId: string): Uint8Array<ArrayBuffer> {
  return packet(0x10, [0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 2, 0, 0, ...text(clientId)]);
}

/** One SUBSCRIBE for all of `filters`. */
export function subscribePacket(
  id: number,
  filters: readonly string[],
  qos: number,
): Uint8Array<ArrayBuffer> {
  return packet(0x82, [id >> 8, id & 255, ...filters.flatMap((filter) => [...text(filter), qos])]);
}

/** PUBACK, PUBREC, PUBREL or PUBCOMP for the packet id at `at`. */
export function ackPacket(first: number, bytes: Uint8Array, at: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.of(first, 2, bytes[at]!, bytes[at + 1]!);
}

/** A PUBLISH that is built once and sent again with another id and another time in it. */
export class PublishTemplate {
  readonly bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  #idAt: number;
  #timeAt: number;

  constructor(topic: string, payloadBytes: number, qos: number) {
    const name = text(topic);
    const id = qos > 0 ? [0, 0] : [];
    const payload = new Array<number>(payloadBytes).fill(0x78);
    this.bytes = packet(0x30 | qos << 1, [...name, ...id, ...payload]);
    this.#view = new DataView(this.bytes.buffer);
    this.#timeAt = this.bytes.length - payloadBytes;
    this.#idAt = this.#timeAt - id.length;
  }

  stamp(id: number, now: number): Uint8Array<ArrayBuffer> {
    if (this.#idAt < this.#timeAt) this.#view.setUint16(this.#idAt, id);
    this.#view.setFloat64(this.#timeAt, now);
    return this.bytes;
  }
}

/** Called with a packet's first byte and where its body lies. */
export type OnPacket = (first: number, bytes: Uint8Array, from: number, to: number) => void;

/** Cuts a stream into packets. */
export class PacketReader {
  #rest = new Uint8Array(0);

  constructor(readonly onPacket: OnPacket) {}

  push(chunk: Uint8Array): void {
    const bytes = joined(this.#rest, chunk);
    let at = 0;
    for (;;) {
      let length = 0;
      let next = at + 1;
      let byte = 0x80;
      for (let shift = 0; byte >= 0x80 && shift < 28; shift += 7) {
        if (next >= bytes.length) break;
        byte = bytes[next++]!;
        length |= (byte & 127) << shift;
      }
      if (byte >= 0x80 || next + length > bytes.length) break;
      this.onPacket(bytes[at]!, bytes, next, next + length);
      at = next + length;
    }
    this.#rest = bytes.slice(at);
  }
}

/** What was left over and what came now, without a copy where nothing was. */
export function joined(rest: Uint8Array, chunk: Uint8Array): Uint8Array {
  if (rest.length === 0) return chunk;
  const bytes = new Uint8Array(rest.length + chunk.length);
  bytes.set(rest);
  bytes.set(chunk, rest.length);
  return bytes;
}

function packet(first: number, body: readonly number[]): Uint8Array<ArrayBuffer> {
  const length: number[] = [];
  let left = body.length;
  do {
    length.push(left > 127 ? left & 127 | 128 : left);
    left >>= 7;
  } while (left > 0);
  return Uint8Array.from([first, ...length, ...body]);
}

function text(value: string): number[] {
  const bytes = encoder.encode(value);
  return [bytes.length >> 8, bytes.length & 255, ...bytes];
}
