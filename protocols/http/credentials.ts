import { decodeBase64 } from "@std/encoding/base64";
import { utf8 } from "../bytes.ts";
import { Credentials, type DigestProof } from "../identity.ts";
import type { Peer } from "../session.ts";
import { parseDigest } from "../web/digest.ts";
import type { RequestHead } from "./messages/message.ts";

const COLON = 0x3a;

/** The credentials of a request: Basic (RFC 7617), Bearer (RFC 6750), Digest, `?access_token=`. */
export function credentialsOf(
  { fields, query, path, method }: Pick<RequestHead, "query" | "path" | "method"> & {
    fields: { get(name: string): string | null | undefined };
  },
  from: { protocol: "http" | "websocket"; peer: Peer; listener: string },
): Credentials {
  const authorization = fields.get("authorization") ?? undefined;
  const cookies = fields.get("cookie") ?? undefined;
  if (authorization === undefined) {
    // In a browser, WebSockets and event streams cannot set the field Authorization.
    const token = query.includes("access_token=")
      ? new URLSearchParams(query).get("access_token") ?? undefined
      : undefined;
    return new Credentials({ ...from, token, cookies });
  }
  const [, scheme, value] = /^(\w+) +(\S.*)$/.exec(authorization) ?? [];
  switch (scheme?.toLowerCase()) {
    case "basic":
      return new Credentials({ ...from, cookies, ...nameAndPassword(value!.trim()) });
    case "bearer":
      return new Credentials({ ...from, cookies, token: value!.trim() });
    case "digest":
      return new Credentials({ ...from, cookies, ...proofOf(value!, { method, path, query }) });
  }
  return new Credentials({ ...from, cookies });
}

function proofOf(
  value: string,
  { method, path, query }: Pick<RequestHead, "query" | "path" | "method">,
): { digest?: DigestProof; username?: string } {
  const response = parseDigest(value);
  if (response === undefined) return {};
  const target = query === "" ? path : `${path}?${query}`;
  return { username: response.username, digest: { response, method, target } };
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
