import type { Qos } from "./publication.ts";

/**
 * Whether a client is there: `online` while it is connected or was heard in time, `stale` when it is
 * missed but may come back, `offline` when it is not expected any more.
 */
export type Presence = "online" | "stale" | "offline";

/** What is published when a client is missed. */
export interface RegisteredWill {
  topic: string;
  payload: Uint8Array;
  qos: Qos;
  retain: boolean;
  contentType?: string | undefined;
}

/** A client that has no connection by which it would be missed. */
export interface Registration {
  readonly id: string;
  /** Whose it is: nobody else may change it. */
  readonly user: string | undefined;
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
}

/** 10,000 sensors, with wills of 1,600 bytes. */
export const registrationDefaults: RegistrationLimits = {
  maxRegistrations: 10_000,
  maxWillBytes: 16 << 20,
};

/** Whoever makes known what becomes of registered clients. */
export interface Herald {
  tell(id: string, presence: Presence): void;
  publish(will: RegisteredWill): void;
  /** A client is not registered any more. */
  forgotten(id: string): void;
}

interface Entry {
  registration: Registration;
  presence: Presence;
  /** When it is missed, or given up. */
  dueAt: number;
}

/** Clients that have to be heard now and then, and their wills. */
export class Registrations {
  /** When `tick` is due; Infinity for never. */
  deadline = Infinity;
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(readonly herald: Herald, readonly limits: RegistrationLimits) {}

  get size(): number {
    return this.#entries.size;
  }

  find(id: string): Registration | undefined {
    return this.#entries.get(id)?.registration;
  }

  /** When a client has to be heard next. */
  dueAt(id: string): number | undefined {
    return this.#entries.get(id)?.dueAt;
  }

  /** Registers a client that was just heard, or changes what is known; false when there is no room. */
  set(registration: Registration, now: number): boolean {
    const { id } = registration, { maxRegistrations, maxWillBytes } = this.limits;
    const before = this.#entries.get(id);
    const bytes = this.#bytes - bytesOf(before?.registration) + bytesOf(registration);
    const isNew = before === undefined;
    if (bytes > maxWillBytes || (isNew && this.size >= maxRegistrations)) return false;
    this.#bytes = bytes;
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

  /** A client says goodbye: its will is not wanted any more. False when it is not registered. */
  delete(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#bytes -= bytesOf(entry.registration);
    this.#entries.delete(id);
    this.#become(id, entry, "offline");
    this.herald.forgotten(id);
    return true;
  }

  /** Publishes the wills of those who are missed, and gives up who has been missed as long again. */
  tick(now: number): void {
    this.deadline = Infinity;
    for (const [id, entry] of [...this.#entries]) {
      const { lifetimeMs, will } = entry.registration;
      if (entry.dueAt <= now && entry.presence === "online") {
        entry.dueAt += lifetimeMs;
        this.#become(id, entry, "stale");
        if (will !== undefined) this.herald.publish(will);
      }
      if (entry.dueAt <= now) this.delete(id);
      else this.deadline = Math.min(this.deadline, entry.dueAt);
    }
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
