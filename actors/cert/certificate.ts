import { encodeBase64 } from "@std/encoding/base64";
import { ipBytes } from "../connections/access_list.ts";
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

const ECDSA_SHA256 = "1.2.840.10045.4.3.2";
const COMMON_NAME = "2.5.4.3";
const SERVER = "1.3.6.1.5.5.7.3.1";
const CLIENT = "1.3.6.1.5.5.7.3.2";

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
  const from = new Date(now.getTime() - 3_600_000);
  const until = new Date(now.getTime() + days * 86_400_000);
  const publicKey = await keyBytes(keys), issuerKey = await keyBytes(authority.keys);
  const body = sequence(
    explicit(0, integer(Uint8Array.of(2))),
    // A serial number has up to 20 bytes and is positive (RFC 5280 §4.1.2.2).
    integer(Uint8Array.of(0x40, ...crypto.getRandomValues(new Uint8Array(15)))),
    algorithm(),
    named(authority.name),
    sequence(time(from), time(until)),
    named(name),
    publicKey,
    explicit(3, sequence(...await extensions(request, publicKey, issuerKey))),
  );
  return pem("CERTIFICATE", await signed(body, authority.keys));
}

/** How everything is signed that is made here. */
export function algorithm(): Uint8Array {
  return sequence(objectId(ECDSA_SHA256));
}

/** What an authority has signed (RFC 5280 §4.1.1, §5.1.1). */
export async function signed(body: Uint8Array, { privateKey }: CryptoKeyPair): Promise<Uint8Array> {
  const kind = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(kind, privateKey, new Uint8Array(body));
  return sequence(body, algorithm(), bitString(derSignature(signature)));
}

async function extensions(
  { purpose, hosts = [] }: CertificateRequest,
  publicKey: Uint8Array,
  issuerKey: Uint8Array,
): Promise<Uint8Array[]> {
  const isAuthority = purpose === "authority";
  const all = [
    extension("2.5.29.19", sequence(...isAuthority ? [yes()] : []), true),
    // keyCertSign and cRLSign, or digitalSignature.
    extension(
      "2.5.29.15",
      isAuthority ? bitString(Uint8Array.of(6), 1) : bitString(Uint8Array.of(128), 7),
      true,
    ),
    extension("2.5.29.14", octetString(await keyId(publicKey))),
    await issuerId(issuerKey),
  ];
  if (!isAuthority) {
    const use = objectId(purpose === "server" ? SERVER : CLIENT);
    all.push(extension("2.5.29.37", sequence(use)));
  }
  if (hosts.length > 0) all.push(extension("2.5.29.17", sequence(...hosts.map(hostName))));
  return all;
}

/** Which key has signed (RFC 5280 §4.2.1.1). */
export async function issuerId(issuerKey: Uint8Array): Promise<Uint8Array> {
  return extension("2.5.29.35", sequence(implicit(0, await keyId(issuerKey))));
}

/** Something added to a certificate or a list. */
export function extension(id: string, value: Uint8Array, isCritical = false): Uint8Array {
  return sequence(objectId(id), ...isCritical ? [yes()] : [], octetString(value));
}

/** dNSName or iPAddress (RFC 5280 §4.2.1.6). */
function hostName(host: string): Uint8Array {
  const ip = ipBytes(host);
  if (ip === undefined) return implicit(2, new TextEncoder().encode(host));
  return implicit(7, host.includes(":") ? ip : ip.subarray(12));
}

function named(name: string): Uint8Array {
  return sequence(set(sequence(objectId(COMMON_NAME), utf8String(name))));
}

/** A public key as certificates have it (RFC 5280 §4.1.2.7). */
export async function keyBytes({ publicKey }: CryptoKeyPair): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.exportKey("spki", publicKey));
}

async function keyId(publicKey: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-1", new Uint8Array(publicKey)));
}

/** Two integers in a sequence (RFC 5480 Appendix A), where WebCrypto has one behind the other. */
function derSignature(signature: ArrayBuffer): Uint8Array {
  const bytes = new Uint8Array(signature), half = bytes.length / 2;
  return sequence(integer(bytes.subarray(0, half)), integer(bytes.subarray(half)));
}

/** Bytes as text (RFC 7468). */
export function pem(label: string, bytes: Uint8Array): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}
