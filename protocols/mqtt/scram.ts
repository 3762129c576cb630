import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";
import { Buffer } from "node:buffer";
import { utf8 } from "../bytes.ts";
import type { AuthExchange, AuthMethod, AuthStep } from "./authentication.ts";

const METHOD = "SCRAM-SHA-256";
/** 15,000 iterations take some milliseconds; RFC 7677 §4 asks for at least 4,096. */
const ITERATIONS = 15_000;
/** 24 random bytes: far more than anybody could guess. */
const NONCE_BYTES = 24;
/** 4,096 bytes of one message of the client: several times what a long user name needs. */
const MAX_MESSAGE_BYTES = 4096;
/** 16 random bytes of salt, which no two passwords then share. */
const SALT_BYTES = 16;

/**
 * What a server keeps of a password (RFC 5802 §3), from which the password cannot be computed.
 *
 * @example What a file of users may hold
 * ```ts
 * import { type ScramCredentials, scramCredentials } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const kept: ScramCredentials = scramCredentials("correct horse");
 * assert.deepEqual([kept.salt.length, kept.storedKey.length, kept.serverKey.length], [16, 32, 32]);
 * ```
 */
export interface ScramCredentials {
  /** Random bytes that make equal passwords look different. */
  readonly salt: Uint8Array;
  /** How many hashes each guess at the password costs. */
  readonly iterations: number;
  /** To check that a client knows the password. */
  readonly storedKey: Uint8Array;
  /** To show the client that the server knows it. */
  readonly serverKey: Uint8Array;
}

/**
 * Finds the credentials of a user, or undefined when there is no such user.
 *
 * @example Users in memory
 * ```ts
 * import { scramCredentials, type ScramStore } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const users = new Map([["ada", scramCredentials("correct horse")]]);
 * const store: ScramStore = (user) => users.get(user);
 * assert.equal(store("bob"), undefined);
 * ```
 */
export type ScramStore = (user: string) => ScramCredentials | undefined;

/**
 * How credentials are made of a password.
 *
 * @example More work for whoever guesses
 * ```ts
 * import { scramCredentials, type ScramOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: ScramOptions = { iterations: 20_000 };
 * assert.equal(scramCredentials("correct horse", options).iterations, 20_000);
 * ```
 */
export interface ScramOptions {
  /** Default: 16 random bytes. */
  salt?: Uint8Array;
  /** How many hashes each guess at the password costs; default 15,000. */
  iterations?: number;
}

/**
 * Makes the credentials that a server keeps of a password.
 *
 * @example The same password looks different each time
 * ```ts
 * import { scramCredentials } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const [one, other] = [scramCredentials("correct horse"), scramCredentials("correct horse")];
 * assert.notDeepEqual(one.storedKey, other.storedKey);
 * ```
 */
export function scramCredentials(
  password: string,
  { salt = randomBytes(SALT_BYTES), iterations = ITERATIONS }: ScramOptions = {},
): ScramCredentials {
  const salted = pbkdf2Sync(password.normalize("NFKC"), salt, iterations, 32, "sha256");
  const storedKey = createHash("sha256").update(hmac(salted, "Client Key")).digest();
  return { salt, iterations, storedKey, serverKey: hmac(salted, "Server Key") };
}

/**
 * SCRAM-SHA-256 (RFC 5802, RFC 7677): the password never travels, and the server proves itself too.
 *
 * @example Users whose passwords this server cannot read
 * ```ts
 * import { mqtt, scramCredentials, scramSha256 } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const users = new Map([["ada", scramCredentials("correct horse")]]);
 * const method = scramSha256((user) => users.get(user));
 * assert.equal(method.name, "SCRAM-SHA-256");
 * assert.equal(typeof mqtt({ authMethods: [method] }), "function");
 * ```
 */
export function scramSha256(
  store: ScramStore,
  nonce: () => string = () => encodeBase64(randomBytes(NONCE_BYTES)),
): AuthMethod {
  const secret = randomBytes(32);
  return { name: METHOD, begin: () => new ScramExchange(store, nonce(), secret) };
}

class ScramExchange implements AuthExchange {
  #user = "";
  #header = "";
  /** Both first messages, which the proof covers; "" before the client's. */
  #first = "";
  #nonce: string;
  #credentials: ScramCredentials | undefined;
  #isKnown = false;

  constructor(readonly store: ScramStore, nonce: string, readonly secret: Uint8Array) {
    this.#nonce = nonce;
  }

  take(data: Uint8Array | undefined, answer: (step: AuthStep) => void): void {
    const message = data && data.length <= MAX_MESSAGE_BYTES ? utf8(data) : undefined;
    if (message === undefined) return answer(refusal("authentication data of UTF-8 is needed"));
    answer(this.#first === "" ? this.#begin(message) : this.#finish(message));
  }

  #begin(message: string): AuthStep {
    // Without channel binding (n or y): MQTT passes nothing of TLS to an authentication method.
    const found = /^([ny],(?:a=([^,]+))?,)(n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+))$/.exec(message);
    if (found === null) return refusal("the first message is not of the form n,,n=USER,r=NONCE");
    const [, header, identity, bare, name, clientNonce] = found;
    const user = unescaped(name!);
    if (user === undefined || (identity !== undefined && identity !== name)) {
      return refusal("the user name is not in order");
    }
    this.#user = user;
    this.#header = header!;
    const credentials = this.store(user);
    this.#isKnown = credentials !== undefined;
    this.#credentials = credentials ?? this.#decoy(user);
    this.#nonce = clientNonce + this.#nonce;
    const { salt, iterations } = this.#credentials;
    const reply = `r=${this.#nonce},s=${encodeBase64(salt)},i=${iterations}`;
    this.#first = `${bare},${reply}`;
    return { kind: "continue", data: Buffer.from(reply) };
  }

  #finish(message: string): AuthStep {
    const found = /^(c=([^,]+),r=([^,]+)),p=([A-Za-z0-9+/]{43}=)$/.exec(message);
    if (found === null) return refusal("the final message is not of the form c=…,r=…,p=…");
    const [, bare, binding, nonce, proof] = found;
    if (binding !== encodeBase64(this.#header) || nonce !== this.#nonce) {
      return refusal("the final message does not belong to the first");
    }
    const { storedKey, serverKey } = this.#credentials!;
    const said = `${this.#first},${bare}`;
    const signature = hmac(storedKey, said);
    const clientKey = decodeBase64(proof!).map((byte: number, index: number) =>
      byte ^ signature[index]!
    );
    const isRight = timingSafeEqual(createHash("sha256").update(clientKey).digest(), storedKey);
    if (!isRight || !this.#isKnown) return refusal("the user name or the password is wrong");
    const data = Buffer.from(`v=${encodeBase64(hmac(serverKey, said))}`);
    return { kind: "success", data, user: this.#user };
  }

  /** Unknown users get a salt, too, and always the same one, so that nobody learns who is known. */
  #decoy(user: string): ScramCredentials {
    const salt = hmac(this.secret, user).subarray(0, SALT_BYTES);
    return { salt, iterations: ITERATIONS, storedKey: randomBytes(32), serverKey: randomBytes(32) };
  }
}

function hmac(key: Uint8Array, message: string): Uint8Array {
  return createHmac("sha256", key).update(message).digest();
}

/** `=2C` is a comma and `=3D` an equals sign (RFC 5802 §5.1). */
function unescaped(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll("=2C", ",").replaceAll("=3D", "=").normalize("NFKC");
}

function refusal(why: string): AuthStep {
  return { kind: "failure", message: `Cannot authenticate by ${METHOD}: ${why}` };
}
