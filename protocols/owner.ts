import type { Identity } from "./identity.ts";
import { networkOf } from "./network.ts";

/** What somebody has of what all share. */
export interface Holding {
  readonly owner: string;
  readonly count: number;
  readonly bytes: number;
}

/** What each user has of something that all share. */
export class Holdings {
  /** What all have together, in bytes. */
  bytes = 0;
  readonly #held = new Map<string, Holding>();

  /** Those who have something. */
  get size(): number {
    return this.#held.size;
  }

  of(owner: string): Holding {
    return this.#held.get(owner) ?? { owner, count: 0, bytes: 0 };
  }

  /** Adds to what `owner` has, or takes from it. */
  add(owner: string, count: number, bytes: number): Holding {
    const before = this.of(owner);
    const now = { ...before, count: before.count + count, bytes: before.bytes + bytes };
    this.bytes += bytes;
    if (now.count === 0 && now.bytes === 0) this.#held.delete(owner);
    else this.#held.set(before.owner, now);
    return now;
  }
}

/**
 * Whom the limits of each user count something for: the user, or for whoever has no name the network
 * that they come from.
 */
export function ownerOf({ user, address }: Pick<Identity, "user" | "address">): string {
  return user === undefined ? `at ${networkOf(address)}` : `user ${user}`;
}

/** The same of whoever has no name, by the address that he comes from. */
export function ownerAt(address: string): string {
  return ownerOf({ user: undefined, address });
}
