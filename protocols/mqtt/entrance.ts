import type { Grant } from "../grant.ts";
import type { Guard } from "../guard.ts";
import { type Identity, Refusal } from "../identity.ts";
import { ProtocolError } from "../session.ts";
import {
  type AuthAnswer,
  Authentication,
  type AuthOwner,
  type AuthStep,
} from "./authentication.ts";
import { Broker } from "./broker/broker.ts";
import type { Client } from "./broker/client.ts";
import { Inheritance } from "./broker/inheritance.ts";
import { Tenure } from "./broker/tenure.ts";
import { refuseConnect, unkept } from "./connack.ts";
import { type Admission, admit, faultOfQuota } from "./connect.ts";
import { misplaced, type Span } from "./conversation.ts";
import type { Link } from "./link.ts";
import { decodePacket } from "./packets/decode.ts";
import { PacketType } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";
import { connectRefused, login, mayLeaveWill } from "./permission.ts";

/** The session that an entrance belongs to, and that goes on where the entrance ends. */
export interface House {
  /** The client is let in, and the MQTT session that it asked for is free. */
  open(admission: Admission, now: number): void;
  refuse(error: ProtocolError, now: number): void;
}

/** One connection from its first byte to CONNACK: who the client is, and whether it may come in. */
export class Entrance implements AuthOwner {
  /** When CONNECT must have been answered. */
  deadline: number;
  /** The client's claim to its session; undefined until it is known who the client is. */
  tenure: Tenure | undefined = undefined;
  authentication: Authentication | undefined = undefined;
  #state: "connecting" | "authenticating" | "waiting" | "entering" = "connecting";
  #admission: Admission | undefined = undefined;
  /** There when hooks decide what a client may follow. */
  #inheritance: Inheritance | undefined = undefined;

  constructor(readonly link: Link, readonly house: House, now: number) {
    this.deadline = now + link.limits.connectTimeoutMs;
  }

  get expectsConnect(): boolean {
    return this.#state === "connecting";
  }

  /** True while the session that the client wants is another connection's, or is looked at. */
  get waits(): boolean {
    return this.#state === "waiting" || this.#state === "entering";
  }

  /** Handles the packet that `bytes` hold from `at` to `end`. */
  read(bytes: Uint8Array, span: Span): void {
    if (this.#state === "connecting") this.#connect(bytes, span);
    else this.#authenticate(bytes, span);
    if (this.authentication?.waits) this.link.wire.pause();
  }

  /** The authentication method has answered in a later turn. */
  answered(answer: AuthAnswer, now: number): void {
    const { link } = this;
    this.authentication!.answered(answer, now);
    if (!link.closed && !link.waiting && !this.authentication!.waits) link.wire.resume();
  }

  tick(now: number): void {
    if (!this.waits) return this.link.close();
    if (this.#isRefused(now)) return;
    this.tenure!.force(this.link.limits, now);
    this.#enter(now);
  }

  /** The other connection has left the session. */
  handover(now: number): void {
    if (this.#state !== "waiting" || !this.tenure!.isNext || this.#isRefused(now)) return;
    this.#enter(now);
  }

  /** The gateway stops. */
  shutdown(): void {
    const { link } = this;
    if (this.#state !== "connecting") {
      const why = "Cannot accept a client: the server stops";
      refuseConnect(link, new ProtocolError(why, Reason.serverUnavailable));
    }
    link.close();
  }

  authenticated(step: AuthStep & { kind: "success" }, now: number): void {
    this.link.user = step.user ?? this.link.user;
    this.#admission!.authenticationData = step.data;
    this.#identify(now, step);
  }

  rejected(error: ProtocolError, now: number): void {
    this.house.refuse(error, now);
  }

  #connect(bytes: Uint8Array, { at, end, now }: Span): void {
    const { link } = this, broker = link.hub.shared(Broker);
    const admission = this.#admission = admit(link, broker, { bytes, at, end });
    const { connect, clientId, method } = admission;
    if (method === undefined) return this.#identify(now);
    this.#state = "authenticating";
    this.authentication = new Authentication(link, this, { method, clientId });
    this.authentication.begin(connect.properties?.authenticationData, now);
  }

  /** Only AUTH and DISCONNECT may come before CONNACK [MQTT-3.1.2-33]. */
  #authenticate(bytes: Uint8Array, { at, end, now }: Span): void {
    const packet = decodePacket(bytes, at, end, this.link.version);
    if (packet.type === "disconnect") return this.link.close();
    if (packet.type !== "auth") throw misplaced(PacketType[packet.type]);
    this.authentication!.take(packet, now);
  }

  /** Finds out who the client is, unless an authentication method has found that out already. */
  #identify(now: number, { user, grant }: { user?: string; grant?: Grant } = {}): void {
    const { link } = this, admission = this.#admission!, { guard } = link.hub;
    const { clientId } = admission;
    const identity: Identity = { ...link.hub.identity, user, clientId, ...grant && { grant } };
    if (guard === undefined) {
      link.hub.identify(identity);
      return this.#admit(now);
    }
    const isProved = this.authentication !== undefined;
    link.ask<Identity | Refusal>(
      (decided) =>
        isProved
          ? mayLeaveWill(guard, { identity, admission, now }, decided)
          : login({ link, guard }, admission, decided),
      (answer, now) => {
        if (answer instanceof Refusal) this.house.refuse(connectRefused(answer), now);
        else this.#inspect(answer, guard, now);
      },
    );
    // Hooks have time limits of their own.
    if (link.waiting && !this.waits) this.deadline = Infinity;
  }

