import { type LoginEnd, wordsOfEnd } from "../grant.ts";
import type { Delivery } from "../publication.ts";
import { type Hub, type OpenSession, ProtocolError, type Session, type Wire } from "../session.ts";
import { TURN_WORK } from "../traffic.ts";
import { AuthAnswer } from "./authentication.ts";
import { HANDOVER, TAKEOVER } from "./broker/broker.ts";
import { OVERFLOW } from "./broker/client.ts";
import { SharedDelivery } from "./broker/group.ts";
import type { Tenure } from "./broker/tenure.ts";
import { refuseConnect, unkept } from "./connack.ts";
import { type Admission, begin } from "./connect.ts";
import { Conversation, misplaced } from "./conversation.ts";
import { Entrance, type House } from "./entrance.ts";
import { defaults } from "./limits.ts";
import { Link } from "./link.ts";
import type { MqttOptions } from "./options.ts";
import { packetEnd } from "./packets/frame.ts";
import { PacketType, versionNames } from "./packets/packet.ts";
import { allowsReason, Reason } from "./packets/reason.ts";

/** 1 KiB of an unfinished packet is a sign of life; single bytes now and then are none. */
const MUCH_BYTES = 1024;

/** Reasons of DISCONNECT (MQTT 5.0 §3.14.2.1); those that Mosquitto and EMQX give, too. */
const reasons: Readonly<Record<LoginEnd, number>> = {
  expired: Reason.maximumConnectTime,
  revoked: Reason.administrativeAction,
};

/** 256 packets of one client before others have a turn: a millisecond or two, even uncompiled. */
const TURN_PACKETS = 256;

/** Serves MQTT 3.1, 3.1.1 and 5.0 to one client: the server's side. */
class MqttSession implements Session, House {
  label = "mqtt";
  readonly #link: Link;
  /** Handles packets until CONNACK; then undefined. */
  #entrance: Entrance | undefined;
  /** Handles packets after CONNACK; undefined before. */
  #conversation: Conversation | undefined = undefined;
  #tenure: Tenure | undefined = undefined;
  /**
   * True while hooks have been told that this client is connected, and not yet that it has gone.
   */
  #isGuest = false;
  #heardAt = 0;
  /** Bytes of an unfinished packet that there were at `#heardAt`. */
  #coming = 0;
  /** One and a half times the Keep Alive [MQTT-3.1.2-24]; 0 for none. */
  #keepAliveMs = 0;

  constructor(wire: Wire, hub: Hub, { limits, now }: { limits: MqttOptions; now: number }) {
    this.#link = new Link(wire, hub, limits);
    this.#entrance = new Entrance(this.#link, this, now);
  }

