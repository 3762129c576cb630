import { ClientIds } from "../../protocols/coap/pubsub/client.ts";
import { Broker } from "../../protocols/mqtt/broker/broker.ts";
import { ownerOf } from "../../protocols/owner.ts";
import {
  type Herald,
  type Presence,
  type RegisteredWill,
  type Registration,
  registrationDefaults,
  type RegistrationLimits,
  Registrations,
} from "../../protocols/presence.ts";
import { Publication } from "../../protocols/publication.ts";
import type { Outcome } from "../../protocols/session.ts";
import { faultOfTopic } from "../../protocols/topic.ts";
import type { Space } from "../space/space.ts";

/** Registrations are retained values of topics below this, and so stored like all others. */
const PREFIX = "$clients/";

/** Seconds for which `offline` is kept for a client that has left: an hour. */
const OFFLINE_SECONDS = 3_600;
/** Of how many: a client can have another name each time that it comes. */
const MAX_OFFLINE = 10_000;

const encoder = new TextEncoder();

/** Who is there: `$presence/{id}`, and the wills of clients that have no connection. */
export class Presences implements Herald {
  readonly registrations: Registrations;
  readonly #space: Space;
  /** Topics that say who has left, those who went first in front. */
  readonly #left = new Set<string>();
  #isRestored = false;

  constructor(space: Space, isOfAll: boolean, limits: Partial<RegistrationLimits>) {
    this.#space = space;
    this.registrations = new Registrations(this, { ...registrationDefaults, ...limits });
    if (!isOfAll) return;
    const broker = space.shared(Broker);
    broker.moved = space.shared(ClientIds).moved = (id, presence) => this.tell(id, presence);
    // Sessions that a store has brought back wait for their clients.
    for (const { name } of broker.clients.values()) this.tell(name, "stale");
  }

  tell(id: string, presence: Presence): void {
    const topic = `$presence/${id}`;
    // MQTT lets a client call itself "#", or have too many slashes: no topic could tell of it.
    if (faultOfTopic(topic) !== undefined) return;
    const properties = presence === "offline" ? { expirySeconds: OFFLINE_SECONDS } : undefined;
    this.#left.delete(topic);
    if (presence === "offline") {
      this.#left.add(topic);
      if (this.#left.size > MAX_OFFLINE) this.#forget(this.#left.values().next().value!);
    }
    this.#publish(topic, presence, {
      contentType: "text/plain",
      ...properties && { properties },
    });
  }

  publish({ topic, payload, ...options }: RegisteredWill, owner: string): void {
    const time = this.#space.clock.now();
    this.#space.publish(new Publication(topic, payload, { ...options, time }), undefined, owner);
  }

  /** Registers a client, and has that written down; false when there is no room. */
  register(registration: Registration): boolean {
    this.restore();
    const { id, will, owner, ...rest } = registration, { registrations } = this;
    const before = registrations.find(id), now = this.#space.clock.now();
    if (!registrations.set(registration, now)) return false;
    const written = { ...rest, will: will && { ...will, payload: will.payload.toBase64() } };
    // Whose it is is kept beside the value, which others may read.
    const options = { contentType: "application/json" };
    if (this.#publish(PREFIX + id, JSON.stringify(written), options, owner) !== "overloaded") {
      return true;
    }
    if (before === undefined) registrations.delete(id);
    else registrations.set(before, now);
    return false;
  }

  /** Forgets a client; false when it is not registered. */
  forget(id: string): boolean {
    this.restore();
    return this.registrations.delete(id);
  }

  /** Reads the registrations from before a restart; such a client has its whole lifetime anew. */
  restore(): void {
    if (this.#isRestored) return;
    this.#isRestored = true;
    const now = this.#space.clock.now();
    for (const value of [...this.#space.retained.matching(`${PREFIX}#`, now)]) {
      const registration = readRegistration(value, this.#space.retained.ownerOf(value.topic));
      if (registration !== undefined) this.registrations.set(registration, now);
    }
  }

  tick(): void {
    this.restore();
    const now = this.#space.clock.now(), { registrations } = this;
    if (registrations.deadline <= now) registrations.tick(now);
  }

  forgotten(id: string): void {
    this.#publish(PREFIX + id, "", {});
  }

  #forget(topic: string): void {
    this.#left.delete(topic);
    this.#publish(topic, "", {});
  }

  #publish(
    topic: string,
    text: string,
    options: ConstructorParameters<typeof Publication>[2],
    owner?: string,
  ): Outcome {
    const time = this.#space.clock.now();
    const all = { qos: 1, retain: true, time, ...options } as const;
    return this.#space.publish(new Publication(topic, encoder.encode(text), all), undefined, owner);
  }
}

/** A registration as it was written down; undefined for something else. */
function readRegistration(
  { topic, payload }: Publication,
  owner: string | undefined,
): Registration | undefined {
  try {
    const { will, user, lifetimeMs } = JSON.parse(new TextDecoder().decode(payload));
    return {
      id: topic.slice(PREFIX.length),
      user,
      owner: owner ?? ownerOf({ user, address: "" }),
      lifetimeMs,
      will: will && { ...will, payload: Uint8Array.fromBase64(will.payload) },
    };
  } catch {
    return undefined;
  }
}
