import type { TLSSocket } from "node:tls";
import { defaults } from "./revocations.ts";

/** The certificates that the client has shown, its own first. */
export function shownBy(socket: TLSSocket): Uint8Array[] {
  const shown: Uint8Array[] = [];
  let each = socket.getPeerCertificate(true);
  while (each?.raw !== undefined && shown.length <= defaults.chainCertificates) {
    shown.push(each.raw);
    if (each.issuerCertificate === each) break;
    each = each.issuerCertificate;
  }
  return shown;
}

/** The name in a verified certificate. */
export function nameOf(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined;
  const name: unknown = socket.getPeerCertificate().subject?.CN;
  // A subject with several common names is a list, and names nobody.
  return typeof name === "string" ? name : undefined;
}

/** Everything else that the certificate may be known by. */
export function namesOf(socket: TLSSocket): readonly string[] | undefined {
  if (!socket.authorized) return undefined;
  const { subjectaltname, fingerprint256 } = socket.getPeerCertificate();
  // A name in quotes holds what could be taken for a name of its own.
  const names = subjectaltname?.includes('"') ? [] : subjectaltname?.split(", ") ?? [];
  return fingerprint256 === undefined ? names : [...names, fingerprint256];
}
