import { DerReader, explicitTag, integerOf, Tag, timeOf } from "./der_reader.ts";
import { readSigned, type Signed } from "./signed.ts";
import { type Extension, extensionsIn } from "./x509_extensions.ts";

/** The certificates that an authority has revoked (RFC 5280 §5). */
export interface RevocationList {
  readonly signed: Signed;
  /** The authority's name as it is encoded. */
  readonly issuer: Uint8Array;
  /** When it was made, in milliseconds since 1970. */
  readonly thisUpdate: number;
  /** By when the next one is there; Infinity where nobody says. */
  readonly nextUpdate: number;
  /** When each was revoked, by serial numbers in hexadecimal digits. */
  readonly revoked: ReadonlyMap<string, number>;
}

/** What may hold one list as DER, or any number of them as PEM. */
export type ListSource = string | Uint8Array;

/** Extensions that say that a list is not all of what its issuer has to say. */
const partial: Readonly<Record<string, string>> = {
  "2.5.29.27": "it holds what has changed since another list",
  "2.5.29.28": "it is about a part of its issuer's certificates",
  "2.5.29.29": "it is about certificates of several issuers",
};

/** Reads the lists of a file. What is none throws. */
export function readLists(source: ListSource): RevocationList[] {
  const text = typeof source === "string" ? source : new TextDecoder("latin1").decode(source);
  const blocks = text.matchAll(/-----BEGIN X509 CRL-----([^-]*)-----END X509 CRL-----/g);
  const found = Array.from(blocks, ([, base64]) => readList(bytesOf(base64!)));
  if (found.length > 0) return found;
  const other = /-----BEGIN ([A-Z\d ]+)-----/.exec(text)?.[1];
  if (other !== undefined) throw new Error(`it holds "${other}" in place of "X509 CRL"`);
  if (typeof source === "string" || source[0] !== Tag.sequence) {
    throw new Error('it is neither PEM with "X509 CRL" in it nor DER');
  }
  return [readList(source)];
}

/** Reads one list (RFC 5280 §5.1). */
export function readList(der: Uint8Array): RevocationList {
  const signed = readSigned(der, "the revocation list");
  const body = new DerReader(signed.body).open("the revocation list");
  body.maybe("the version", Tag.integer);
  const algorithm = body.take("the algorithm", Tag.sequence).raw;
  if (!isSame(algorithm, signed.named)) throw new Error("it names two algorithms");
  const issuer = body.take("the issuer", Tag.sequence).raw;
  const thisUpdate = timeOf(body.take("its time", Tag.utcTime, Tag.generalizedTime));
  const nextUpdate = body.sees(Tag.utcTime, Tag.generalizedTime)
    ? timeOf(body.take("the time of the next", Tag.utcTime, Tag.generalizedTime))
    : Infinity;
  const revoked = body.sees(Tag.sequence) ? entriesIn(body.open("the entries")) : new Map();
  const extensions = body.maybe("the extensions", explicitTag(0));
  body.finish("the revocation list");
  if (extensions !== undefined) check(extensionsIn(extensions));
  return { signed, issuer, thisUpdate, nextUpdate, revoked };
}

/** Whether two encodings are the same. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

function entriesIn(entries: DerReader): Map<string, number> {
  const revoked = new Map<string, number>();
  while (!entries.isDone) {
    const entry = entries.open("an entry");
    const serial = integerOf(entry.take("a serial number", Tag.integer).body);
    const date = entry.take("the date of an entry", Tag.utcTime, Tag.generalizedTime);
    if (!entry.isDone) check(extensionsIn(entry.take("the extensions", Tag.sequence).raw));
    entry.finish("an entry");
    revoked.set(serial, timeOf(date));
  }
  return revoked;
}

/** RFC 5280 §5.2, §5.3: who does not understand what is critical must not use the list. */
function check(extensions: readonly Extension[]): void {
  for (const { id, isCritical } of extensions) {
    const why = partial[id];
    if (why === undefined && !isCritical) continue;
    throw new Error(
      why === undefined
        ? `its critical extension ${id} is not understood`
        : `${why} (extension ${id}): a complete list of one issuer is needed`,
    );
  }
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(base64);
  } catch {
    throw new Error("what is between BEGIN and END is not base64");
  }
}
