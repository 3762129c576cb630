import { choice, type Kind, list, oneOrMore, text } from "./kinds.ts";
import { record, type Setting, type Values } from "./record.ts";

const pem = "give the name of a PEM file";

const pair = record(
  {
    cert: { kind: text("FILE", pem), required: true, doc: "The certificate chain, as PEM." },
    key: { kind: text("FILE", pem), required: true, doc: "Its private key, as PEM." },
  } satisfies Record<string, Setting<unknown>>,
);

/**
 * Settings that other servers have and Deno's TLS cannot follow: refused, so that nobody counts on
 * them.
 */
const impossible = new Map([
  ["ciphers", "which ciphers are used cannot be chosen; minVersion raises the lowest TLS version"],
  ["psk", "keys without certificates are not possible; give cert and key"],
]);

const minVersion: Kind<"TLSv1.2" | "TLSv1.3"> = choice(["TLSv1.2", "TLSv1.3"]);

/** Certificates of the listeners that use TLS. */
export const tlsSettings = record(
  {
    cert: {
      flag: "cert",
      kind: text("FILE", pem),
      doc: "The certificate chain, as PEM, of listeners that use TLS.",
    },
    key: {
      flag: "key",
      kind: text("FILE", pem),
      doc: "The private key, as PEM, that belongs to the certificate.",
    },
    ca: {
      flag: "client-ca",
      kind: text("FILE", pem),
      doc: "The certificates, as PEM, of those who may sign client certificates.",
    },
    crl: {
      flag: "client-crl",
      kind: oneOrMore(text("FILE", "give the name of a PEM or DER file, or a list of them")),
      doc: "Lists of client certificates that are revoked, as PEM or DER, by those in client-ca.",
    },
    clientCertificates: {
      kind: choice(["none", "optional", "required"]),
      doc: 'Whether clients show a certificate: "required" when "ca" is given, else "none".',
    },
    minVersion: { kind: minVersion, default: "TLSv1.2", doc: "The lowest version of TLS." },
    others: {
      kind: list(pair),
      doc: "Further certificates, for clients that ask for a name in them.",
    },
  } satisfies Record<string, Setting<unknown>>,
  impossible,
);

/** Certificates as somebody wrote them. */
export type TlsDraft = Values<typeof tlsSettings.members>;
