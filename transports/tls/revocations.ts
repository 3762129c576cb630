import { hash } from "node:crypto";
import type { ByteStream } from "../transport.ts";
import { isSame, type ListSource } from "./revocation_list.ts";
import { isSignedBy } from "./signed.ts";
import {
  authoritiesOf,
  type Authority,
  faultOfAge,
  type TrustedList,
  trustedLists,
} from "./trusted_lists.ts";
import { type Certificate, keyOf, readCertificate } from "./x509_certificate.ts";
import { nameInWords } from "./x509_name.ts";

/** The limits of a client's certificates. */
export const defaults = {
  /** Certificates that are looked at: its own, and those between it and an authority of ours. */
  chainCertificates: 10,
};

/** What `crl` may be. */
export type Lists = ListSource | readonly ListSource[];

/** A certificate that a client stands on, and who has issued it. */
interface Link {
  readonly issuer: string;
  readonly serial: string;
}

interface Watcher {
  readonly path: readonly Link[];
  readonly revoked: () => void;
}

/** Whose certificates are good no more, of all that a listener has let in or will. */
export class Revocations {
  #authorities: readonly Authority[] = [];
  #lists: ReadonlyMap<string, TrustedList> = new Map();
  readonly #watchers = new Set<Watcher>();

  constructor(readonly now: () => number = Date.now) {}

  /** False while nobody asks whether certificates have been revoked. */
  get isUsed(): boolean {
    return this.#authorities.length > 0;
  }

  /** Throws when a list is of no use, and goes on with those that there are; without any it rests. */
  renew(crl: Lists | undefined, ca = ""): void {
    const now = this.now(), lists = new Map<string, TrustedList>();
    const sources = crl === undefined ? [] : Array.isArray(crl) ? crl : [crl];
    const authorities = crl === undefined ? [] : authoritiesOf(ca);
    for (const list of sources.flatMap((each) => trustedLists(each, authorities, now))) {
      const issuer = idOf(list.authority), other = lists.get(issuer);
      if (other === undefined || other.thisUpdate < list.thisUpdate) lists.set(issuer, list);
    }
    if (crl !== undefined && lists.size === 0) throw new Error("there is no revocation list");
    for (const [issuer, list] of lists) {
      const before = this.#lists.get(issuer), fault = faultOfAge(list, now);
      // One that has become too old here is no reason to refuse what else is new.
      if (fault === undefined || before === undefined) continue;
      if (!isSame(before.signed.body, list.signed.body)) throw new Error(fault);
    }
    this.#authorities = authorities;
    this.#lists = lists;
    for (const each of [...this.#watchers]) if (this.#isRevoked(each.path)) each.revoked();
  }

  /**
   * What the certificates that a client has shown, its own first, let it stand on. Throws when that
   * has been revoked, or nobody can tell.
   */
  standingOf(shown: readonly Uint8Array[]): NonNullable<ByteStream["grant"]> {
    if (shown.length === 0) throw new Error("the client certificate cannot be read");
    const [own, ...others] = shown.slice(0, defaults.chainCertificates).map(readCertificate);
    // Whoever knows a name and a public key can make a certificate for them: those in `ca` count.
    const isNew = (each: Certificate) => !this.#authorities.some((known) => areOne(known, each));
    const path = this.#walk(own!, others.filter(isNew));
    if (typeof path === "string") throw new Error(path);
    return {
      check: (decided) => decided(!this.#isRevoked(path)),
      watch: (revoked) => {
        if (this.#isRevoked(path)) revoked();
        const watcher = { path, revoked };
        this.#watchers.add(watcher);
        return () => void this.#watchers.delete(watcher);
      },
    };
  }

  /** The way from a certificate to an authority of ours, or what is wrong with the best that there is. */
  #walk(
    certificate: Certificate,
    shown: readonly Certificate[],
    seen = new Set<Certificate>(),
  ): Link[] | string {
    const isOwn = seen.size === 0, faults: string[] = [];
    seen.add(certificate);
    for (const issuer of [...this.#authorities, ...shown]) {
      // A client may show certificates that vouch for each other.
      if (seen.has(issuer) || !isIssuedBy(certificate, issuer)) continue;
      const link = { issuer: idOf(issuer), serial: certificate.serial };
      const above = this.#faultOf(certificate, link, isOwn) ?? this.#walk(issuer, shown, seen);
      if (typeof above !== "string") return [link, ...above];
      faults.push(above);
    }
    if (faults.length > 0) return faults[0]!;
    return this.#authorities.some((each) => each === certificate)
      ? []
      : `the issuer of ${inWords(certificate)} is not known`;
  }

  #faultOf(certificate: Certificate, link: Link, isOwn: boolean): string | undefined {
    const list = this.#lists.get(link.issuer);
    if (list === undefined) {
      // What nobody has a list for is not known to be good; those above it are authorities.
      return isOwn
        ? `there is no revocation list of ${
          nameInWords(certificate.issuer)
        }, the issuer of the client certificate`
        : undefined;
    }
    return list.revoked.has(link.serial)
      ? `${isOwn ? "the client certificate" : "an authority's certificate"} is revoked (${
        inWords(certificate)
      })`
      : faultOfAge(list, this.now());
  }

  #isRevoked(path: readonly Link[]): boolean {
    return path.some(({ issuer, serial }) => this.#lists.get(issuer)?.revoked.has(serial));
  }
}

function isIssuedBy(certificate: Certificate, issuer: Certificate & { key?: Authority["key"] }) {
  if (!isSame(issuer.subject, certificate.issuer) || areOne(issuer, certificate)) return false;
  // Names are not enough: two keys may have one, and a client chooses what it shows.
  const key = "key" in issuer ? issuer.key : keyOf(issuer);
  return key !== undefined && isSignedBy(certificate.signed, key);
}

/** Whether two certificates are for the same name and key. */
function areOne(one: Certificate, other: Certificate): boolean {
  return isSame(one.subject, other.subject) && isSame(one.publicKey, other.publicKey);
}

function idOf({ subject, publicKey }: Certificate): string {
  return hash("sha256", new Uint8Array([...subject, ...publicKey]), "base64");
}

function inWords({ serial, subject }: Certificate): string {
  return `serial ${serial}, subject ${nameInWords(subject)}`;
}
