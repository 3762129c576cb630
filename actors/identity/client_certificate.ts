import type { Authenticator } from "./authenticator.ts";

/**
 * Which client certificate is whose.
 *
 * @example A user by a name in the certificate
 * ```ts
 * import { type CertificateOptions, certificateUser, Credentials } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CertificateOptions = { users: { "DNS:device-7.example": "pump" } };
 * const certificateNames = ["DNS:device-7.example"];
 * const credentials = new Credentials({
 *   protocol: "mqtt",
 *   listener: "mqtts://:8883",
 *   peer: { address: "192.0.2.7:50112", secure: true, certificate: "7", certificateNames },
 * });
 * assert.deepEqual(certificateUser(options).authenticate(credentials), { user: "pump" });
 * ```
 */
export interface CertificateOptions {
  /**
   * Users by common name, by subject alternative name (`DNS:host`, `email:a@b`, `URI:…`) or by
   * SHA-256 fingerprint (`AB:CD:…`). Default: the common name is the user.
   */
  users?: Readonly<Record<string, string>>;
}

/**
 * Makes an authenticator that knows clients by the TLS certificates that they have shown, and that
 * the listener has verified.
 *
 * @example The common name is the user
 * ```ts
 * import { certificateUser, Credentials } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const credentials = new Credentials({
 *   protocol: "mqtt",
 *   listener: "mqtts://:8883",
 *   peer: { address: "192.0.2.7:50112", secure: true, certificate: "pump" },
 * });
 * assert.deepEqual(certificateUser().authenticate(credentials), { user: "pump" });
 * ```
 */
export function certificateUser({ users }: CertificateOptions = {}): Authenticator {
  const known = users && new Map(Object.entries(users));
  return {
    authenticate({ peer: { certificate, certificateNames = [], grant } }) {
      for (const name of [...certificateNames, certificate]) {
        const user = name === undefined ? undefined : known?.get(name);
        if (user !== undefined) return { user, ...grant && { grant } };
      }
      if (known !== undefined || certificate === undefined) return undefined;
      return { user: certificate, ...grant && { grant } };
    },
  };
}
