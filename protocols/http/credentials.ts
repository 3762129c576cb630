import { decodeBase64 } from "@std/encoding/base64";
import { utf8 } from "../bytes.ts";
import { Credentials } from "../identity.ts";
import type { Peer } from "../session.ts";
import type { RequestHead } from "./message.ts";

const COLON = 0x3a;

/** What a request shows: HTTP Basic (RFC 7617), Bearer (RFC 6750), or `?access_token=`. */
export function credentialsOf(
  { fields, query }: RequestHead,
  from: { protocol: "http" | "websocket"; peer: Peer; listener: string },
): Credentials {
  const authorization = fields.get("authorization");
  if (authorization === undefined) {
    // Browsers cannot set a field for WebSockets and event streams.
    const token = query.includes("access_token=")
      ? new URLSearchParams(query).get("access_token") ?? undefined
      : undefined;
    return new Credentials({ ...from, token });
  }
  const [, scheme, value] = /^(\w+) +(\S+)$/.exec(authorization) ?? [];
  switch (scheme?.toLowerCase()) {
    case "basic":
      return new Credentials({ ...from, ...nameAndPassword(value!) });
    case "bearer":
      return new Credentials({ ...from, token: value });
  }
  return new Credentials(from);
}

function nameAndPassword(encoded: string): { username?: string; password?: Uint8Array } {
  let bytes: Uint8Array;
  try {
    bytes = decodeBase64(encoded);
  } catch {
    return {};
  }
  const colon = bytes.indexOf(COLON);
  const username = colon < 0 ? undefined : utf8(bytes.subarray(0, colon));
  return username === undefined ? {} : { username, password: bytes.subarray(colon + 1) };
}
