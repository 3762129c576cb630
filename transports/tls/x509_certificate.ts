import { createPublicKey, type KeyObject } from "node:crypto";
import { DerReader, explicitTag, integerOf, Tag } from "./der_reader.ts";
import { type Extension, extensionsIn } from "./x509_extensions.ts";
import { readSigned, type Signed } from "./signed.ts";

/** What tells whether a certificate has been revoked, and who could have done that. */
export interface Certificate {
  readonly signed: Signed;
  /** In hexadecimal digits. */
  readonly serial: string;
  /** Names as they are encoded: they are the same when their bytes are. */
  readonly issuer: Uint8Array;
  readonly subject: Uint8Array;
  /** The public key as it is encoded (RFC 5280 §4.1.2.7). */
  readonly publicKey: Uint8Array;
  /** True when its key may sign revocation lists (RFC 5280 §4.2.1.3). */
  readonly maySignLists: boolean;
}

const KEY_USAGE = "2.5.29.15";
/** The seventh bit of KeyUsage. */
const CRL_SIGN = 0x02;

/** Reads a certificate (RFC 5280 §4.1). */
export function readCertificate(der: Uint8Array): Certificate {
  const signed = readSigned(der, "the certificate");
  const body = new DerReader(signed.body).open("the certificate");
  body.maybe("the version", explicitTag(0));
  const serial = integerOf(body.take("the serial number", Tag.integer).body);
  body.take("the algorithm", Tag.sequence);
  const issuer = body.take("the issuer", Tag.sequence).raw;
  body.take("the validity", Tag.sequence);
  const subject = body.take("the subject", Tag.sequence).raw;
  const publicKey = body.take("the public key", Tag.sequence).raw;
  // Identifiers that nobody uses (RFC 5280 §4.1.2.8).
  for (const unused of [0x81, 0x82]) body.maybe("an identifier", unused);
  const extensions = body.maybe("the extensions", explicitTag(3));
  const usage = extensions && usageOf(extensionsIn(extensions));
  const maySignLists = usage === undefined || (usage & CRL_SIGN) !== 0;
  return { signed, serial, issuer, subject, publicKey, maySignLists };
}

/** The key to verify with what the certificate's owner has signed; undefined for one of unknown kind. */
export function keyOf({ publicKey }: Pick<Certificate, "publicKey">): KeyObject | undefined {
  try {
    return createPublicKey({ key: publicKey as Buffer, format: "der", type: "spki" });
  } catch {
    return undefined;
  }
}

function usageOf(extensions: readonly Extension[]): number | undefined {
  const found = extensions.find(({ id }) => id === KEY_USAGE);
  return found && (new DerReader(found.value).take("the key usage", Tag.bitString).body[1] ?? 0);
}
