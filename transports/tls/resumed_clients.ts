import type { X509Certificate } from "node:crypto";
import { certificatesIn } from "./certificate.ts";

/** Certificates that are remembered, the newest: a hundred bytes each. */
const REMEMBERED = 10_000;

/**
 * Whose certificates are good at one listener when a TLS session is resumed, which checks none again.
 *
 * Deno keeps the sessions of all servers in one place. Without this a client that one listener trusts
 * could go on with its session at another, which trusts somebody else, or at the same one once its
 * authority is out of use or its own time is over.
 */
export class ResumedClients {
  readonly #authorities: readonly X509Certificate[];
  /** Fingerprints of those whose whole handshake was here: others than authorities may stand between. */
  readonly #shown = new Set<string>();

  /** `ca` is PEM text. */
  constructor(ca: string) {
    this.#authorities = certificatesIn("authority's certificate", ca);
  }

  /** A whole handshake has verified this one. */
  shown({ fingerprint256 }: X509Certificate): void {
    this.#shown.delete(fingerprint256);
    this.#shown.add(fingerprint256);
    const [oldest] = this.#shown;
    if (this.#shown.size > REMEMBERED) this.#shown.delete(oldest!);
  }

  /** Whether this one would be taken in a whole handshake, too. */
  include(certificate: X509Certificate, now: number): boolean {
    const { validFrom, validTo, fingerprint256 } = certificate;
    if (!(Date.parse(validFrom) <= now && now <= Date.parse(validTo))) return false;
    return this.#shown.has(fingerprint256) ||
      this.#authorities.some((each) =>
        certificate.checkIssued(each) && certificate.verify(each.publicKey)
      );
  }
}
