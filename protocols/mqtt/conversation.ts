import type { Refusal } from "../identity.ts";
import { ProtocolError } from "../session.ts";
import type { Authentication } from "./authentication.ts";
import type { Client } from "./broker/client.ts";
import { Incoming } from "./incoming.ts";
import type { Link } from "./link.ts";
import { Outgoing } from "./outgoing.ts";
import { decodePacket } from "./packets/decode.ts";
import { type Disconnect, type Packet, PacketType, type Subscribe } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";
import { permissions } from "./permission.ts";
import { subscribe, unsubscribe } from "./subscribe.ts";
import { Throttle } from "./throttle.ts";

/** Where a packet is in the input, and the present time. */
export interface Span {
  at: number;
  end: number;
  now: number;
}

/** One connection from CONNACK to DISCONNECT: handles the client's packets. */
export class Conversation {
  readonly incoming: Incoming;
  readonly outgoing: Outgoing;
  /** When to read again from a client that sends too fast; Infinity while it is read from. */
  resumeAt = Infinity;
  readonly authentication: Authentication | undefined;
  readonly #throttle: Throttle | undefined;

  constructor(
    readonly link: Link,
    readonly client: Client,
    { authentication, now }: { authentication: Authentication | undefined; now: number },
  ) {
    this.incoming = new Incoming(link, client);
    this.outgoing = new Outgoing(link, client);
    this.authentication = authentication;
    const { maxMessagesPerSecond } = link.limits;
    if (maxMessagesPerSecond > 0) this.#throttle = new Throttle(maxMessagesPerSecond, now);
  }

  /** Handles the packet that `bytes` hold from `at` to `end`. */
  read(bytes: Uint8Array, { at, end, now }: Span): void {
    const first = bytes[at]!;
    if (first >> 4 === PacketType.publish) {
      this.incoming.publish(bytes, { at, end, now });
      if (this.#throttle !== undefined) this.#slowDown(this.#throttle.take(now), now);
      return;
    }
    // A short way for acknowledgements of four bytes, which nearly all are: one for each message.
    const packetId = bytes[at + 2]! << 8 | bytes[at + 3]!;
    if (end - at === 4 && bytes[at + 1] === 2 && packetId > 0 && isAck(first)) {
      this.#settle(first >> 4, { packetId, reason: Reason.success }, now);
    } else {
      this.#take(decodePacket(bytes, at, end, this.link.version), now);
    }
    if (this.link.stopping) this.finish();
  }

  /** Reads on: a client that sent too fast has waited long enough. */
  resume(): void {
    this.resumeAt = Infinity;
    this.link.throttled = false;
    if (!this.link.waiting) this.link.wire.resume();
  }

  /** While the gateway stops: hangs up once every message has been acknowledged. */
  finish(): void {
    if (this.outgoing.isSettled) this.link.stop();
  }

  #slowDown(until: number, now: number): void {
    if (until <= now) return;
    this.resumeAt = until;
    this.link.throttled = true;
    this.link.wire.pause();
  }

  #settle(type: number, ack: { packetId: number; reason: number }, now: number): void {
    switch (type) {
      case PacketType.puback:
        return this.outgoing.settle(ack.packetId, 1, now);
      case PacketType.pubrec:
        return this.outgoing.received(ack, now);
      case PacketType.pubrel:
        return this.incoming.release(ack.packetId);
      case PacketType.pubcomp:
        return this.outgoing.settle(ack.packetId, 2, now);
    }
  }

  #take(packet: Packet, now: number): void {
    const { link, client, outgoing } = this;
    switch (packet.type) {
      case "puback":
      case "pubrec":
      case "pubrel":
      case "pubcomp":
        return this.#settle(PacketType[packet.type], packet, now);
      case "subscribe":
        return this.#subscribe(packet, now);
      case "unsubscribe":
        return unsubscribe({ link, client, retained: outgoing.retained }, packet);
      case "pingreq":
        return void link.send({ type: "pingresp" });
      case "auth":
        // [MQTT-4.12.0-7]
        if (this.authentication === undefined) throw misplaced(PacketType.auth);
        return this.authentication.take(packet, now);
      case "disconnect":
        return this.#disconnect(packet);
      default:
        throw misplaced(PacketType[packet.type]);
    }
  }

  #subscribe(packet: Subscribe, now: number): void {
    const { link, client, outgoing } = this, { guard } = link.hub;
    const answer = (refusals: readonly (Refusal | undefined)[], now: number) => {
      subscribe({ link, client, retained: outgoing.retained }, packet, now, refusals);
      outgoing.pump(now);
    };
    if (guard === undefined) answer([], now);
    else link.ask((decided) => permissions({ link, guard }, packet.filters, decided), answer);
  }

  /** The client says goodbye (MQTT 5.0 §3.14.4). */
  #disconnect({ reason, properties }: Disconnect): void {
    const { link, client } = this, expiry = properties?.sessionExpiry;
    if (properties?.serverReference !== undefined || (expiry && client.expirySeconds === 0)) {
      // [MQTT-3.14.2-2]: a session that was to end with its connection cannot be prolonged.
      throw new ProtocolError(
        "Cannot take this DISCONNECT: it names a server, or prolongs a session that was to end",
        Reason.protocolError,
      );
    }
    if (expiry !== undefined) {
      client.expirySeconds = Math.min(expiry, link.limits.maxSessionExpirySeconds);
    }
    // [MQTT-3.14.4-3]
    if (reason === Reason.success) client.will = undefined;
    link.close();
  }
}

/** The first byte of PUBACK, PUBREC, PUBREL or PUBCOMP with the flags that it must have. */
function isAck(first: number): boolean {
  return first === 0x40 || first === 0x50 || first === 0x62 || first === 0x70;
}

/** The error for a packet that must not come now, or never comes from a client. */
export function misplaced(type: number): ProtocolError {
  return new ProtocolError(
    `Cannot take a packet of type ${type} here: CONNECT comes first and once, then what clients send`,
    Reason.protocolError,
  );
}
