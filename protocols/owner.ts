import type { Identity } from "./identity.ts";

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
 * Whom the limits of each user count something for: the user, and whoever has no name by where he
 * comes from. Of an IPv6 address the first half counts: the rest is the user's to choose (RFC 4291 §2.5.4).
 */
export function ownerOf({ user, address }: Pick<Identity, "user" | "address">): string {
  return user === undefined ? `at ${networkOf(address)}` : `user ${user}`;
}

/** The same of whoever has no name, by the address that he comes from. */
export function ownerAt(address: string): string {
  return ownerOf({ user: undefined, address });
}

function networkOf(address: string): string {
  const host = address.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(host);
  if (mapped !== null) return mapped[1]!;
  if (!/^[\da-f:]*:[\da-f:]*(%|$)/i.test(host)) return host;
  const [head = "", tail] = host.split("::"), groups = head === "" ? [] : head.split(":");
  // "1::2" has as many zeros in its middle as are missing.
  const rest = tail === undefined ? 0 : tail.split(":").length;
  while (groups.length < Math.min(4, 8 - rest)) groups.push("0");
  if (groups.length < 4) groups.push(...tail!.split(":"));
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(":");
}
