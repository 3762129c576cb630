import { installed } from "../installed.ts";

function hasIpv6(): boolean {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

/** Real clients, where they are installed, and what else a machine may lack. */
export const programs = {
  mosquitto_pub: installed("mosquitto_pub"),
  mosquitto_sub: installed("mosquitto_sub"),
  curl: installed("curl"),
  litmus: installed("litmus"),
  cadaver: installed("cadaver"),
  dig: installed("dig"),
  drill: installed("drill"),
  // Packagers name libcoap's client after the TLS library in it.
  "coap-client": installed(
    "coap-client",
    "coap-client-notls",
    "coap-client-openssl",
    "coap-client-gnutls",
  ),
  "coap-server": installed(
    "coap-server",
    "coap-server-notls",
    "coap-server-openssl",
    "coap-server-gnutls",
  ),
  ab: installed("ab"),
  openssl: installed("openssl"),
  mosquitto_passwd: installed("mosquitto_passwd"),
  htdigest: installed("htdigest"),
  IPv6: hasIpv6() ? "::1" : undefined,
  chromium: installed("chromium", "chromium-browser", "google-chrome"),
};

export type Program = keyof typeof programs;

/** The path of a program that a test needs; `testWith` sees to it that it is there. */
export function program(name: Program): string {
  const path = programs[name];
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

/** A test that runs programs and uses sockets; where a program is absent its name says so. */
export function testWith(
  needed: readonly Program[],
  name: string,
  fn: (test: Deno.TestContext) => Promise<void>,
): void {
  const absent = needed.filter((each) => programs[each] === undefined);
  const skipped = absent.map((each) => `${each} is not installed`).join(", ");
  Deno.test({
    name: absent.length === 0 ? name : `${name} (skipped: ${skipped})`,
    ignore: absent.length > 0,
    sanitizeOps: true,
    sanitizeResources: true,
    fn,
  });
}
