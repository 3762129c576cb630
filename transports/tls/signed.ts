import { constants, type KeyObject, verify } from "node:crypto";
import { bitsOf, DerReader, explicitTag, integerOf, objectIdOf, Tag } from "./der_reader.ts";

/** Something that an authority has signed: a certificate, or a list of those that it has revoked. */
export interface Signed {
  /** What is signed, whole. */
  readonly body: Uint8Array;
  readonly algorithm: Algorithm;
  /** The algorithm as it is written, which what is signed has to repeat. */
  readonly named: Uint8Array;
  readonly signature: Uint8Array;
}

/** How a signature was made. */
export interface Algorithm {
  readonly id: string;
  /** Undefined for one that this gateway does not know. */
  readonly kind: "rsa" | "rsa-pss" | "ec" | "ed25519" | undefined;
  /** Null where the algorithm hashes by itself. */
  readonly hash: string | null;
  readonly saltLength?: number;
}

const RSA_PSS = "1.2.840.113549.1.1.10";

/** SHA-1 and MD5 are missing on purpose: both have been forged. */
const hashes: Readonly<Record<string, string>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** RFC 4055 §5, RFC 5758 §3.2, RFC 8410 §3. */
const algorithms: Readonly<Record<string, Pick<Algorithm, "kind" | "hash">>> = {
  "1.2.840.113549.1.1.11": { kind: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { kind: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { kind: "rsa", hash: "sha512" },
  "1.2.840.10045.4.3.2": { kind: "ec", hash: "sha256" },
  "1.2.840.10045.4.3.3": { kind: "ec", hash: "sha384" },
  "1.2.840.10045.4.3.4": { kind: "ec", hash: "sha512" },
  "1.3.101.112": { kind: "ed25519", hash: null },
};

/** Takes body, algorithm and signature apart (RFC 5280 §4.1, §5.1). */
export function readSigned(der: Uint8Array, what: string): Signed {
  const whole = new DerReader(der), inside = whole.open(what);
  whole.finish(what);
  const body = inside.take(`what is signed in ${what}`, Tag.sequence).raw;
  const named = inside.take("the signature's algorithm", Tag.sequence);
  const signature = bitsOf(inside.take("the signature", Tag.bitString).body);
  inside.finish(what);
  return { body, algorithm: algorithmOf(named.body), named: named.raw, signature };
}

/** Whether it was signed with the private key that belongs to `key`. */
export function isSignedBy({ body, algorithm, signature }: Signed, key: KeyObject): boolean {
  const { kind, hash, saltLength } = algorithm;
  const isOfKind = key.asymmetricKeyType === kind ||
    (kind === "rsa-pss" && key.asymmetricKeyType === "rsa");
  if (kind === undefined || !isOfKind) return false;
  try {
    if (kind !== "rsa-pss") return verify(hash, body, key, signature);
    const padding = constants.RSA_PKCS1_PSS_PADDING;
    return verify(hash, body, { key, padding, saltLength: saltLength! }, signature);
  } catch {
    // A signature that has not even the shape of one.
    return false;
  }
}

function algorithmOf(body: Uint8Array): Algorithm {
  const reader = new DerReader(body);
  const id = objectIdOf(reader.take("the algorithm", Tag.objectId).body);
  if (id === RSA_PSS) return pssOf(id, reader);
  return { id, ...algorithms[id] ?? { kind: undefined, hash: null } };
}

/** RFC 4055 §3.1. Without parameters it is SHA-1. */
function pssOf(id: string, reader: DerReader): Algorithm {
  const unknown: Algorithm = { id, kind: undefined, hash: null };
  if (!reader.sees(Tag.sequence)) return unknown;
  const parameters = reader.open("the parameters");
  const hash = hashOf(parameters.maybe("the hash", explicitTag(0)));
  const mask = parameters.maybe("the mask", explicitTag(1));
  const salt = parameters.maybe("the length of the salt", explicitTag(2));
  if (hash === undefined || mask === undefined) return unknown;
  const generator = new DerReader(mask).open("the mask");
  generator.take("the mask's algorithm", Tag.objectId);
  // OpenSSL and WebCrypto have one hash for both, and so has everybody else.
  if (hashOf(generator.isDone ? undefined : generator.take("", Tag.sequence).raw) !== hash) {
    return unknown;
  }
  const length = salt && integerOf(new DerReader(salt).take("the length", Tag.integer).body);
  return { id, kind: "rsa-pss", hash, saltLength: parseInt(length ?? "14", 16) };
}

function hashOf(body: Uint8Array | undefined): string | undefined {
  if (body === undefined) return undefined;
  const id = new DerReader(body).open("the hash").take("the hash", Tag.objectId).body;
  return hashes[objectIdOf(id)];
}
