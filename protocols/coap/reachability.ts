import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Hub } from "../session.ts";
import { Answer } from "./answer.ts";
import { Code } from "./codec.ts";
import type { CoapLimits } from "./limits.ts";
import { encodeOptions, Option } from "./option_bytes.ts";
import { Options } from "./options.ts";
import { keyOf } from "./peers.ts";
import { Recent } from "./recent.ts";

/** Bytes that an address may be sent for each that came from it (RFC 9175 §2.4). */
const AMPLIFICATION = 3;

/** How long an Echo value is good for at least: a client goes on asking for MAX_TRANSMIT_WAIT. */
const ECHO_MS = 93_000;

/** Nobody guesses 64 bits, and the shortest requests leave no room for more. */
const ECHO_BYTES = 8;

/** Of this process: what it asks is good for all its sockets, and for nobody after a restart. */
const secret = randomBytes(32);

/** `172.16.0.0/12`. */
const private172 = /^172\.(?:1[6-9]|2\d|3[01])\./;

/** Loopback, link-local and unique local IPv6 addresses, in brackets (RFC 4291 §2.5, RFC 4193). */
const nearV6 = /^\[(?:::1\]|fe[89ab][\da-f]:|f[cd][\da-f]{2}:)/i;

/**
 * Who is where its datagrams say it is. Anybody can write any address on them, so one that has not
 * been verified is sent at most three times the bytes that came from it (RFC 9175 §2.4).
 */
export class Reachability {
  /** The time of the present turn. */
  now = 0;
  /** Until when. */
  readonly #verified: Recent<number>;
  /** Bytes that those may still be sent who are not. To forget them is safe. */
  readonly #credits: Recent<number>;

  constructor(readonly limits: CoapLimits, readonly hub: Pick<Hub, "count">) {
    this.#verified = new Recent(limits.maxVerified);
    this.#credits = new Recent(limits.maxUnverified);
  }

  /** Addresses that something is known of. */
  get size(): number {
    return this.#verified.size + this.#credits.size;
  }

  /** True when an address may be sent anything. */
  allows(address: string): boolean {
    return this.#allows(keyOf(address));
  }

  /** A datagram came from an address. */
  heard(address: string, bytes: number): void {
    const key = keyOf(address);
    if (this.#allows(key)) return;
    this.#credits.set(key, (this.#credits.get(key) ?? 0) + AMPLIFICATION * bytes);
  }

  /** True when an address may be sent so many bytes; then they count. */
  spend(address: string, bytes: number): boolean {
    const key = keyOf(address);
    if (this.#allows(key)) return true;
    const left = (this.#credits.get(key) ?? 0) - bytes;
    if (left >= 0) this.#credits.set(key, left);
    return left >= 0;
  }

  /** Somebody at an address has shown what only we, and whoever is there, can know. */
  verify(address: string): void {
    this.#verified.set(keyOf(address), this.now + this.limits.verifiedMs);
  }

  /** Verifies an address when this is what its challenge said, or the one before. */
  check(address: string, echo: Uint8Array): void {
    const key = keyOf(address);
    if (echo.length !== ECHO_BYTES || this.#allows(key)) return;
    for (const age of [0, 1]) {
      if (timingSafeEqual(echo, this.#echoOf(key, age))) return this.verify(address);
    }
  }

  /** 4.01, with the value that the same request is to be sent again with (RFC 9175 §2.3). */
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

  /** The value of an address at this time: it needs no memory (RFC 9175, appendix A). */
  #echoOf(key: string, age: number): Uint8Array {
    const period = Math.floor(this.now / ECHO_MS) - age;
    return createHmac("sha256", secret).update(`${period} ${key}`).digest().subarray(0, ECHO_BYTES);
  }
}

/**
 * True for an address that nobody can pretend to have from afar: loopback, link-local and private
 * (RFC 1122 §3.2.1.3, RFC 3927, RFC 1918), and one of no IP network. Asked for every datagram.
 */
function isNear(key: string): boolean {
  const first = key.charCodeAt(0);
  if (first === 0x5b) return nearV6.test(key);
  if (first < 0x30 || first > 0x39) return true;
  return key.startsWith("127.") || key.startsWith("10.") || key.startsWith("192.168.") ||
    key.startsWith("169.254.") || private172.test(key);
}
