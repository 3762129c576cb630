import { type Identity, Refusal } from "../identity.ts";
import type { Delivery } from "../publication.ts";
import { type Hub, type OpenSession, ProtocolError, type Session, type Wire } from "../session.ts";
import { Broker, HANDOVER, TAKEOVER } from "./broker.ts";
import type { Client } from "./client.ts";
import { refuseConnect } from "./connack.ts";
import { type Admission, admit, begin } from "./connect.ts";
import { Conversation, misplaced } from "./conversation.ts";
import { packetEnd } from "./frame.ts";
import { defaults, type MqttLimits } from "./limits.ts";
import { Link } from "./link.ts";
import { PacketType, versionNames } from "./packet.ts";
import { connectRefused, login } from "./permission.ts";
import { allowsReason, Reason } from "./reason.ts";

/** Serves MQTT 3.1, 3.1.1 and 5.0 to one client: the server's side. */
export class MqttSession implements Session {
  label = "mqtt";
  readonly #link: Link;
  readonly #broker: Broker;
  #state: "connecting" | "waiting" | "open" = "connecting";
  #admission: Admission | undefined;
  #client: Client | undefined;
  /** There while the state is open. */
  #conversation: Conversation | undefined;
  /** True from the moment that hooks have heard of this client until they hear that it has gone. */
  #isGuest = false;
  /** Of the client when this connection began: deliveries for an earlier one are void. */
  #epoch = 0;
  /** When CONNECT must have been answered. */
  #connectBy: number;
  #heardAt = 0;
  /** One and a half times the Keep Alive [MQTT-3.1.2-22]; 0 for none. */
  #keepAliveMs = 0;

  constructor(wire: Wire, hub: Hub, { limits, now }: { limits: MqttLimits; now: number }) {
    this.#link = new Link(wire, hub, limits);
    this.#broker = hub.shared(Broker);
    this.#connectBy = now + limits.connectTimeoutMs;
  }

