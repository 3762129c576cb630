import { Buffer } from "node:buffer";
import { part } from "./people.ts";

/** The algorithms with key pairs, and how their keys are made. */
export const kinds = [
  ["RS256", {
    name: "RSASSA-PKCS1-v1_5",
    hash: "SHA-256",
    modulusLength: 2048,
    publicExponent: Uint8Array.of(1, 0, 1),
  }],
  ["ES256", { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }],
  ["EdDSA", { name: "Ed25519" }],
] as const;

/** A new key pair that signs tokens, with its public half in the forms that `jwt` takes. */
export async function signer(algorithm: RsaHashedKeyGenParams | EcKeyGenParams | Algorithm) {
  const pair = await crypto.subtle.generateKey(algorithm, true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const der = Buffer.from(await crypto.subtle.exportKey("spki", pair.publicKey));
  const pem = `-----BEGIN PUBLIC KEY-----\n${der.toString("base64")}\n-----END PUBLIC KEY-----\n`;
  const sign = async (header: unknown, claims: unknown) => {
    const signed = `${part(header)}.${part(claims)}`, data = new TextEncoder().encode(signed);
    const signature = await crypto.subtle.sign(
      algorithm as AlgorithmIdentifier,
      pair.privateKey,
      data,
    );
    return `${signed}.${Buffer.from(signature).toString("base64url")}`;
  };
  return { jwk, pem, sign };
}
