import { Holdings } from "./owner.ts";
import type { Qos } from "./publication.ts";

/**
 * Whether a client is there: `online` while it is connected or was heard in time, `stale` when it
 * did not come in time but still may, `offline` when it is not expected any more.
 */
export type Presence = "online" | "stale" | "offline";

/** What is published when a client was not heard in time. */
export interface RegisteredWill {
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  contentType?: string | undefined;
}

/** A client without a connection whose loss would show that it has gone. */
export interface Registration {
  readonly id: string;
  /** The user who registered it: nobody else may change it. */
  readonly user: string | undefined;
  /** For whom it is counted. */
  readonly owner: string;
  /** Milliseconds in which it must be heard. */
  readonly lifetimeMs: number;
  readonly will: RegisteredWill | undefined;
}

/**
 * What registered clients may take.
 *
 * @example No more than three clients
 * ```ts
 * import { gateway, presence, type RegistrationLimits, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<RegistrationLimits> = { maxRegistrations: 3 };
 * await using hub = gateway({ presence: presence({ limits }) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const codes: number[] = [];
 * for (const id of ["a", "b", "c", "d"]) {
 *   const answer = await fetch(`http://127.0.0.1:${port}/clients/${id}/will`, { method: "PUT" });
 *   codes.push(answer.status);
 *   await answer.body?.cancel();
 * }
 * assert.deepEqual(codes, [201, 201, 201, 503]);
 * ```
 */
export interface RegistrationLimits {
  /** Registered clients; default 10,000. */
  maxRegistrations: number;
  /** Bytes of all their wills; default 16 MiB. */
  maxWillBytes: number;
  /** Registered clients of one user, or of one address without users; default 2,500. */
  maxRegistrationsPerUser: number;
  /** Bytes of their wills; default 4 MiB. */
  maxWillBytesPerUser: number;
}

/** Room for 10,000 sensors with wills of 1,600 bytes. */
export const registrationDefaults: RegistrationLimits = {
  maxRegistrations: 10_000,
  maxWillBytes: 16 << 20,
  maxRegistrationsPerUser: 2_500,
  maxWillBytesPerUser: 4 << 20,
};

/** Whoever tells others what becomes of registered clients. */
export interface Herald {
  tell(id: string, presence: Presence): void;
  publish(will: RegisteredWill, owner: string): void;
  /** A client is not registered any more. */
  forgotten(id: string): void;
}

interface Entry {
  registration: Registration;
  presence: Presence;
  /** When it turns stale, or is given up. */
  dueAt: number;
}

/** Clients that have to be heard from time to time, and their wills. */
export class Registrations {
  /** When `tick` is due; Infinity for never. */
  deadline = Infinity;
  readonly #entries = new Map<string, Entry>();
  readonly #holdings = new Holdings();

  constructor(readonly herald: Herald, readonly limits: RegistrationLimits) {}

  get size(): number {
    return this.#entries.size;
  }

  find(id: string): Registration | undefined {
    return this.#entries.get(id)?.registration;
  }

  /** When a client has to be heard again at the latest. */
  dueAt(id: string): number | undefined {
    return this.#entries.get(id)?.dueAt;
  }

  /**
   * Registers a client, or changes its registration; false when there is no room. Counts as heard.
   */
  set(registration: Registration, now: number): boolean {
    const { id, owner } = registration, before = this.#entries.get(id);
    const { maxRegistrations, maxWillBytes, ...of } = this.limits;
    const more = bytesOf(registration) - bytesOf(before?.registration);
    if (before === undefined && this.size >= maxRegistrations) return false;
    if (this.#holdings.bytes + more > maxWillBytes) return false;
    // What there was has its place, whoever is asked about.
    const isOwn = before?.registration.owner === owner, { count, bytes } = this.#holdings.of(owner);
    if (!isOwn && count >= of.maxRegistrationsPerUser) return false;
    if (bytes + (isOwn ? more : bytesOf(registration)) > of.maxWillBytesPerUser) return false;
    if (before !== undefined) this.#count(before.registration, -1);
    this.#count(registration, 1);
    this.#entries.set(id, { registration, presence: before?.presence ?? "offline", dueAt: now });
    return this.hear(id, now);
  }

  /** A client was heard; false when it is not registered. */
  hear(id: string, now: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    entry.dueAt = now + entry.registration.lifetimeMs;
    this.deadline = Math.min(this.deadline, entry.dueAt);
    this.#become(id, entry, "online");
    return true;
  }

  /** A client says goodbye, so its will is not published. False when it is not registered. */
  delete(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#count(entry.registration, -1);
    this.#entries.delete(id);
    this.#become(id, entry, "offline");
    this.herald.forgotten(id);
    return true;
  }

  /** Publishes the wills of clients that turn stale, and gives up those stale for a lifetime. */
  tick(now: number): void {
    this.deadline = Infinity;
    for (const [id, entry] of [...this.#entries]) {
      const { lifetimeMs, will, owner } = entry.registration;
      if (entry.dueAt <= now && entry.presence === "online") {
        entry.dueAt += lifetimeMs;
        this.#become(id, entry, "stale");
        if (will !== undefined) this.herald.publish(will, owner);
      }
      if (entry.dueAt <= now) this.delete(id);
      else this.deadline = Math.min(this.deadline, entry.dueAt);
    }
  }

  #count(registration: Registration, sign: 1 | -1): void {
    this.#holdings.add(registration.owner, sign, sign * bytesOf(registration));
  }

  #become(id: string, entry: Entry, presence: Presence): void {
    if (entry.presence === presence) return;
    entry.presence = presence;
    this.herald.tell(id, presence);
  }
}

function bytesOf(registration: Registration | undefined): number {
  const will = registration?.will;
  return will === undefined ? 0 : will.topic.length + will.payload.length;
}
