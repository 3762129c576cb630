import assert from "node:assert/strict";
import { decode } from "../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../protocols/mqtt/packets/encode.ts";
import type { Connack, Connect, Packet, Version } from "../../protocols/mqtt/packets/packet.ts";
import type { Qos } from "../../protocols/publication.ts";
import { within } from "./patience.ts";

/** What carries the packets: a socket, or a stream in memory. */
export interface Stream {
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  close(): void;
}

/** How a client introduces itself. */
export type Introduction = Partial<Connect> & { clientId: string };

/** An MQTT client that does only what it is told: it acknowledges nothing by itself. */
export class MqttClient {
  /** Everything that came. */
  readonly packets: Packet[] = [];
  /** Resolves when the stream has ended or is broken. */
  readonly ended: Promise<void>;
  readonly #stream: Stream;
  readonly #version: Version;
  #isOver = false;
  #taken = 0;
  #packetId = 0;
  #wake = Promise.withResolvers<void>();
  #writing: Promise<void> = Promise.resolve();

  constructor(stream: Stream, version: Version = 4) {
    this.#stream = stream;
    this.#version = version;
    this.ended = this.#read();
  }

  /** Introduces itself and is accepted. */
  static async connect(stream: Stream, introduction: Introduction): Promise<MqttClient> {
    const client = new MqttClient(stream, introduction.version);
    const { reason } = await client.introduce(introduction);
    assert.equal(reason, 0);
    return client;
  }

  /** Sends CONNECT and resolves with the answer. */
  async introduce(introduction: Introduction): Promise<Connack> {
    await this.send(connectPacket(introduction));
    const connack = await this.next();
    assert.equal(connack.type, "connack");
    return connack;
  }

  send(packet: Packet): Promise<void> {
    return this.sendBytes(encode(packet, this.#version)!);
  }

  /** Writes all of it, after what is being written. Resolves also when the stream is broken. */
  sendBytes(bytes: Uint8Array): Promise<void> {
    return this.#writing = this.#writing.then(async () => {
      for (let at = 0; at < bytes.length;) at += await this.#stream.write(bytes.subarray(at));
    }).catch(() => {});
  }

  /** Subscribes and waits for SUBACK, which must come next; resolves with its reasons. */
  async subscribe(filter: string, qos: Qos = 0): Promise<number[]> {
    const request = { filter, qos, noLocal: false, retainAsPublished: false };
    await this.send({
      type: "subscribe",
      packetId: this.nextId(),
      filters: [{ ...request, retainHandling: 0 }],
      properties: undefined,
    });
    const suback = await this.next();
    assert.equal(suback.type, "suback");
    return suback.reasons;
  }

  /** Sends PUBLISH; resolves with its packet identifier. */
  async publish(topic: string, payload: string | Uint8Array, qos: Qos = 0): Promise<number> {
    const packetId = qos === 0 ? 0 : this.nextId();
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
    const flags = { qos, retain: false, dup: false };
    await this.send({
      type: "publish",
      topic,
      payload: bytes,
      ...flags,
      packetId,
      properties: undefined,
    });
    return packetId;
  }

  /** Acknowledges a PUBLISH of QoS 1. */
  acknowledge(packetId: number): Promise<void> {
    return this.send({ type: "puback", packetId, reason: 0, properties: undefined });
  }

  /** The first packet not yet taken by `next`. */
  next(): Promise<Packet> {
    const packet = this.packets[this.#taken];
    if (packet === undefined) return within("an MQTT packet", this.#next());
    this.#taken++;
    return Promise.resolve(packet);
  }

  /** The payload of the next packet, a PUBLISH, as text. */
  async nextText(): Promise<string> {
    const packet = await this.next();
    assert.equal(packet.type, "publish");
    return new TextDecoder().decode(packet.payload);
  }

  /** Asks for a PINGRESP, which must come next: everything sent before has been dealt with. */
  async ping(): Promise<void> {
    await this.send({ type: "pingreq" });
    assert.equal((await this.next()).type, "pingresp");
  }

  nextId(): number {
    return this.#packetId = this.#packetId % 65_535 + 1;
  }

  /** Hangs up without a word. */
  async close(): Promise<void> {
    if (!this.#isOver) this.#stream.close();
    this.#isOver = true;
    await this.ended;
    await this.#writing;
  }

  async #next(): Promise<Packet> {
    while (this.#taken === this.packets.length) {
      if (this.#isOver) throw new Error("The connection ended where a packet was expected");
      await this.#wake.promise;
    }
    return this.packets[this.#taken++]!;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65_536);
    let rest = new Uint8Array(0);
    try {
      for (;;) {
        const count = await this.#stream.read(buffer);
        if (count === null) break;
        const bytes = new Uint8Array(rest.length + count);
        bytes.set(rest);
        bytes.set(buffer.subarray(0, count), rest.length);
        rest = bytes.slice(this.#take(bytes));
      }
    } catch {
      // A stream that broke has ended.
    }
    if (!this.#isOver) this.#stream.close();
    this.#isOver = true;
    this.#tell();
  }

  /** Takes all whole packets; answers how many bytes those were. */
  #take(bytes: Uint8Array): number {
    let at = 0;
    for (;;) {
      const found = decode(bytes.subarray(at), this.#version, 1 << 28);
      if (found === undefined) break;
      this.packets.push(found[0]);
      at += found[1];
    }
    this.#tell();
    return at;
  }

  #tell(): void {
    this.#wake.resolve();
    this.#wake = Promise.withResolvers();
  }
}

/** CONNECT with a clean session and no Keep Alive, unless told otherwise. */
export function connectPacket(introduction: Introduction): Connect {
  return {
    type: "connect",
    version: 4,
    clean: true,
    keepAlive: 0,
    will: undefined,
    username: undefined,
    password: undefined,
    properties: undefined,
    ...introduction,
  };
}

/** A client on a TCP connection to loopback that has been accepted. */
export async function dialMqtt(port: number, introduction: Introduction): Promise<MqttClient> {
  const socket = await Deno.connect({ port, hostname: "127.0.0.1" });
  socket.setNoDelay(true);
  return await MqttClient.connect(socket, introduction);
}
