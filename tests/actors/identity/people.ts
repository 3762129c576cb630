import { Buffer } from "node:buffer";
import { createHmac } from "node:crypto";
import { Credentials, type CredentialsOptions } from "../../../protocols/identity.ts";
import type { Identity } from "../../../protocols/identity.ts";

/** The secret of the tokens of tests. */
export const secret = "0123456789abcdef0123456789abcdef";

/** What a client over MQTT shows. */
export function shown(
  options: Partial<CredentialsOptions> & { text?: string } = {},
): Credentials {
  const { text, ...rest } = options;
  return new Credentials({
    protocol: "mqtt",
    listener: "mqtt://:1883",
    peer: { address: "192.0.2.7:50112", secure: false },
    ...text !== undefined && { password: Buffer.from(text) },
    ...rest,
  });
}

/** Somebody without properties, but for those given. */
export function someone(given: Partial<Identity> = {}): Identity {
  return {
    user: undefined,
    clientId: undefined,
    groups: [],
    certificate: undefined,
    address: "192.0.2.7:50112",
    listener: "mqtt://:1883",
    ...given,
  };
}

/** An answer, but for what it stands on. */
export function plain<T>(answer: T): T {
  if (typeof answer !== "object" || answer === null) return answer;
  return Object.fromEntries(Object.entries(answer).filter(([name]) => name !== "grant")) as T;
}

/** A token of these claims, signed with HS256. */
export function token(claims: unknown, header: unknown = { alg: "HS256" }, key = secret): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", key).update(signed).digest("base64url")}`;
}

/** One part of a token. */
export function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A folder of its own, gone at the end. */
export async function folder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir();
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