  /**
   * Asks before another connection has to leave the session: a client that is refused takes it from
   * nobody.
   */
  #inspect(identity: Identity, guard: Guard, now: number): void {
    const { link } = this, { clientId, connect } = this.#admission!;
    link.hub.identify(identity);
    const client = link.hub.shared(Broker).clients.get(clientId);
    if (!connect.clean) this.#inheritance = new Inheritance(link, guard);
    if (client === undefined || this.#inheritance?.isKnown(client) !== false) {
      return this.#admit(now);
    }
    if (!this.#isRefused(now)) this.#ask(client, (now) => this.#admit(now));
  }

  /** Goes on with `then` once hooks have said what the client may follow of a session. */
  #ask(client: Client, then: (now: number) => void): void {
    this.link.ask<Refusal | undefined>(
      (decided) => this.#inheritance!.ask(client, decided),
      (refusal, now) => {
        if (this.#isRefused(now)) return;
        if (refusal !== undefined) this.house.refuse(connectRefused(refusal), now);
        else then(now);
      },
    );
  }

  /** Lets the client in, as soon as no other connection has its session. */
  #admit(now: number): void {
    if (this.#isRefused(now)) return;
    const { link } = this, { hub, limits } = link, broker = hub.shared(Broker);
    const fault = faultOfQuota(this.#admission!, broker, link);
    if (fault !== undefined) return this.house.refuse(fault, now);
    const client = broker.client(this.#admission!.clientId, limits);
    this.tenure = new Tenure(client, broker, hub);
    if (this.tenure.claim(now)) return this.#enter(now);
    this.#state = "waiting";
    this.deadline = now + limits.connectTimeoutMs;
    link.waiting = true;
    link.wire.pause();
  }

  /** Takes the session, which is free, without what its client may not follow. */
  #enter(now: number): void {
    const { client } = this.tenure!, inheritance = this.#inheritance;
    if (inheritance?.isKnown(client) !== false) {
      inheritance?.settle(client);
      return this.house.open(this.#admission!, now);
    }
    // The connection before has subscribed since hooks were asked, or there are other hooks now.
    this.#state = "entering";
    this.deadline = Infinity;
    this.tenure!.hold();
    this.#ask(client, (now) => {
      if (this.tenure!.isNext) return this.#enter(now);
      // Another connection, which has waited for too long, has taken it by force.
      const why = "Cannot go on with the session: another connection has taken it";
      this.house.refuse(new ProtocolError(why, Reason.serverUnavailable), now);
    });
  }

  /**
   * Refuses a client that wants another user's session, which it may have become since CONNECT, or
   * one that cannot be kept.
   */
  #isRefused(now: number): boolean {
    const { hub } = this.link, { clientId, expirySeconds } = this.#admission!;
    const { user, log } = hub.shared(Broker).clients.get(clientId) ?? {};
    let error: ProtocolError | undefined;
    if (user !== undefined && user !== hub.identity.user) {
      const why = "Cannot take this client identifier: its session belongs to another user";
      error = new ProtocolError(why, Reason.notAuthorized);
    } else if (hub.journal?.failing && (expirySeconds > 0 || log !== undefined)) {
      error = unkept();
    }
    if (error !== undefined) this.house.refuse(error, now);
    return error !== undefined;
  }
}
