import type { Place } from "./place.ts";
import type { NeededFile } from "./resolved.ts";
import type { TlsDraft } from "./tls_settings.ts";

/** Names of PEM files. */
export interface TlsSettings {
  readonly cert: string;
  readonly key: string;
  readonly ca?: string;
  readonly clientCertificates: "none" | "optional" | "required";
  readonly minVersion?: "TLSv1.2" | "TLSv1.3";
  /** Further pairs, for clients that ask for a name in them. */
  readonly others?: readonly { cert: string; key: string }[];
}

/** Finds a file that a setting names, and notes that the gateway needs it to start. */
type FileAt = (given: string, place: Place, holds: NeededFile["holds"]) => string;

/** The certificates of a listener; undefined when something is wrong, which `place` is told. */
export function resolveTls(
  draft: TlsDraft,
  { place, file }: { place: Place; file: FileAt },
): TlsSettings | undefined {
  const { cert, key, ca } = draft;
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
  return {
    cert: file(cert, place.member("cert"), "certificate"),
    key: file(key, place.member("key"), "private key"),
    ...ca !== undefined && { ca: file(ca, place.member("ca"), "certificate") },
    clientCertificates,
    ...draft.minVersion && { minVersion: draft.minVersion },
    ...draft.others && { others: pairs(draft.others, place.member("others"), file) },
  };
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
