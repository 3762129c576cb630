import type {
  Upstream,
  UpstreamMessage,
  UpstreamOptions,
  UpstreamUser,
} from "../bridge/upstream.ts";
import type { Qos } from "../../protocols/publication.ts";
import { mqttClient } from "./mqtt_client.ts";
import type { ConnackPacket, MqttClient, PublishPacket } from "./npm_mqtt.d.ts";
import { PublishLane } from "./publish_lane.ts";
import { messageOf, packetProperties } from "./properties.ts";

/** CONNACK codes that say "not this version": of MQTT 3.1.1, and of MQTT 5. */
const versionCodes = [1, 0x84];
/** PUBREL for a session that the upstream no longer has: there is nothing left to settle. */
const PACKET_ID_NOT_FOUND = 0x92;

/** How long an upstream may take to hang up after our goodbye. */
const GOODBYE_MS = 1_000;

interface Waiting {
  done: (error?: Error) => void;
  epoch: number;
}

/** An upstream by way of npm:mqtt. */
export async function openUpstream(
  options: UpstreamOptions,
  user: UpstreamUser,
): Promise<Upstream> {
  const link = new Link(options, user);
  const { clientId, username, password, clean, keepAliveSeconds, connectTimeoutMs } = options;
  link.client = await mqttClient(options, {
    clientId,
    username,
    password,
    clean,
    keepalive: keepAliveSeconds,
    connectTimeout: connectTimeoutMs,
    ...options.version === "3.1.1" ? { protocolVersion: 4 } : {
      protocolVersion: 5,
      properties: {
        sessionExpiryInterval: clean ? 0 : options.sessionExpirySeconds,
        receiveMaximum: options.receiveMaximum,
        userProperties: { ...options.userProperties },
      },
    },
  }, (error) => link.error = error);
  link.lane = new PublishLane(link.client);
  link.listen();
  return link;
}

class Link implements Upstream {
  client!: MqttClient;
  lane!: PublishLane;
  /** Why the connection is about to end. */
  error: Error | undefined;
  readonly #options: UpstreamOptions;
  readonly #user: UpstreamUser;
  /** Goes up with each connection: what an earlier one brought is not acknowledged on this one. */
  #epoch = 0;
  /** Messages that nobody has taken yet, and whom to tell. */
  readonly #waiting = new Map<PublishPacket, Waiting>();

  constructor(options: UpstreamOptions, user: UpstreamUser) {
    this.#options = options;
    this.#user = user;
  }

  listen(): void {
    const { client } = this;
    client.on("error", (error) => this.error = error);
    client.on("connect", (packet) => this.#connected(packet));
    client.on("disconnect", ({ reasonCode, properties }) => {
      const why = properties?.reasonString ?? `reason 0x${(reasonCode ?? 0).toString(16)}`;
      this.error = new Error(`the upstream says goodbye: ${why}`);
    });
    client.on("close", () => this.#closed());
    client.handleMessage = (packet, done) => this.#message(packet, done);
  }

  get queuedBytes(): number {
    return (this.client.stream?.writableLength ?? 0) + this.lane.queuedBytes;
  }

  connect(): void {
    this.error = undefined;
    this.#epoch++;
    this.client.connect();
    this.client.stream!.on("drain", () => this.#user.drained());
  }

  publish(message: UpstreamMessage, settled: (error?: Error) => void): void {
    const answered = (error?: Error | null) => {
      const isGone = (error as { code?: number } | null)?.code === PACKET_ID_NOT_FOUND;
      settled(isGone ? undefined : error ?? undefined);
    };
    if (this.client.connected && this.lane.publish(message, answered)) return;
    const { topic, payload, qos, retain } = message;
    const properties = this.client.options.protocolVersion === 5
      ? packetProperties(message)
      : undefined;
    this.client.publish(topic, payload, { qos, retain, properties }, answered);
  }

  subscribe(
    filters: readonly { filter: string; qos: Qos }[],
    done: (error?: Error) => void,
  ): void {
    // No Local: our own messages must not come back. Retain As Published: stored values stay
    // stored.
    const each = filters.map(({ filter, qos }) => [filter, { qos, nl: true, rap: true, rh: 0 }]);
    this.client.subscribe(Object.fromEntries(each), {}, (error) => done(error ?? undefined));
  }

  stayAlive(): void {
    this.client.sendPing();
    this.client.reschedulePing(true);
  }

  close(): Promise<void> {
    const { client } = this;
    this.#epoch = Infinity;
    // Nobody has dialled yet.
    if (client.stream === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      // A peer that does not read would not take our goodbye either, and keep us waiting.
      const timer = setTimeout(() => client.stream?.destroy(), GOODBYE_MS);
      // What is not settled by now is not waited for.
      client.outgoing = {};
      client.end(!client.connected, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #connected({ sessionPresent, properties }: ConnackPacket): void {
    const isFive = this.client.options.protocolVersion === 5;
    this.#user.connected({
      version: isFive ? "5" : "3.1.1",
      present: sessionPresent && !this.#options.clean,
      receiveMaximum: properties?.receiveMaximum ?? 0xffff,
      maximumPacketBytes: properties?.maximumPacketSize ?? Infinity,
      maximumQos: (properties?.maximumQoS ?? 2) as Qos,
      retainAvailable: properties?.retainAvailable !== false,
    });
  }

  #closed(): void {
    const error = this.error ?? new Error("the upstream hung up");
    const code = (error as { code?: unknown }).code as number;
    const { options } = this.client;
    if (options.protocolVersion === 5 && versionCodes.includes(code) && !this.#options.version) {
      options.protocolVersion = 4;
      options.properties = undefined;
      return this.connect();
    }
    this.#user.closed(error);
  }

  #message(packet: PublishPacket, done: (error?: Error) => void): void {
    const again = this.#waiting.has(packet);
    this.#waiting.set(packet, { done, epoch: this.#epoch });
    // A PUBREL repeated on the next connection is about the message that we look at already.
    if (!again) this.#user.message(messageOf(packet), (taken) => this.#settle(packet, taken));
  }

  #settle(packet: PublishPacket, taken: boolean): void {
    const { done, epoch } = this.#waiting.get(packet)!;
    this.#waiting.delete(packet);
    if (!taken) done(new Error("Cannot take a message: the gateway stops"));
    else if (epoch === this.#epoch) done();
    // The upstream repeats its PUBREL on this connection, which must not find the message again.
    else if (packet.qos === 2 && this.#epoch < Infinity) {
      this.client.incomingStore.del(packet, () => {});
    }
  }
}
