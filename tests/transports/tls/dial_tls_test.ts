import assert from "node:assert/strict";
import { tls } from "../../../mod.ts";
import { dialTcp } from "../../../transports/tcp.ts";
import { dialTls, type DialTlsOptions } from "../../../transports/tls/dial_tls.ts";
import { certificates, hasOpenssl, orSkipped } from "./certificates.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** Whom a client meets that has these options; the reason when it does not want to. */
async function meet(
  server: keyof Pick<
    ReturnType<typeof certificates>,
    "server" | "shop" | "expired" | "client" | "rogue"
  >,
  options: Partial<DialTlsOptions> & { host: string },
): Promise<string> {
  const listener = await tls({ port: 0, ...certificates()[server] }).listen();
  const accepted = (async () => {
    for (let stream = await listener.accept(); stream; stream = await listener.accept()) {
      stream.close();
    }
  })().catch(() => {});
  try {
    const stream = await dialTcp({ port: listener.address.port, hostname: "127.0.0.1" });
    const secured = await dialTls(stream, { ca: certificates().ca, ...options });
    secured.close();
    return "welcome";
  } catch (error) {
    return (error as Error).message;
  } finally {
    listener.close();
    await accepted;
  }
}

const meetings: [
  what: string,
  server: Parameters<typeof meet>[0],
  options: Parameters<typeof meet>[1],
  said: RegExp,
][] = [
  ["whom the authority vouches for", "server", { host: "localhost" }, /^welcome$/],
  [
    "with a certificate for another name",
    "shop",
    { host: "localhost" },
    /as "localhost": .*shop\.test/,
  ],
  ["by the name that it is asked for", "shop", { host: "x", servername: "shop.test" }, /^welcome$/],
  ["with a certificate that has expired", "expired", { host: "localhost" }, /expired/],
  ["with a certificate for clients", "client", { host: "sensor-7" }, /purpose|altnames|Hostname/i],
  ["that vouches for itself", "rogue", { host: "localhost" }, /self.signed|unable to verify/i],
  ["whom another authority vouches for", "server", {
    host: "localhost",
    ca: undefined,
  }, /unable to|self.signed/i],
];

for (const [what, server, options, said] of meetings) {
  Deno.test({
    name: `dialTls meets a server ${what}${orSkipped}`,
    ignore: !hasOpenssl,
    ...strict,
    fn: async () => assert.match(await meet(server, options), said),
  });
}
