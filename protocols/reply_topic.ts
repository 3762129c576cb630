import { randomBytes } from "node:crypto";

/**
 * A topic for one reply, which `#` does not select. Whoever can guess it can forge the reply, and
 * who has answered one request must not know where the answer to the next is expected.
 */
export function replyTopic(base = "$reply"): string {
  return `${base}/${randomBytes(12).toString("base64url")}`;
}
