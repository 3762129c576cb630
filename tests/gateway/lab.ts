import assert from "node:assert/strict";
import { any, coap, gateway, http, Log, MemoryTransport, mqtt } from "../../mod.ts";
import type { Message } from "../../protocols/coap/messages/codec.ts";
import { decode, encode } from "../../protocols/coap/messages/codec.ts";
import { MemoryDatagrams } from "../../transports/memory_datagrams.ts";
import type { DatagramPort } from "../../transports/transport.ts";
import { FakeClock, settle } from "../actors/fakes.ts";
import type { Hub } from "../interop/listeners.ts";
import { type Introduction, MqttClient } from "../interop/mqtt_client.ts";
import { within } from "../interop/patience.ts";
import { Raw } from "./raw.ts";
import { connections, restarts } from "./tree.ts";

/** A gateway whose clock stands still, reached through memory; a neighbour looks on. */
export class Lab implements AsyncDisposable {
  readonly clock = new FakeClock();
  /** Errors in the log: there must be none. */
  readonly errors: string[] = [];
  readonly hub: Hub;
  readonly #transports = {
    mqtt: new MemoryTransport(),
    http: new MemoryTransport(),
    any: new MemoryTransport(),
  };
  readonly #network = new MemoryDatagrams();
  readonly #raws: Raw[] = [];
  #neighbour!: MqttClient;
  #said = 0;

  constructor() {
    const log = new Log({ level: "error", sink: (line) => this.errors.push(line) });
    this.hub = gateway({ clock: this.clock, log });
  }

  static async open(): Promise<Lab> {
    const lab = new Lab();
    const { mqtt: first, http: second, any: third } = lab.#transports;
    await lab.hub.listen(first, mqtt()).ready;
    await lab.hub.listen(second, http()).ready;
    await lab.hub.listen(third, any()).ready;
    await lab.hub.listen(lab.#network, coap()).ready;
    lab.#neighbour = await lab.mqtt({ clientId: "neighbour" });
    await lab.#neighbour.subscribe("neighbours", 1);
    return lab;
  }

  /** A client without a protocol. */
  raw(to: "mqtt" | "http" | "any"): Raw {
    const raw = new Raw(this.#transports[to].connect());
    this.#raws.push(raw);
    return raw;
  }

  /** A client that has been accepted. */
  mqtt(introduction: Introduction): Promise<MqttClient> {
    return MqttClient.connect(this.#transports.mqtt.connect(), introduction);
  }

  /** A client whose CONNECT has not been sent yet. */
  stranger(version: 4 | 5): MqttClient {
    return new MqttClient(this.#transports.mqtt.connect(), version);
  }

  /** A CoAP client. */
  coap(): CoapClient {
    return new CoapClient(this.#network.bind());
  }

  /** Sends byte after byte, one every `everyMs`, until the connection is gone; answers after how long. */
  async trickle(raw: Raw, bytes: Uint8Array, everyMs: number): Promise<number> {
    await settle();
    const begin = this.clock.now(), { length } = connections(this.hub);
    for (let at = 0; at < bytes.length; at++) {
      await raw.send(bytes.subarray(at, at + 1)).catch(() => {});
      await settle();
      if (connections(this.hub).length < length) return this.clock.now() - begin;
      await this.clock.move(everyMs);
    }
    throw new Error(`All ${bytes.length} bytes were taken`);
  }

  /** Fails unless the neighbour is still served, nothing has crashed, and nobody else is connected. */
  async isQuiet(): Promise<void> {
    for (const raw of this.#raws.splice(0)) raw.close();
    await settle();
    const text = `message ${++this.#said}`;
    assert.equal(this.hub.publish("neighbours", text), "accepted");
    assert.equal(await this.#neighbour.nextText(), text);
    assert.equal(connections(this.hub).length, 1);
    assert.deepEqual([restarts(this.hub), this.errors], [[], []]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#neighbour.close();
    await this.hub.stop({ drainMs: 0 });
  }
}

/** A port that says and hears CoAP messages. */
export class CoapClient {
  /** The server, which was bound first. */
  static readonly #SERVER = "memory:1";

  constructor(readonly port: DatagramPort) {}

  send(message: Message): Promise<void> {
    return this.port.send(encode(message), CoapClient.#SERVER);
  }

  async hear(): Promise<Message> {
    const datagram = await within("a datagram", this.port.receive());
    return decode(datagram!.bytes, 64);
  }

  async ask(message: Message): Promise<Message> {
    await this.send(message);
    return await this.hear();
  }
}
