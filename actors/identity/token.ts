import type { Credentials } from "../../protocols/identity.ts";
import { mayCarryPassword } from "./authenticator.ts";

/** Where tokens may come from, and what they look like where passwords could stand too. */
interface TokenPlaces {
  readonly cookie?: string;
  /** Takes it over CoAP without DTLS too, where whoever listens on the way can read it. */
  readonly plainCoap?: boolean;
}

/** The token that a client shows; `shape` tells it from a password and from other cookies. */
export function tokenOf(
  credentials: Credentials,
  shape: RegExp,
  { cookie, plainCoap }: TokenPlaces,
): string | undefined {
  const { token, protocol, passwordText } = credentials;
  if (token !== undefined) return plainCoap || mayCarryPassword(credentials) ? token : undefined;
  // MQTT's CONNECT has no other place for it.
  const found = protocol === "mqtt" && passwordText !== undefined
    ? passwordText
    : cookie !== undefined && credentials.saysNothing
    ? credentials.cookie(cookie)
    : undefined;
  return found !== undefined && shape.test(found) ? found : undefined;
}
