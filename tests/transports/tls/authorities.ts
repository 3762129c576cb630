import { X509Certificate } from "node:crypto";
import {
  type Authority,
  certificatePem,
  newKeys,
  privateKeyPem,
} from "../../../actors/cert/certificate.ts";
import { revocationListPem } from "../../../actors/cert/revocation_list.ts";
import { readCertificate } from "../../../transports/tls/x509_certificate.ts";
import type { Identity } from "./certificates.ts";

const DAY_MS = 86_400_000;

/** An authority made for a test, whose lists are made as they are needed. */
export class TestAuthority implements Authority {
  private constructor(readonly name: string, readonly keys: CryptoKeyPair, readonly pem: string) {}

  /** One that vouches for itself, unless another one does; one that is only a client is none. */
  static async make(
    name: string,
    authority?: TestAuthority,
    purpose: "authority" | "client" = "authority",
  ): Promise<TestAuthority> {
    const keys = await newKeys(), request = { name, keys, days: 9, purpose };
    const by = authority && { authority };
    return new TestAuthority(name, keys, await certificatePem({ ...request, ...by }, new Date()));
  }

  /** A client's certificate and key; or a server's, for localhost. */
  async issue(name: string, purpose: "client" | "server" = "client"): Promise<Identity> {
    const keys = await newKeys(), hosts = purpose === "server" ? ["localhost"] : [];
    const request = { name, keys, days: 9, purpose, hosts, authority: this };
    return { cert: await certificatePem(request, new Date()), key: await privateKeyPem(keys) };
  }

  /** A list of these certificates, made so many days ago, and good for two. */
  async revoke(certificates: readonly string[], { daysAgo = 0 } = {}): Promise<string> {
    const now = new Date(Date.now() - daysAgo * DAY_MS), issuer = readCertificate(der(this.pem));
    const revoked = new Map(
      certificates.map((pem) => [readCertificate(der(pem)).serial, now.getTime()]),
    );
    const request = { issuer: issuer.subject, keys: this.keys, revoked, days: 2 };
    return await revocationListPem(request, now);
  }
}

/** The first certificate in PEM text. */
export function der(pem: string): Uint8Array {
  return new Uint8Array(new X509Certificate(pem).raw);
}

/** What is between BEGIN and END. */
export function bytesIn(pem: string): Uint8Array {
  return Uint8Array.fromBase64(pem.replace(/-----[^-]+-----/g, ""));
}
