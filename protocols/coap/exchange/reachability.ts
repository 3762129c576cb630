import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Hub } from "../../session.ts";
import type { CoapLimits } from "../limits.ts";
import { Answer } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { Options } from "../messages/options.ts";
import { keyOf } from "./peers.ts";
import { Recent } from "./recent.ts";

/** 3 bytes that an address may be sent for each that came from it (RFC 9175 §2.4). */
const AMPLIFICATION = 3;

/** 93 s for which an Echo value is valid at least: MAX_TRANSMIT_WAIT, in which a client retries. */
const ECHO_MS = 93_000;

/** 8 bytes of an Echo value: nobody guesses 64 bits, and short requests leave no room for more. */
const ECHO_BYTES = 8;

/** The key of Echo values, one for all sockets of this process. After a restart they are void. */
const secret = randomBytes(32);

/** `172.16.0.0/12`. */
const private172 = /^172\.(?:1[6-9]|2\d|3[01])\./;

/** Loopback, link-local and unique local IPv6 addresses, in brackets (RFC 4291 §2.5, RFC 4193). */
const nearV6 = /^\[(?:::1\]|fe[89ab][\da-f]:|f[cd][\da-f]{2}:)/i;

/**
 * Knows which addresses are verified. Anybody can forge the address of a datagram, so one that is
 * not verified is sent at most three times the bytes that came from it (RFC 9175 §2.4).
 */
export class Reachability {
  /** The time of the present turn. */
  now = 0;
  /** Until when each address is verified. */
  readonly #verified: Recent<number>;
  /**
   * Bytes that each other address may still be sent. To forget one is safe: it may be sent nothing.
   */
  readonly #credits: Recent<number>;

  constructor(readonly limits: CoapLimits, readonly hub: Pick<Hub, "count">) {
    this.#verified = new Recent(limits.maxVerified);
    this.#credits = new Recent(limits.maxUnverified);
  }

  /** How many addresses are remembered. */
  get size(): number {
    return this.#verified.size + this.#credits.size;
  }

  /** True when an address may be sent any number of bytes. */
  allows(address: string): boolean {
    return this.#allows(keyOf(address));
  }

  /** A datagram came from an address. */
  heard(address: string, bytes: number): void {
    const key = keyOf(address);
    if (this.#allows(key)) return;
    this.#credits.set(key, (this.#credits.get(key) ?? 0) + AMPLIFICATION * bytes);
  }

  /** True when an address may be sent so many bytes, which are counted then. */
  spend(address: string, bytes: number): boolean {
    const key = keyOf(address);
    if (this.#allows(key)) return true;
    const left = (this.#credits.get(key) ?? 0) - bytes;
    if (left >= 0) this.#credits.set(key, left);
    return left >= 0;
  }

  /** Verifies an address: its peer has repeated what only it and we can know. */
  verify(address: string): void {
    this.#verified.set(keyOf(address), this.now + this.limits.verifiedMs);
  }

  /**
   * Verifies an address if this is the Echo value of its present challenge, or of the one before.
   */
  check(address: string, echo: Uint8Array): void {
    const key = keyOf(address);
    if (echo.length !== ECHO_BYTES || this.#allows(key)) return;
    for (const age of [0, 1]) {
      if (timingSafeEqual(echo, this.#echoOf(key, age))) return this.verify(address);
    }
  }

  /** 4.01, with the Echo value with which to repeat the request (RFC 9175 §2.3). */
  challenge(address: string): Answer {
    this.hub.count("coap.challenged");
    const echo = new Option(Options.echo, this.#echoOf(keyOf(address), 0));
    return new Answer(Code.unauthorized, encodeOptions([echo]));
  }

  #allows(key: string): boolean {
    const { verifyAddresses } = this.limits;
    if (verifyAddresses === "none" || verifyAddresses === "public" && isNear(key)) return true;
    return this.now < (this.#verified.get(key) ?? 0);
  }

  /** The Echo value of an address, computed from the time, so that none is stored (appendix A). */
  #echoOf(key: string, age: number): Uint8Array {
    const period = Math.floor(this.now / ECHO_MS) - age;
    return createHmac("sha256", secret).update(`${period} ${key}`).digest().subarray(0, ECHO_BYTES);
  }
}

/**
 * True for an address that cannot be forged from afar: loopback, link-local or private (RFC 1122
 * §3.2.1.3, RFC 3927, RFC 1918), or of no IP network. It is called for every datagram.
 */
function isNear(key: string): boolean {
  const first = key.charCodeAt(0);
  if (first === 0x5b) return nearV6.test(key);
  if (first < 0x30 || first > 0x39) return true;
  return key.startsWith("127.") || key.startsWith("10.") || key.startsWith("192.168.") ||
    key.startsWith("169.254.") || private172.test(key);
}
