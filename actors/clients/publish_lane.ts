import { publishPacket } from "../../protocols/mqtt/packets/publish_packet.ts";
import { Delivery, Publication } from "../../protocols/publication.ts";
import type { UpstreamMessage } from "../bridge/upstream.ts";
import type { MqttClient, PublishPacket } from "./npm_mqtt.d.ts";
import { packetProperties } from "./properties.ts";

/** 64 KiB in one write: joining more does not make a message any cheaper. */
const WRITE_BYTES = 65_536;

/**
 * Takes PUBLISH packets past npm:mqtt, which would write each in many pieces: we encode them, and
 * write many at once. npm:mqtt still handles their acknowledgements, and sends what was not
 * acknowledged again on the next connection.
 */
export class PublishLane {
  #batch = new Uint8Array(WRITE_BYTES);
  #used = 0;

  constructor(readonly client: MqttClient) {}

  /** Bytes that are about to be written. */
  get queuedBytes(): number {
    return this.#used;
  }

  /** False when this message cannot go this way. */
  publish(
    { topic, payload, qos, retain, contentType, properties }: UpstreamMessage,
    settled: (error?: Error | null) => void,
  ): boolean {
    const { client } = this, version = client.options.protocolVersion === 5 ? 5 : 4;
    const packetId = qos === 0 ? 0 : client.messageIdProvider.allocate();
    if (packetId === null) return false;
    const publication = new Publication(topic, payload, { qos, contentType, properties });
    const delivery = new Delivery(publication, qos, retain, undefined);
    const bytes = publishPacket(delivery, version, { packetId, dup: false, now: 0 });
    if (bytes.length === 0) return false;
    if (qos > 0) {
      const message = { topic, payload, qos, retain, contentType, properties };
      const packet: PublishPacket = {
        cmd: "publish",
        ...message,
        dup: false,
        messageId: packetId,
        properties: version === 5 ? packetProperties(message) : undefined,
      };
      client.outgoing[packetId] = { volatile: false, cmd: "publish", cb: settled };
      client.outgoingStore.put(packet, () => {});
    }
    this.#append(bytes);
    if (qos === 0) settled();
    return true;
  }

  #append(bytes: Uint8Array): void {
    if (this.#used === 0) queueMicrotask(() => this.#flush());
    else if (this.#used + bytes.length > WRITE_BYTES) this.#flush();
    if (bytes.length > WRITE_BYTES) return void this.client.stream!.write(bytes.slice());
    this.#batch.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #flush(): void {
    if (this.#used === 0) return;
    const bytes = this.#batch.slice(0, this.#used);
    this.#used = 0;
    if (this.client.connected) this.client.stream!.write(bytes);
  }
}
