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
import { Broker } from "./broker.ts";
import { refuseConnect } from "./connack.ts";
import { type Admission, admit, faultOfQuota } from "./connect.ts";
import { misplaced, type Span } from "./conversation.ts";
import { decodePacket } from "./decode.ts";
import type { Link } from "./link.ts";
import { PacketType } from "./packet.ts";
import { connectRefused, login, mayLeaveWill, permissions } from "./permission.ts";
import { Reason } from "./reason.ts";
import { screenAnew } from "./subscribe.ts";
import { Tenure } from "./tenure.ts";

/** The session whose client wants to come in. */
export interface House {
  /** The client may come in, and the session that it asked for is free. */
  open(admission: Admission, now: number): void;
  refuse(error: ProtocolError, now: number): void;
}

/** What is said from the first byte to CONNACK. */
export class Entrance implements AuthOwner {
  /** When CONNECT must have been answered. */
  deadline: number;
  /** There once the client has said who it is. */
  tenure: Tenure | undefined = undefined;
  authentication: Authentication | undefined = undefined;
  #state: "connecting" | "authenticating" | "waiting" = "connecting";
  #admission: Admission | undefined = undefined;

  constructor(readonly link: Link, readonly house: House, now: number) {
    this.deadline = now + link.limits.connectTimeoutMs;
  }

  get expectsConnect(): boolean {
    return this.#state === "connecting";
  }

  /** True while the session that the client wants is still another connection's. */
  get waits(): boolean {
    return this.#state === "waiting";
  }

  /** Handles the packet that `bytes` hold from `at` to `end`. */
  read(bytes: Uint8Array, span: Span): void {
    if (this.#state === "connecting") this.#connect(bytes, span);
    else this.#authenticate(bytes, span);
    if (this.authentication?.waits) this.link.wire.pause();
  }

  /** A method of authentication has answered late. */
  answered(answer: AuthAnswer, now: number): void {
    const { link } = this;
    this.authentication!.answered(answer, now);
    if (!link.closed && !link.waiting && !this.authentication!.waits) link.wire.resume();
  }

  tick(now: number): void {
    if (!this.waits) return this.link.close();
    if (this.#isRefused(now)) return;
    this.tenure!.force(this.link.limits, now);
    this.house.open(this.#admission!, now);
  }

  /** The other connection has left the session. */
  handover(now: number): void {
    if (!this.waits || !this.tenure!.isNext || this.#isRefused(now)) return;
    this.house.open(this.#admission!, now);
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

  /** Finds out who comes in, unless a method of authentication has found that. */
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
    // Whoever waits for hooks is answered in time by them.
    if (link.waiting && !this.waits) this.deadline = Infinity;
  }

  /** A session goes on without what its client may not follow any more. */
  #inspect(identity: Identity, guard: Guard, now: number): void {
    const { link } = this, admission = this.#admission!, { hub } = link;
    hub.identify(identity);
    const client = hub.shared(Broker).clients.get(admission.clientId);
    if (admission.connect.clean || !client?.isFollowing) return this.#admit(now);
    if (this.#isRefused(now)) return;
    const filters = [...client.subscriptions].map(([filter, { qos }]) => ({ filter, qos }));
    link.ask<readonly (Refusal | undefined)[]>(
      (decided) => permissions({ link, guard }, filters, decided),
      (refusals, now) => {
        if (this.#isRefused(now)) return;
        // What nobody can tell now is no reason to lose a subscription for ever.
        const undecided = refusals.find((each) => each?.kind === "unavailable");
        if (undecided !== undefined) return this.house.refuse(connectRefused(undecided), now);
        const refused = filters.filter((_, at) => refusals[at] !== undefined);
        screenAnew(client, hub, refused.map(({ filter }) => filter));
        this.#admit(now);
      },
    );
  }

  /** The client may come in, once nobody else has its session. */
  #admit(now: number): void {
    if (this.#isRefused(now)) return;
    const { link } = this, { hub, limits } = link, broker = hub.shared(Broker);
    const fault = faultOfQuota(this.#admission!, broker, link);
    if (fault !== undefined) return this.house.refuse(fault, now);
    const client = broker.client(this.#admission!.clientId, limits);
    this.tenure = new Tenure(client, broker, hub);
    if (this.tenure.claim(now)) return this.house.open(this.#admission!, now);
    this.#state = "waiting";
    this.deadline = now + limits.connectTimeoutMs;
    link.waiting = true;
    link.wire.pause();
  }

  /** Refuses who wants the session of another user, which it may have become meanwhile. */
  #isRefused(now: number): boolean {
    const { hub } = this.link, { clients } = hub.shared(Broker);
    const { user } = clients.get(this.#admission!.clientId) ?? {};
    if (user === undefined || user === hub.identity.user) return false;
    const why = "Cannot take this client identifier: its session belongs to another user";
    this.house.refuse(new ProtocolError(why, Reason.notAuthorized), now);
    return true;
  }
}
