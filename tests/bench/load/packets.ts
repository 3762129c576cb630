// MQTT 3.1.1 and 5 as a load generator needs them: independent of the code that it measures.

const encoder = new TextEncoder();

/** The protocol levels of MQTT 3.1.1 and of MQTT 5. */
export type Version = 4 | 5;

/** The empty properties that MQTT 5 has in most packets. */
function properties(version: Version): number[] {
  return version === 5 ? [0] : [];
}

/** A CONNECT with a clean session and no keep-alive. */
export function connectPacket(clientId: string, version: Version = 4): Uint8Array<ArrayBuffer> {
  const head = [0, 4, 0x4d, 0x51, 0x54, 0x54, version, 2, 0, 0];
  return packet(0x10, [...head, ...properties(version), ...text(clientId)]);
}

/** One SUBSCRIBE for all of `filters`. */
export function subscribePacket(
  id: number,
  filters: readonly string[],
  qos: number,
  version: Version = 4,
): Uint8Array<ArrayBuffer> {
  const wishes = filters.flatMap((filter) => [...text(filter), qos]);
  return packet(0x82, [id >> 8, id & 255, ...properties(version), ...wishes]);
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

  constructor(
    topic: string,
    payloadBytes: number,
    { qos, retain = false, version = 4 }: { qos: number; retain?: boolean; version?: Version },
  ) {
    const name = text(topic);
    const id = qos > 0 ? [0, 0] : [];
    const payload = new Array<number>(payloadBytes).fill(0x78);
    const first = 0x30 | qos << 1 | (retain ? 1 : 0);
    this.bytes = packet(first, [...name, ...id, ...properties(version), ...payload]);
    this.#view = new DataView(this.bytes.buffer);
    this.#timeAt = this.bytes.length - payloadBytes;
    this.#idAt = qos > 0 ? this.#timeAt - properties(version).length - id.length : -1;
  }

  stamp(id: number, now: number): Uint8Array<ArrayBuffer> {
    if (this.#idAt > 0) this.#view.setUint16(this.#idAt, id);
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
