/**
 * What a DNS listener may take.
 *
 * @example More patience with clients by TCP
 * ```ts
 * import { dns, type DnsLimits } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<DnsLimits> = { dnsIdleMs: 60_000 };
 * assert.equal(typeof dns({ limits }), "function");
 * ```
 */
export interface DnsLimits {
  /** Milliseconds that a TCP connection may be silent; default 10,000 (RFC 7766 §6.2.3). */
  dnsIdleMs: number;
  /** Queries of one TCP connection that wait for a reply; default 64. No more are read then. */
  maxPendingOfStream: number;
  /** Queries over UDP that wait for a reply; default 1,024. More are dropped. */
  maxPendingOfSocket: number;
}

/** The limits of a listener that names none. */
export const defaults: DnsLimits = {
  // A few seconds are what RFC 7766 §6.2.3 recommends.
  dnsIdleMs: 10_000,
  // More than a resolver has under way on one connection.
  maxPendingOfStream: 64,
  // For what handlers ask of others, at 10,000 queries a second and 100 ms each.
  maxPendingOfSocket: 1_024,
};