  receive(bytes: Uint8Array, now: number): number {
    const link = this.#link;
    if (this.#isLost()) return bytes.length;
    const { traffic } = link;
    let at = 0, packets = 0, { work } = traffic;
    while (at + 1 < bytes.length && this.#isReading) {
      const type = bytes[at]! >> 4;
      // [MQTT-3.1.0-1], [MQTT-3.1.0-2]: checked without waiting for the rest of the packet.
      if ((type === PacketType.connect) !== (this.#entrance?.expectsConnect === true)) {
        throw misplaced(type);
      }
      const end = packetEnd(bytes, at, link.version, link.limits.maxPacketBytes);
      if (end < 0 || end > bytes.length) break;
      (this.#conversation ?? this.#entrance!).read(bytes, { at, end, now });
      at = end;
      packets++;
      if (packets % TURN_PACKETS > 0 && traffic.work < work + TURN_WORK) continue;
      work = traffic.work;
      if (this.#isReading) link.rest();
    }
    traffic.packetsReceived += packets;
    // [MQTT-3.1.2-22] wants whole packets. One that takes longer than the Keep Alive is coming for as
    // long as much of it comes, not a byte now and then.
    const coming = bytes.length - at;
    if (packets > 0 || coming >= this.#coming + MUCH_BYTES) {
      this.#heardAt = now;
      this.#coming = coming;
    }
    if (link.closed) this.#leave(now);
    return at;
  }

  deliver(delivery: Delivery, now: number): void {
    const link = this.#link, tenure = this.#tenure, conversation = this.#conversation;
    if (tenure === undefined || conversation === undefined) return;
    const { client } = tenure;
    if (this.#owns()) {
      if (delivery.qos > 0) client.opened();
      if (link.closed) client.keep(delivery);
      else conversation.outgoing.deliver(delivery, now);
      if (link.closed) this.#leave(now);
      return;
    }
    // This was in our mailbox when the connection ended, or another one took the session over.
    if (delivery instanceof SharedDelivery) delivery.group.takeBack(delivery);
    else if (client.epoch === tenure.epoch) client.deliver(delivery);
  }

  signal(signal: unknown, now: number): void {
    const link = this.#link, entrance = this.#entrance;
    if (link.closed) return;
    if (this.#isLost()) return this.#leave(now);
    if (typeof signal === "function") this.#resume(signal as (now: number) => void, now);
    else if (signal instanceof AuthAnswer) {
      if (entrance !== undefined) entrance.answered(signal, now);
      else this.#conversation?.authentication?.answered(signal, now);
    } else if (signal === HANDOVER) entrance?.handover(now);
    else if (!this.#tenure?.holds) return;
    else if (signal === TAKEOVER) this.#yield(now);
    else if (signal === OVERFLOW) this.overloaded(now);
  }

  refuse(error: ProtocolError, now: number): void {
    const link = this.#link;
    if (this.#conversation !== undefined) {
      const known = allowsReason(PacketType.disconnect, error.code);
      link.disconnect(known ? error.code : Reason.protocolError, error.message);
    } else {
      refuseConnect(link, error);
      link.close();
    }
    this.#leave(now);
  }

  get deadline(): number {
    if (this.#link.closed) return Infinity;
    const conversation = this.#conversation;
    if (conversation === undefined) return this.#entrance!.deadline;
    const quietUntil = this.#keepAliveMs === 0 ? Infinity : this.#heardAt + this.#keepAliveMs;
    return Math.min(quietUntil, conversation.resumeAt);
  }

  tick(now: number): void {
    const link = this.#link, conversation = this.#conversation;
    if (now < this.deadline) return;
    if (conversation === undefined) return this.#entrance!.tick(now);
    // While we do not read, we cannot know that the client is silent.
    const isOurs = link.wire.paused;
    if (isOurs) this.#heardAt = now;
    if (conversation.resumeAt <= now) return conversation.resume();
    if (isOurs) return;
    link.disconnect(Reason.keepAliveTimeout);
    this.#leave(now);
  }

  get congested(): boolean {
    return !this.#link.closed && this.#conversation?.outgoing.congested === true;
  }

  drained(now: number): void {
    if (this.#link.closed) return;
    if (this.#isLost()) return this.#leave(now);
    this.#conversation?.outgoing.pump(now);
  }

  overloaded(now: number): void {
    this.#link.disconnect(Reason.quotaExceeded);
    this.#leave(now);
  }

  unstored(now: number, unsaid: Uint8Array): void {
    // [MQTT-3.14.0-1]: no DISCONNECT before CONNACK.
    if (unsaid[0]! >> 4 !== PacketType.connack) return this.overloaded(now);
    refuseConnect(this.#link, unkept());
    this.#link.close();
    this.#leave(now);
  }

  revoked(now: number): void {
    this.#link.disconnect(reasons.revoked, wordsOfEnd.revoked);
    this.#leave(now);
  }

  shutdown(now: number): void {
    const link = this.#link;
    link.stopping = true;
    if (this.#conversation !== undefined) this.#conversation.finish();
    else this.#entrance!.shutdown();
    if (link.closed) this.#leave(now);
  }

  ended(now: number): void {
    this.#link.closed = true;
    this.#leave(now);
  }

  open(admission: Admission, now: number): void {
    const link = this.#link, { tenure, waits, authentication } = this.#entrance!;
    const { client, broker } = this.#tenure = tenure!;
    this.label = `mqtt ${versionNames[link.version]} ${client.name}`;
    link.waiting = false;
    begin(link, client, { broker, admission, inbox: link.hub.self, now });
    link.traffic.connections++;
    link.hub.guard?.connected(link.hub.identity, (end) => {
      link.disconnect(reasons[end], wordsOfEnd[end]);
    });
    this.#isGuest = true;
    if (authentication !== undefined) authentication.isDone = true;
    tenure!.begin();
    this.#entrance = undefined;
    this.#heardAt = now;
    this.#keepAliveMs = admission.keepAlive * 1500;
    this.#conversation = new Conversation(link, client, { authentication, now });
    this.#conversation.outgoing.pump(now);
    // Another connection waits for the session already.
    if (client.heirs !== undefined) this.#yield(now);
    else if (link.closed) this.#leave(now);
    if (waits && !link.closed) link.wire.resume();
  }

  get #isReading(): boolean {
    const { closed, waiting, wire } = this.#link;
    return !closed && !waiting && !wire.paused;
  }

  /** Another connection takes the session [MQTT-3.1.4-3]. */
  #yield(now: number): void {
    this.#link.disconnect(Reason.sessionTakenOver);
    this.#leave(now);
  }

  /** True while the session is this connection's. A connection that has lost it hangs up. */
  #owns(): boolean {
    if (this.#tenure!.holds) return true;
    this.#link.disconnect(Reason.sessionTakenOver);
    return false;
  }

  /** True when another connection has taken the session over by force; then this one hangs up. */
  #isLost(): boolean {
    return this.#conversation !== undefined && !this.#owns();
  }

  /** Goes on, in this turn, with work that waited for hooks or for other actors. */
  #resume(work: (now: number) => void, now: number): void {
    try {
      work(now);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.refuse(error, now);
    }
    if (this.#link.closed) this.#leave(now);
  }

  #leave(now: number): void {
    const { hub } = this.#link;
    if (this.#isGuest) hub.guard?.disconnected(hub.identity);
    this.#isGuest = false;
    (this.#tenure ?? this.#entrance?.tenure)?.end(now);
  }
}

/**
 * Speaks MQTT 3.1, 3.1.1 and 5.0 on each stream, as the server.
 *
 * @example A client that connects by MQTT 3.1.1
 * ```ts
 * import { gateway, mqtt, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(tcp({ port: 0 }), mqtt({ maxPacketBytes: 4_096 })).ready;
 * using client = await Deno.connect({ port });
 * const MQTT = [0, 4, 0x4d, 0x51, 0x54, 0x54];
 * await client.write(Uint8Array.of(0x10, 12, ...MQTT, 4, 2, 0, 60, 0, 0)); // CONNECT
 * const answer = new Uint8Array(4);
 * await client.read(answer);
 * assert.deepEqual([...answer], [0x20, 2, 0, 0]); // CONNACK: accepted
 * ```
 */
export function mqtt(options: Partial<MqttOptions> = {}): OpenSession {
  const limits = { ...defaults, ...options };
  return (wire, hub, now) => new MqttSession(wire, hub, { limits, now });
}
