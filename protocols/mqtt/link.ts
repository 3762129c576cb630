import type { Decided } from "../guard.ts";
import type { Hub, Wire } from "../session.ts";
import type { Traffic } from "../traffic.ts";
import type { MqttOptions } from "./options.ts";
import { encode } from "./packets/encode.ts";
import { type Packet, PacketType, type Version } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";

// `wire.send` copies, so all connections share these.
const ack = new Uint8Array(4);
const ackWithReason = new Uint8Array(5);

/** One connection as all parts of its session see it: how to answer, and what CONNECT agreed on. */
export class Link {
  version: Version = 4;
  /** Bytes of the largest packet that the client takes. */
  maxPacketBytes = Infinity;
  /** The client's Receive Maximum: PUBLISH packets to it that may be unacknowledged. */
  receiveMaximum: number;
  /** The client's Topic Alias Maximum: how many we may set. */
  topicAliasMaximum = 0;
  /** False when the client wants reason strings only with CONNACK and DISCONNECT (§3.1.2.11.7). */
  wantsReasons = true;
  /** The user name of CONNECT, or the one that an authentication method has proved. */
  user: string | undefined = undefined;
  /** True once this side has hung up. */
  closed = false;
  /** True while an answer is awaited before which no further packet may be read. */
  waiting = false;
  /** True while the client sends too fast and is not read from. */
  throttled = false;
  readonly traffic: Traffic;
  /** True once the gateway stops: nothing new is taken. */
  stopping = false;

  constructor(readonly wire: Wire, readonly hub: Hub, readonly limits: MqttOptions) {
    this.receiveMaximum = limits.maxInflight;
    this.traffic = hub.traffic;
  }

  /** Asks a question and passes the answer to `then`. Until it has come, no packet is read. */
  ask<T>(question: (decided: Decided<T>) => void, then: Decided<T>): void {
    let isAnswered = false, isLate = false;
    question((answer, now) => {
      isAnswered = true;
      if (!isLate) return then(answer, now);
      this.waiting = false;
      if (this.closed) return;
      then(answer, now);
      if (!this.waiting && !this.throttled && !this.closed) this.wire.resume();
    });
    isLate = true;
    if (isAnswered) return;
    this.waiting = true;
    this.wire.pause();
  }

  /** Lets other actors have a turn before the next packet is read. */
  rest(): void {
    const goOn = (go: Decided<void>) => {
      if (!this.hub.self.post((now: number) => go(undefined, now))) go(undefined, 0);
    };
    this.ask(goOn, () => {});
  }

  /** Sends a packet; false when it is larger than the client takes [MQTT-3.1.2-27]. */
  send(packet: Packet): boolean {
    const bytes = encode(packet, this.version);
    if (bytes === undefined || bytes.length > this.maxPacketBytes) return false;
    this.sendBytes(bytes);
    return true;
  }

  sendBytes(bytes: Uint8Array): void {
    if (this.closed || bytes.length > this.maxPacketBytes) return;
    this.traffic.packetsSent++;
    if (!this.wire.send(bytes)) this.close();
  }

  /** Sends PUBACK, PUBREC, PUBREL or PUBCOMP. */
  acknowledge(type: number, packetId: number, reason: number): void {
    const withReason = reason !== 0 && this.version === 5;
    const bytes = withReason ? ackWithReason : ack;
    bytes[0] = type << 4 | (type === PacketType.pubrel ? 2 : 0);
    bytes[1] = withReason ? 3 : 2;
    bytes[2] = packetId >> 8;
    bytes[3] = packetId;
    if (withReason) bytes[4] = reason;
    this.sendBytes(bytes);
  }

  /** Hangs up, and tells an MQTT 5 client why. */
  disconnect(reason: number, reasonString?: string): void {
    if (this.version === 5 && !this.closed) {
      const properties = reasonString === undefined ? undefined : { reasonString };
      // [MQTT-3.14.2-3]: the text is the first thing to go.
      if (!this.send({ type: "disconnect", reason, properties }) && properties !== undefined) {
        return this.disconnect(reason);
      }
    }
    this.close();
  }

  /** Hangs up because the gateway stops, which only MQTT 5 can say. */
  stop(): void {
    this.disconnect(Reason.serverShuttingDown);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.wire.close();
  }
}
