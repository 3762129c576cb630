import type { Place } from "../settings/place.ts";
import type { TlsDraft } from "../settings/tls_settings.ts";
import type { NeededFile } from "./resolved.ts";

/** Names of PEM files. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly crl?: readonly string[];
  readonly clientCertificates: "none" | "optional" | "required";
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Further pairs, for clients that ask for a name in them. */
  readonly others?: readonly { cert: string; key: string }[];
}

/** Finds a file that a setting names, and notes that the gateway needs it to start. */
type FileAt = (
  given: string,
  place: Place,
  holds: NeededFile["holds"],
  authority?: string,
) => string;

/**
 * The certificates of a listener; undefined when something is wrong, which `place` is told. The pair
 * that the server shows may stand elsewhere, at `pairPlace`.
 */
export function resolveTls(
  draft: TlsDraft,
  { place, pairPlace, file }: { place: Place; pairPlace: Place; file: FileAt },
): TlsSettings | undefined {
  const { cert, key, ca, crl } = draft;
  const clientCertificates = draft.clientCertificates ?? (ca === undefined ? "none" : "required");
  // A member that is there and wrong has been reported.
  if (cert === undefined) {
    if ("cert" in draft) return undefined;
    return place.complain('Missing the certificate: give --cert FILE, or "cert" in the file');
  }
  if (key === undefined) {
    if ("key" in draft) return undefined;
    return place.complain(
      'Missing the certificate\'s key: give --key FILE, or "key" in the file',
    );
  }
  if (ca === undefined && clientCertificates !== "none") {
    return place.member("clientCertificates").refuse(
      clientCertificates,
      'whose are good must be known; give --client-ca FILE, or "ca" in the file',
    );
  }
  if (crl !== undefined && clientCertificates === "none") {
    return place.member("crl").refuse(
      crl,
      ca === undefined
        ? 'whose certificates are revoked must be known; give --client-ca FILE, or "ca" in the file'
        : 'no client is asked for a certificate; leave "clientCertificates" out',
    );
  }
  const authority = ca === undefined ? undefined : file(ca, place.member("ca"), "certificate");
  return {
    cert: file(cert, pairPlace.member("cert"), "certificate"),
    key: file(key, pairPlace.member("key"), "private key"),
    ...authority !== undefined && { ca: authority },
    ...crl && { crl: listsAt(crl, place.member("crl"), { file, authority: authority! }) },
    clientCertificates,
    ...draft.minVersion && { minVersion: draft.minVersion },
    ...draft.others && { others: pairs(draft.others, place.member("others"), file) },
  };
}

function listsAt(
  drafts: NonNullable<TlsDraft["crl"]>,
  place: Place,
  { file, authority }: { file: FileAt; authority: string },
): string[] {
  return drafts.flatMap((each, index) =>
    each === undefined ? [] : file(each, place.item(index), "revocation lists", authority)
  );
}

function pairs(
  drafts: NonNullable<TlsDraft["others"]>,
  place: Place,
  file: FileAt,
): { cert: string; key: string }[] {
  return drafts.flatMap((each, index) => {
    if (each?.cert === undefined || each.key === undefined) return [];
    const at = place.item(index);
    return [{
      cert: file(each.cert, at.member("cert"), "certificate"),
      key: file(each.key, at.member("key"), "private key"),
    }];
  });
}
