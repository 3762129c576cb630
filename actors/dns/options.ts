import type { Clock } from "../clock.ts";
import type { DnsNetwork } from "./exchange.ts";

/**
 * Which servers a resolver asks, and how long it waits.
 *
 * @example A server of your own, and less patience
 * ```ts
 * import { resolver, type ResolverOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: ResolverOptions = { servers: ["127.0.0.1:9"], timeoutMs: 50, retries: 0 };
 * await assert.rejects(resolver(options).lookup("home.example"), { reason: "unreachable" });
 * ```
 */
export interface ResolverOptions {
  /**
   * The servers to ask, in this order: addresses such as `192.0.2.53`, `127.0.0.1:5353` or
   * `[::1]:5353`, and `system` for those in `/etc/resolv.conf`. Default: only `system`.
   */
  servers?: readonly string[];
  /**
   * The hosts file, which is read before any server is asked; default `/etc/hosts`, false for none.
   */
  hosts?: string | false;
  /** The resolver configuration of the system; default `/etc/resolv.conf`. */
  system?: string;
  /** Domains that are appended to short names; default: those of the system. */
  search?: readonly string[];
  /**
   * Dots from which on a name is first asked for as it is, and only then with the domains of
   * `search`; default: as in the system's configuration, which is usually 1.
   */
  ndots?: number;
  /** Milliseconds for one attempt with one server; default 5,000. */
  timeoutMs?: number;
  /** How often all servers are asked again when none has answered; default 2. */
  retries?: number;
  /** Replies that are kept for as long as their TTLs allow; default 1,000, 0 keeps none. */
  maxEntries?: number;
  /**
   * What becomes of an IP address in place of a name; default `accept`, which resolves it to
   * itself. `refuse` rejects addresses, `only` rejects names.
   */
  literals?: "accept" | "only" | "refuse";
  /** Where the time comes from; default: the machine's clock. */
  clock?: Clock;
}

/** Options with the network by which servers are reached, which only tests change. */
export interface InnerOptions extends ResolverOptions {
  network?: DnsNetwork;
}

/** What a resolver does that is not told otherwise. */
export const resolverDefaults = {
  hosts: "/etc/hosts",
  system: "/etc/resolv.conf",
  /** 5 s and two retries, as resolv.conf(5) has it: a server that is there answers sooner. */
  timeoutMs: 5_000,
  retries: 2,
  /** 1,000 replies of some hundred bytes. */
  maxEntries: 1_000,
  /** 5 s, for which the files of the system are not read again: they change when networks do. */
  filesMs: 5_000,
};
