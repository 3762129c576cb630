import type {
  Upstream,
  UpstreamMessage,
  UpstreamOptions,
  UpstreamState,
  UpstreamUser,
} from "../bridge/upstream.ts";
import type { Qos } from "../../protocols/publication.ts";
import { mqttClient } from "./mqtt_client.ts";
import type { ConnackPacket, MqttClient, PublishPacket } from "./npm_mqtt.d.ts";
import { PacketStore } from "./packet_store.ts";
import { PublishLane } from "./publish_lane.ts";
import { messageOf, packetProperties } from "./properties.ts";

/** CONNACK codes that say "not this version": of MQTT 3.1.1, and of MQTT 5. */
const versionCodes = [1, 0x84];
/** PUBREL for a session that the upstream no longer has: there is nothing left to settle. */
const PACKET_ID_NOT_FOUND = 0x92;

/** How long an upstream may take to hang up after our goodbye. */
const GOODBYE_MS = 1_000;

/** A message of QoS 2 that nobody has taken yet. */
interface Waiting {
  readonly packet: PublishPacket;
  /** Whom to tell on the connection that brought it last. */
  readonly done: (error: Error | number) => void;
  readonly epoch: number;
}

/** An upstream by way of npm:mqtt. */
export async function openUpstream(
  options: UpstreamOptions & UpstreamState,
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
    incomingStore: link.incoming,
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
  /** Messages of QoS 2 that are ours; the upstream has not released their identifiers. */
  readonly incoming = new PacketStore();
  /** Those of the present session that are being looked at, by identifier. */
  readonly #waiting = new Map<number, Waiting>();

  constructor(options: UpstreamOptions & UpstreamState, user: UpstreamUser) {
    this.#options = options;
    this.#user = user;
    for (const messageId of options.owned) {
      // Nobody looks at more of it than its identifier.
      const rest = { topic: "", payload: new Uint8Array(0), retain: false, dup: false };
      this.incoming.put({ cmd: "publish", messageId, qos: 2, ...rest }, () => {});
    }
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
    // Where npm:mqtt says PUBREC first, and has nobody take the message until PUBREL, it would be lost.
    client.options.customHandleAcks = (_topic, _payload, packet, done) => {
      if (packet.qos === 2) this.#own(packet, done);
      else done(0);
    };
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
    const present = sessionPresent && !this.#options.clean;
    if (!present) {
      this.incoming.clear();
      this.#waiting.clear();
    }
    const isFive = this.client.options.protocolVersion === 5;
    this.#user.connected({
      version: isFive ? "5" : "3.1.1",
      present,
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
    const epoch = this.#epoch;
    const acknowledge = () => {
      if (epoch === this.#epoch) done();
    };
    // It was taken when it came; this is its PUBREL.
    if (packet.qos === 2) return this.#user.released(packet.messageId!, acknowledge);
    this.#user.message(messageOf(packet), (taken) => taken ? acknowledge() : done(refusal()));
  }

  /** A message of QoS 2: PUBREC once it was taken (MQTT 5.0 §4.3.3). */
  #own(packet: PublishPacket, done: (error: Error | number) => void): void {
    const id = packet.messageId!, epoch = this.#epoch;
    if (this.incoming.has(id)) return done(0);
    const before = this.#waiting.get(id);
    this.#waiting.set(id, { packet: before?.packet ?? packet, done, epoch });
    if (before !== undefined) return;
    this.#user.message(messageOf(packet), (taken) => this.#settle(packet, taken));
  }

  #settle(packet: PublishPacket, taken: boolean): void {
    const id = packet.messageId!, waiting = this.#waiting.get(id);
    // The upstream may have forgotten the session meanwhile.
    if (waiting?.packet !== packet) return;
    this.#waiting.delete(id);
    const { done, epoch } = waiting;
    if (!taken) done(refusal());
    else if (epoch === this.#epoch) done(0);
    // It will come again, and must not be taken twice.
    else this.incoming.put(packet, () => {});
  }
}

function refusal(): Error {
  return new Error("Cannot take a message: the gateway stops");
}
