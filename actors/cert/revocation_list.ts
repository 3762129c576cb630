import { algorithm, extension, issuerId, keyBytes, pem, signed } from "./certificate.ts";
import { explicit, integer, sequence, time } from "./der.ts";

const CRL_NUMBER = "2.5.29.20";

/** What a list of revoked certificates says. */
export interface ListRequest {
  /** The name of the authority, as its certificate has it. */
  issuer: Uint8Array;
  keys: CryptoKeyPair;
  /** When each was revoked, in milliseconds since 1970, by serial numbers in hexadecimal digits. */
  revoked: ReadonlyMap<string, number>;
  /** For how long the list is good. */
  days: number;
}

/** A list of revoked certificates as PEM (RFC 5280 §5). */
export async function revocationListPem(
  { issuer, keys, revoked, days }: ListRequest,
  now: Date,
): Promise<string> {
  const entries = Array.from(
    revoked,
    ([serial, at]) => sequence(integer(Uint8Array.fromHex(serial)), time(new Date(at))),
  );
  // Each list has a higher number than those before it (RFC 5280 §5.2.3).
  const number = now.getTime().toString(16).padStart(16, "0");
  const body = sequence(
    integer(Uint8Array.of(1)),
    algorithm(),
    issuer,
    time(now),
    time(new Date(now.getTime() + days * 86_400_000)),
    // No entries are no empty list of them (RFC 5280 §5.1.2.6).
    ...entries.length > 0 ? [sequence(...entries)] : [],
    explicit(
      0,
      sequence(
        await issuerId(await keyBytes(keys)),
        extension(CRL_NUMBER, integer(Uint8Array.fromHex(number))),
      ),
    ),
  );
  return pem("X509 CRL", await signed(body, keys));
}
