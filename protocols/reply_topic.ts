import { randomBytes } from "node:crypto";

/**
 * A topic for one reply, which `#` does not select. It is random because whoever can guess it can
 * forge the reply, and new each time so that who answers one request cannot answer the next.
 */
export function replyTopic(base = "$reply"): string {
  return `${base}/${randomBytes(12).toString("base64url")}`;
}
