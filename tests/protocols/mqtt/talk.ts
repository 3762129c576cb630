import assert from "node:assert/strict";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { MqttOptions } from "../../../protocols/mqtt/options.ts";
import { decode } from "../../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import type {
  Ack,
  Connack,
  Connect,
  FilterRequest,
  Packet,
  Publish,
  Version,
} from "../../../protocols/mqtt/packets/packet.ts";
import type { Properties } from "../../../protocols/mqtt/packets/property.ts";
import { mqtt } from "../../../protocols/mqtt/session.ts";
import { bytes, FakeSpace, Stage } from "../fakes.ts";

/** A client on a stage: says packets, hears packets. */
export class Talk {
  readonly stage: Stage;
  readonly version: Version;

  constructor(
    options: { space?: FakeSpace; version?: Version; limits?: Partial<MqttOptions>; now?: number } =
      {},
  ) {
    this.version = options.version ?? 4;
    const open = mqtt(options.limits);
    const now = options.now ?? 0;
    this.stage = new Stage((wire, hub) => open(wire, hub, now), options.space);
    this.stage.now = now;
  }

  say(...packets: Packet[]): this {
    for (const packet of packets) this.stage.feed(encode(packet, this.version)!);
    return this;
  }

  /** Runs what waits in the mailbox, and reads everything that came. */
  hear(): Packet[] {
    this.stage.turn();
    let rest: Uint8Array = this.stage.take();
    const packets: Packet[] = [];
    while (rest.length > 0) {
      const found = decode(rest, this.version, 1 << 28);
      assert.ok(found, "a whole packet");
      packets.push(found[0]);
      rest = rest.subarray(found[1]);
    }
    return packets;
  }

  /** Reads everything that came, which must be one packet. */
  hearOne(): Packet {
    const packets = this.hear();
    assert.equal(packets.length, 1, JSON.stringify(packets));
    return packets[0]!;
  }

  /** The messages that came, as `topic payload q0 r dup #id`. */
  messages(): string[] {
    return this.hear().filter((packet) => packet.type === "publish").map(shown);
  }

  connect(options: Partial<Connect> = {}): this {
    return this.say(connect({ version: this.version, ...options }));
  }
}

/** A client that is connected. */
export function online(
  clientId: string,
  options: Partial<Connect> & {
    space?: FakeSpace;
    limits?: Partial<MqttOptions>;
    now?: number;
  } = {},
): Talk {
  const { space, limits, now, ...rest } = options;
  const talk = new Talk({ space, limits, now, version: options.version });
  const connack = talk.connect({ clientId, ...rest }).hear()[0] as Connack;
  assert.equal(connack?.type, "connack");
  assert.equal(connack.reason, 0);
  return talk;
}

export function connect(options: Partial<Connect> = {}): Connect {
  return {
    type: "connect",
    version: 4,
    clientId: "client",
    clean: true,
    keepAlive: 0,
    will: undefined,
    username: undefined,
    password: undefined,
    properties: undefined,
    ...options,
  };
}

export function publish(
  topic: string,
  payload: string,
  options: Partial<Publish> = {},
): Publish {
  return {
    type: "publish",
    topic,
    payload: bytes(payload),
    qos: 0,
    retain: false,
    dup: false,
    packetId: 0,
    properties: undefined,
    ...options,
  };
}

export function ack(type: Ack["type"], packetId: number, reason = 0): Ack {
  return { type, packetId, reason, properties: undefined };
}

export function subscribe(
  filter: string,
  options: Partial<FilterRequest> & { properties?: Properties } = {},
): Packet {
  const { properties, ...rest } = options;
  const request: FilterRequest = {
    filter,
    qos: 2,
    noLocal: false,
    retainAsPublished: false,
    retainHandling: 0,
    ...rest,
  };
  return { type: "subscribe", packetId: 1, filters: [request], properties };
}

export function unsubscribe(filter: string): Packet {
  return { type: "unsubscribe", packetId: 2, filters: [filter], properties: undefined };
}

export function disconnect(reason = 0, properties?: Properties): Packet {
  return { type: "disconnect", reason, properties };
}

export const ping: Packet = { type: "pingreq" };
export const pong: Packet = { type: "pingresp" };

/** A packet in a few letters. */
export function shown(packet: Packet): string {
  if (packet.type !== "publish") {
    return "packetId" in packet ? `${packet.type} ${packet.packetId}` : packet.type;
  }
  const { topic, payload, qos, retain, dup, packetId } = packet;
  return `${topic} ${new TextDecoder().decode(payload)} q${qos}${retain ? " r" : ""}${
    dup ? " dup" : ""
  }` +
    (qos > 0 ? ` #${packetId}` : "");
}

/** What would be left behind: sessions and receivers with subscriptions. */
export function leftovers(space: FakeSpace): number {
  return space.shared(Broker).clients.size + space.subscriptions.size;
}
