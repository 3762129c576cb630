import type { Authenticator } from "./authenticator.ts";

/**
 * Which certificates are whose.
 *
 * @example Two that are known
 * ```ts
 * import { certificateUser, type CertificateOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CertificateOptions = { users: { "device-7.example": "pump" } };
 * assert.equal(typeof certificateUser(options).authenticate, "function");
 * ```
 */
export interface CertificateOptions {
  /**
   * Users by common name, by subject alternative name (`DNS:host`, `email:a@b`, `URI:…`) or by
   * SHA-256 fingerprint (`AB:CD:…`). Without it the common name is the user.
   */
  users?: Readonly<Record<string, string>>;
}

/**
 * Lets in who has shown a TLS client certificate that the listener has verified.
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
