import { Buffer } from "node:buffer";
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

/** What a client says in answer to the server's first message (RFC 5802 §3). */
export function proofOf(user: string, password: string, challenge: string): string {
  const { r = "", s = "", i = "0" } = Object.fromEntries(
    challenge.split(",").map((each) => [each[0], each.slice(2)]),
  );
  const hmac = (key: Uint8Array, text: string) => createHmac("sha256", key).update(text).digest();
  const salted = pbkdf2Sync(password, Buffer.from(s, "base64"), Number(i), 32, "sha256");
  const clientKey = hmac(salted, "Client Key");
  const stored = createHash("sha256").update(clientKey).digest();
  const bare = `c=biws,r=${r}`;
  const signature = hmac(stored, `n=${user},r=abc,${challenge},${bare}`);
  const proof = clientKey.map((byte, index) => byte ^ signature[index]!);
  return `${bare},p=${Buffer.from(proof).toString("base64")}`;
}
