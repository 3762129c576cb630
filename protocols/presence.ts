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
  /** Milliseconds within which it must be heard again. */
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

/** Room for 10,000 sensors with wills of 1,600 bytes. */
export const registrationDefaults: RegistrationLimits = {
  maxRegistrations: 10_000,
  maxWillBytes: 16 << 20,
};

/** Whoever tells others what becomes of registered clients. */
export interface Herald {
  tell(id: string, presence: Presence): void;
  publish(will: RegisteredWill): void;
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
  #bytes = 0;

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

  /** A client says goodbye, so its will is not published. False when it is not registered. */
  delete(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#bytes -= bytesOf(entry.registration);
    this.#entries.delete(id);
    this.#become(id, entry, "offline");
    this.herald.forgotten(id);
    return true;
  }

  /** Publishes the wills of clients that turn stale, and gives up those stale for a lifetime. */
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
