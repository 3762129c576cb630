import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { authoritiesOf, trustedLists } from "../../transports/tls/trusted_lists.ts";
import { revocationListPem } from "../cert/revocation_list.ts";

/** What goes on the list of those that an authority has revoked. */
export interface Revoking {
  folder: string;
  /** Files of certificates, beside those that are on the list already. */
  revoke: readonly string[];
  /** For how long the list is good. */
  days: number;
  /** The authority's. */
  keys: CryptoKeyPair;
}

/** The list of a folder's authority, anew. */
export async function listOf({ folder, revoke, days, keys }: Revoking, now: Date): Promise<string> {
  const ca = await Deno.readTextFile(join(folder, "ca.pem")), [authority] = authoritiesOf(ca);
  const there = await Deno.readTextFile(join(folder, "ca.crl")).catch(absent);
  const revoked = new Map<string, number>();
  const lists = there === undefined ? [] : trustedLists(there, [authority!], now.getTime());
  for (const list of lists) for (const [serial, at] of list.revoked) revoked.set(serial, at);
  for (const file of revoke) {
    const serial = await serialOf(file, new X509Certificate(ca));
    if (!revoked.has(serial)) revoked.set(serial, now.getTime());
  }
  return await revocationListPem({ issuer: authority!.subject, keys, revoked, days }, now);
}

async function serialOf(file: string, authority: X509Certificate): Promise<string> {
  const certificate = new X509Certificate(await Deno.readTextFile(file));
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw new Error(`"${file}" cannot be revoked: this authority has not signed it`);
  }
  return certificate.serialNumber.toUpperCase();
}

function absent(error: unknown): undefined {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
