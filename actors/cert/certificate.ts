import { encodeBase64 } from "@std/encoding/base64";
import { ipBytes } from "../access_list.ts";
import {
  bitString,
  explicit,
  implicit,
  integer,
  objectId,
  octetString,
  sequence,
  set,
  time,
  utf8String,
  yes,
} from "./der.ts";

/** Object identifiers (RFC 5280 §4.1 and §4.2, RFC 5758 §3.2). */
const oid = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAltName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  clientAuth: "1.3.6.1.5.5.7.3.2",
};

/** An hour: clocks that are a little slow take a new certificate, too. */
const BACKDATED_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** What a certificate is for. */
type Purpose = "authority" | "server" | "client";

/** Whoever signs certificates. */
export interface Authority {
  name: string;
  keys: CryptoKeyPair;
}

/** What a certificate says. */
interface CertificateRequest {
  /** The common name. */
  name: string;
  purpose: Purpose;
  /** Host names and IP addresses of a server. */
  hosts?: readonly string[];
  days: number;
  /** Whose certificate it is. */
  keys: CryptoKeyPair;
  /** Whoever signs; an authority signs for itself. */
  authority?: Authority;
}

/** A new key pair for ECDSA with P-256, which every TLS client knows. */
export async function newKeys(): Promise<CryptoKeyPair> {
  const kind = { name: "ECDSA", namedCurve: "P-256" };
  return await crypto.subtle.generateKey(kind, true, ["sign", "verify"]) as CryptoKeyPair;
}

/** The private key as PEM (RFC 5958). */
export async function privateKeyPem({ privateKey }: CryptoKeyPair): Promise<string> {
  return pem("PRIVATE KEY", new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey)));
}

/** A certificate as PEM (RFC 5280). */
export async function certificatePem(request: CertificateRequest, now: Date): Promise<string> {
  const { name, keys, days, authority = { name, keys } } = request;
  const from = new Date(now.getTime() - BACKDATED_MS);
  const until = new Date(now.getTime() + days * DAY_MS);
  const publicKey = await keyBytes(keys), issuerKey = await keyBytes(authority.keys);
  const algorithm = sequence(objectId(oid.ecdsaWithSha256));
  const body = sequence(
    // Version 3 is written as 2 (RFC 5280 §4.1.2.1).
    explicit(0, integer(Uint8Array.of(2))),
    // A serial number has up to 20 bytes and is positive (RFC 5280 §4.1.2.2).
    integer(Uint8Array.of(0x40, ...crypto.getRandomValues(new Uint8Array(15)))),
    algorithm,
    named(authority.name),
    sequence(time(from), time(until)),
    named(name),
    publicKey,
    explicit(3, sequence(...await extensions(request, publicKey, issuerKey))),
  );
  const signature = await crypto.subtle.sign(
    { name: "ECDSA", hash: "SHA-256" },
    authority.keys.privateKey,
    new Uint8Array(body),
  );
  return pem("CERTIFICATE", sequence(body, algorithm, bitString(derSignature(signature))));
}

async function extensions(
  { purpose, hosts = [] }: CertificateRequest,
  publicKey: Uint8Array,
  issuerKey: Uint8Array,
): Promise<Uint8Array[]> {
  const isAuthority = purpose === "authority";
  const all = [
    extension(oid.basicConstraints, sequence(...isAuthority ? [yes()] : []), true),
    // keyCertSign and cRLSign, or digitalSignature.
    extension(
      oid.keyUsage,
      isAuthority ? bitString(Uint8Array.of(6), 1) : bitString(Uint8Array.of(128), 7),
      true,
    ),
    extension(oid.subjectKeyIdentifier, octetString(await keyId(publicKey))),
    extension(oid.authorityKeyIdentifier, sequence(implicit(0, await keyId(issuerKey)))),
  ];
  if (!isAuthority) {
    const use = objectId(purpose === "server" ? oid.serverAuth : oid.clientAuth);
    all.push(extension(oid.extendedKeyUsage, sequence(use)));
  }
  if (hosts.length > 0) {
    all.push(extension(oid.subjectAltName, sequence(...hosts.map(hostName))));
  }
  return all;
}

function extension(id: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(objectId(id), ...isCritical ? [yes()] : [], octetString(value));
}

/** dNSName or iPAddress (RFC 5280 §4.2.1.6). */
function hostName(host: string): Uint8Array {
  const ip = ipBytes(host);
  if (ip === undefined) return implicit(2, new TextEncoder().encode(host));
  return implicit(7, host.includes(":") ? ip : ip.subarray(12));
}

function named(name: string): Uint8Array {
  return sequence(set(sequence(objectId(oid.commonName), utf8String(name))));
}

async function keyBytes({ publicKey }: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

async function keyId(publicKey: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", new Uint8Array(publicKey)));
}

/** A signature as certificates have it: a sequence of the two integers that WebCrypto joins. */
function derSignature(signature: ArrayBuffer): Uint8Array {
  const bytes = new Uint8Array(signature), half = bytes.length / 2;
  return sequence(integer(bytes.subarray(0, half)), integer(bytes.subarray(half)));
}

function pem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
