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
  /** Questions of one TCP connection that wait for an answer; default 64. Then it is not read. */
  maxPendingOfStream: number;
  /** Questions by UDP that wait for an answer; default 1,024. Then more are dropped. */
  maxPendingOfSocket: number;
}

/** 10 s of silence, 64 and 1,024 questions that wait. */
export const dnsDefaults: DnsLimits = {
  dnsIdleMs: 10_000,
  maxPendingOfStream: 64,
  maxPendingOfSocket: 1_024,
};