  receive(bytes: Uint8Array, now: number): number {
    const link = this.#link;
    // Any byte is a sign of life: a large packet may take longer than the Keep Alive.
    this.#heardAt = now;
    if (this.#state === "open" && !this.#owns()) return bytes.length;
    let at = 0, packets = 0;
    while (at + 1 < bytes.length && this.#isReading) {
      const type = bytes[at]! >> 4;
      // [MQTT-3.1.0-1] and [MQTT-3.1.0-2], before the rest of the packet is waited for.
      if ((type === PacketType.connect) !== (this.#state === "connecting")) throw misplaced(type);
      const end = packetEnd(bytes, at, link.version, link.limits.maxPacketBytes);
      if (end < 0 || end > bytes.length) break;
      const conversation = this.#conversation;
      if (conversation === undefined) this.#connect(bytes, { at, end, now });
      else conversation.read(bytes, { at, end, now });
      at = end;
      packets++;
    }
    link.traffic.packetsReceived += packets;
    if (link.closed) this.#leave(now);
    return at;
  }

  deliver(delivery: Delivery, now: number): void {
    const link = this.#link, client = this.#client, conversation = this.#conversation;
    if (client === undefined || conversation === undefined) return;
    const owns = this.#owns();
    if (owns && !link.closed) {
      conversation.outgoing.deliver(delivery, now);
      if (link.closed) this.#leave(now);
      return;
    }
    // It was on its way here when the connection ended or another one took the session.
    if (client.epoch !== this.#epoch) return;
    const kept = owns ? client.keep(delivery) : client.deliver(delivery);
    if (!kept) link.hub.count("mqtt.dropped");
  }

  signal(signal: unknown, now: number): void {
    if (typeof signal === "function") return this.#resume(signal as () => void, now);
    const client = this.#client, { hub } = this.#link;
    if (client === undefined) return;
    if (signal === TAKEOVER && client.inbox === hub.self) this.#yield(now);
    if (signal !== HANDOVER || this.#state !== "waiting") return;
    if (client.inbox === undefined && client.heirs[0] === hub.self) this.#open(client, now);
  }

  refuse(error: ProtocolError, now: number): void {
    const link = this.#link;
    if (this.#state === "open") {
      const known = allowsReason(PacketType.disconnect, error.code);
      link.disconnect(known ? error.code : Reason.protocolError, error.message);
    } else {
      refuseConnect(link, error);
      link.close();
    }
    this.#leave(now);
  }

  get deadline(): number {
    const { closed, waiting } = this.#link;
    // Whoever waits for hooks is answered in time by them.
    if (closed || (waiting && this.#state === "connecting")) return Infinity;
    if (this.#state !== "open") return this.#connectBy;
    return this.#keepAliveMs === 0 ? Infinity : this.#heardAt + this.#keepAliveMs;
  }

  tick(now: number): void {
    const link = this.#link;
    if (now < this.deadline) return;
    if (this.#state === "connecting") return link.close();
    if (this.#state === "waiting") return this.#force(now);
    // While we do not read, silence is not the client's.
    if (link.wire.paused) {
      this.#heardAt = now;
      return;
    }
    link.disconnect(Reason.keepAliveTimeout);
    this.#leave(now);
  }

  get congested(): boolean {
    return !this.#link.closed && this.#conversation?.outgoing.congested === true;
  }

  drained(now: number): void {
    if (!this.#link.closed) this.#conversation?.outgoing.pump(now);
  }

  overloaded(now: number): void {
    this.#link.disconnect(Reason.quotaExceeded);
    this.#leave(now);
  }

  shutdown(now: number): void {
    const link = this.#link;
    link.stopping = true;
    if (this.#state === "open") {
      this.#conversation!.finish();
    } else {
      if (this.#state === "waiting") refuseConnect(link, stopping());
      link.close();
    }
    if (link.closed) this.#leave(now);
  }

  ended(now: number): void {
    this.#link.closed = true;
    this.#leave(now);
  }

  get #isReading(): boolean {
    const { closed, waiting, wire } = this.#link;
    return !closed && !waiting && !wire.paused;
  }

  #connect(bytes: Uint8Array, { at, end, now }: { at: number; end: number; now: number }): void {
    const link = this.#link;
    const admission = this.#admission = admit(link, this.#broker, { bytes, at, end });
    const { clientId } = admission;
    this.label = `mqtt ${versionNames[link.version]} ${clientId}`;
    const { guard } = link.hub;
    if (guard === undefined) return this.#admit({ ...link.hub.identity, clientId }, now);
    link.ask<Identity | Refusal>(
      (decided) => login({ link, guard }, admission, decided),
      (answer, now) => {
        if (answer instanceof Refusal) throw connectRefused(answer);
        this.#admit(answer, now);
      },
    );
  }

  /** The client may come in, once nobody else has its session. */
  #admit(identity: Identity, now: number): void {
    const link = this.#link, broker = this.#broker, { hub, limits } = link;
    const { clientId } = this.#admission!, { user } = broker.clients.get(clientId) ?? {};
    if (user !== undefined && user !== identity.user) {
      const reason = "Cannot take this client identifier: its session belongs to another user";
      throw new ProtocolError(reason, Reason.notAuthorized);
    }
    hub.identify(identity);
    const client = this.#client = broker.client(clientId, limits);
    if (broker.claim(client, hub.self, { now, hub })) return this.#open(client, now);
    this.#state = "waiting";
    this.#connectBy = now + limits.connectTimeoutMs;
    link.waiting = true;
    link.wire.pause();
  }

  /** Goes on in this turn with what waited for hooks. */
  #resume(work: () => void, now: number): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.refuse(error, now);
    }
    if (this.#link.closed) this.#leave(now);
  }

  #open(client: Client, now: number): void {
    const link = this.#link, admission = this.#admission!;
    const waited = this.#state === "waiting";
    begin(link, client, { broker: this.#broker, admission, inbox: link.hub.self, now });
    this.#state = "open";
    link.waiting = false;
    link.traffic.connections++;
    link.hub.guard?.connected(link.hub.identity);
    this.#isGuest = true;
    this.#admission = undefined;
    this.#epoch = client.epoch;
    this.#heardAt = now;
    this.#keepAliveMs = admission.keepAlive * 1500;
    this.#conversation = new Conversation(link, client);
    this.#conversation.outgoing.pump(now);
    // The next one is already waiting.
    if (client.heirs.length > 0) this.#yield(now);
    if (waited && !link.closed) link.wire.resume();
  }

  /** Another connection takes the session [MQTT-3.1.4-3]. */
  #yield(now: number): void {
    this.#link.disconnect(Reason.sessionTakenOver);
    this.#leave(now);
  }

  /** Whoever has the session does not react: it is taken. */
  #force(now: number): void {
    const broker = this.#broker, { hub, limits } = this.#link;
    const client = this.#client = broker.client(this.#client!.name, limits);
    if (client.inbox !== undefined) broker.release(client, { now, hub });
    client.heirs = client.heirs.slice(client.heirs.indexOf(hub.self) + 1);
    this.#open(client, now);
  }

  /** True while the session is this connection's. One that lost it without being asked goes. */
  #owns(): boolean {
    if (this.#client!.inbox === this.#link.hub.self) return true;
    this.#link.disconnect(Reason.sessionTakenOver);
    return false;
  }

  /** Gives up the session, or the wait for it. Safe to call twice. */
  #leave(now: number): void {
    const client = this.#client, { hub } = this.#link;
    if (client === undefined) return;
    if (this.#isGuest) hub.guard?.disconnected(hub.identity);
    this.#isGuest = false;
    if (client.inbox === hub.self) this.#broker.release(client, { now, hub });
    else if (this.#state === "waiting") this.#broker.withdraw(client, hub.self);
  }
}

function stopping(): ProtocolError {
  return new ProtocolError("Cannot accept a client: the server stops", Reason.serverUnavailable);
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
export function mqtt(options: Partial<MqttLimits> = {}): OpenSession {
  const limits = { ...defaults, ...options };
  return (wire, hub, now) => new MqttSession(wire, hub, { limits, now });
}
