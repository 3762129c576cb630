import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";

/**
 * Throws unless `key` belongs to the first certificate of `cert`, which `node:tls` does not check.
 */
export function checkIdentity(cert: string, key: string): void {
  const [own] = certificatesIn("certificate", cert);
  let secret: KeyObject;
  try {
    secret = createPrivateKey(key);
  } catch (cause) {
    throw new Error("Cannot use the private key: an unencrypted PEM key is needed", { cause });
  }
  if (!own!.checkPrivateKey(secret)) {
    throw new Error("Cannot use the private key: it belongs to another certificate");
  }
}

/** Throws unless `ca` holds certificates and nothing that cannot be read. */
export function checkAuthority(ca: string): void {
  certificatesIn("authority's certificate", ca);
}

/** The names of hosts that a certificate is for; `*` stands for one level (RFC 9525 §6.3). */
export function hostNames(cert: string): string[] {
  const [own] = certificatesIn("certificate", cert);
  const names = own!.subjectAltName?.matchAll(/(?:^|, )DNS:([^,]+)/g) ?? [];
  return Array.from(names, ([, name]) => name!.toLowerCase());
}

/** Whether a name is one of those that `hostNames` gave. */
export function isNamed(name: string, names: readonly string[]): boolean {
  const host = name.toLowerCase(), dot = host.indexOf(".");
  return names.includes(host) || dot > 0 && names.includes(`*${host.slice(dot)}`);
}

/** The certificates in PEM text; throws, and says `what` was wanted, when there is none. */
export function certificatesIn(what: string, pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length === 0) throw new Error("no certificate in it");
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    const fault = `Cannot use the ${what} "${beginning(pem)}": PEM text of a certificate is needed`;
    throw new Error(fault, { cause });
  }
}

/** Enough of a text to see what it is, such as the name of a file; too little to tell a secret. */
function beginning(text: string): string {
  const [line = ""] = text.split("\n", 1);
  return line.length > 32 || text.length > line.length ? `${line.slice(0, 32)}…` : line;
}
