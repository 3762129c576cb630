import type { KeyObject } from "node:crypto";
import { certificatesIn } from "./certificate.ts";
import { isSame, type ListSource, readLists, type RevocationList } from "./revocation_list.ts";
import { isSignedBy } from "./signed.ts";
import { type Certificate, keyOf, readCertificate } from "./x509_certificate.ts";
import { nameInWords } from "./x509_name.ts";

/** Somebody whose certificate is in `ca`. */
export interface Authority extends Certificate {
  readonly key: KeyObject | undefined;
}

/** A list that its issuer has signed. */
export interface TrustedList extends RevocationList {
  readonly authority: Authority;
}

/** 5 min: clocks differ, and a list is used as soon as it is made. */
const EARLY_MS = 300_000;

/** Those whose certificates are in `ca`, which is PEM. */
export function authoritiesOf(ca: string): Authority[] {
  return certificatesIn("authority's certificate", ca).map(({ raw }) => {
    const certificate = readCertificate(raw);
    return { ...certificate, key: keyOf(certificate) };
  });
}

/** The lists of one file. Throws when one is none, or nobody in `authorities` has signed it. */
export function trustedLists(
  source: ListSource,
  authorities: readonly Authority[],
  now: number,
): TrustedList[] {
  return readLists(source).map((list) => {
    const authority = signerOf(list, authorities);
    if (list.thisUpdate > now + EARLY_MS) {
      throw new Error(`${inWords(list)} is of ${dateOf(list.thisUpdate)}, which is yet to come`);
    }
    return { ...list, authority };
  });
}

/** That a list should have been replaced by now; undefined for one that is good. */
export function faultOfAge(list: RevocationList, now: number): string | undefined {
  if (list.nextUpdate >= now) return undefined;
  return `${inWords(list)} has expired: there should have been another one by ${
    dateOf(list.nextUpdate)
  }`;
}

function signerOf(list: RevocationList, authorities: readonly Authority[]): Authority {
  const { issuer, signed } = list;
  const named = authorities.filter(({ subject }) => isSame(subject, issuer));
  if (named.length === 0) {
    const known = authorities.map(({ subject }) => nameInWords(subject)).join(", ");
    throw new Error(`${inWords(list)} is of another issuer: \`ca\` has ${known}`);
  }
  const signer = named.find(({ key }) => key !== undefined && isSignedBy(signed, key));
  if (signer === undefined) {
    const { kind, id } = signed.algorithm;
    const why = kind === undefined
      ? `its algorithm ${id} is not known; use RSA or ECDSA with SHA-256, or Ed25519`
      : "it is not by the key of its issuer in `ca`, or was changed since";
    throw new Error(`${inWords(list)} has a signature that does not verify: ${why}`);
  }
  // RFC 5280 §6.3.3 (f).
  if (!signer.maySignLists) {
    throw new Error(`${inWords(list)} is by a key that may not sign lists (cRLSign is not set)`);
  }
  return signer;
}

function inWords({ issuer }: RevocationList): string {
  return `the revocation list of ${nameInWords(issuer)}`;
}

function dateOf(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+/, "");
}
