import type { Clock } from "../clock.ts";
import type { DnsNetwork } from "./exchange.ts";

/**
 * How names are resolved.
 *
 * @example A server of one's own, and less patience
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
   * Whom to ask, in this order: addresses such as `192.0.2.53`, `127.0.0.1:5353` or `[::1]:5353`,
   * and `system` for those of `/etc/resolv.conf`. Default: `system`, and never anybody else.
   */
  servers?: readonly string[];
  /** The hosts file, which is asked first; default `/etc/hosts`; false for none. */
  hosts?: string | false;
  /** The resolver configuration of the system; default `/etc/resolv.conf`. */
  system?: string;
  /** Domains that are tried behind short names; default: those of the system. */
  search?: readonly string[];
  /** Dots in a name that is asked for as it is first; default: the system's, which is usually 1. */
  ndots?: number;
  /** Milliseconds for one attempt with one server; default 5,000. */
  timeoutMs?: number;
  /** Further attempts with all servers; default 2. */
  retries?: number;
  /** Replies that are kept for as long as their TTL allows; default 1,000; 0 keeps none. */
  maxEntries?: number;
  /** What becomes of an IP address in place of a name; default `accept`, and `only` takes no names. */
  literals?: "accept" | "only" | "refuse";
  /** Default: the machine's clock. */
  clock?: Clock;
}

/** With how servers are reached, which only tests change. */
export interface InnerOptions extends ResolverOptions {
  network?: DnsNetwork;
}

/** Five seconds, two retries, 1,000 replies. */
export const resolverDefaults = {
  hosts: "/etc/hosts",
  system: "/etc/resolv.conf",
  timeoutMs: 5_000,
  retries: 2,
  maxEntries: 1_000,
  /** Milliseconds that the files of the system are believed: they change when networks do. */
  filesMs: 5_000,
};
