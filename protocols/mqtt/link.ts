import type { Decided } from "../guard.ts";
import type { Hub, Wire } from "../session.ts";
import type { Traffic } from "../traffic.ts";
import { encode } from "./encode.ts";
import type { MqttOptions } from "./options.ts";
import { type Packet, PacketType, type Version } from "./packet.ts";
import { Reason } from "./reason.ts";

// `wire.send` copies, so all connections share these.
const ack = new Uint8Array(4);
const ackWithReason = new Uint8Array(5);

/** One connection as the parts of a session see it: how to answer, and what was agreed in CONNECT. */
export class Link {
  version: Version = 4;
  /** Bytes of the largest packet that the client takes. */
  maxPacketBytes = Infinity;
  /** PUBLISH packets that the client lets us have unacknowledged. */
  receiveMaximum: number;
  /** Topic aliases that the client lets us set. */
  topicAliasMaximum = 0;
  /** False when the client wants to hear reasons only where the connection ends. */
  wantsReasons = true;
  /** Who the client says it is, or has proved to be. */
  user: string | undefined = undefined;
  /** True once this side has hung up. */
  closed = false;
  /** True while an answer is awaited that the next packet needs. */
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

  /** Asks for something and goes on with the answer. Until it is there, no packet is read. */
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

  /** Lets others have a turn before the next packet is read. */
  rest(): void {
    const goOn = (go: Decided<void>) => {
      if (!this.hub.self.post((now: number) => go(undefined, now))) go(undefined, 0);
    };
    this.ask(goOn, () => {});
  }

  /** Sends a packet; false when it is larger than the client wants [MQTT-3.1.2-27]. */
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

  /** What was published is taken no more: MQTT 5 says so, the others see the end. */
  stop(): void {
    this.disconnect(Reason.serverShuttingDown);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.wire.close();
  }
}
