import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Authority, certificatePem, newKeys, privateKeyPem } from "../cert/certificate.ts";
import { listOf } from "./cert_list.ts";
import type { CommandHost } from "./command.ts";
import { argumentFault } from "./config/argument_fault.ts";
import { wordsOf } from "./config/cause.ts";
import { quote } from "./settings/place.ts";

const AUTHORITY = "Meerkat local authority";

const USAGE = "cert [FOLDER] [--host NAME …] [--client NAME …] [--revoke FILE …] [--days N]";

const HELP =
  `Makes a certificate authority of your own, and certificates that it signs, for trying out TLS.

  ${USAGE}

  FOLDER         where the files go; default: certs
  --host NAME    a name or an IP address of the server; can be repeated. Default: localhost, 127.0.0.1, ::1
  --client NAME  also a client certificate of this name; can be repeated. A server certificate that
                 is there already then stays, unless --host is given, too
  --revoke FILE  take back a certificate that this authority has signed; can be repeated. A server
                 certificate that is there already stays then, too
  --days N       how long certificates and the list are good, 1 to 3650; default: 365

An authority that is in the folder already signs again, and ca.crl, the list of what it has taken
back, is made anew each time: give it to --client-crl. Whoever has its key can pretend to be anybody
to those who trust it: keep it, and do not use it beyond your own machines.`;

/** Makes certificates to try TLS with. */
export async function cert(args: string[], host: CommandHost): Promise<number> {
  let given;
  try {
    given = parseArgs({
      args,
      allowPositionals: true,
      options: {
        host: { type: "string", multiple: true },
        client: { type: "string", multiple: true, default: [] },
        revoke: { type: "string", multiple: true, default: [] },
        days: { type: "string", default: "365" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    host.stderr(argumentFault(error, USAGE));
    return 2;
  }
  const { positionals: [folder = "certs", ...more], values } = given;
  if (values.help) {
    host.stdout(HELP);
    return 0;
  }
  const days = Number(values.days), names = [...values.client, ...values.host ?? []];
  const fault = faultOf({ more, days, text: values.days, names });
  if (fault !== undefined) {
    host.stderr(fault);
    return 2;
  }
  const hosts = values.host ?? ["localhost", "127.0.0.1", "::1"];
  try {
    const isNamed = values.host !== undefined, { client: clients, revoke } = values;
    await make({ folder, hosts, isNamed, clients, revoke, days }, host);
    return 0;
  } catch (error) {
    host.stderr(`Cannot make certificates in "${folder}": ${wordsOf(error)}`);
    return 1;
  }
}

function faultOf(
  { more, days, text, names }: { more: string[]; days: number; text: string; names: string[] },
): string | undefined {
  if (more.length > 0) return `Unexpected "${more[0]}": cert takes one folder`;
  if (!Number.isInteger(days) || days < 1 || days > 3650) {
    return `Cannot use --days ${quote(text)}: give a whole number from 1 to 3650`;
  }
  const bad = names.find((name) => !/^[\w.:*@ -]{1,64}$/.test(name));
  return bad === undefined
    ? undefined
    : `Cannot use the name "${bad}": give letters, digits, dots and dashes, 64 at most`;
}

async function make(
  { folder, hosts, isNamed, clients, revoke, days }: {
    folder: string;
    hosts: string[];
    isNamed: boolean;
    clients: string[];
    revoke: string[];
    days: number;
  },
  host: CommandHost,
): Promise<void> {
  if (revoke.length > 0 && !await isThere(join(folder, "ca.key"))) {
    throw new Error("there is no authority that could take back a certificate: ca.key is missing");
  }
  await Deno.mkdir(folder, { recursive: true });
  const now = new Date();
  const authority = await authorityIn(folder, days, now, host);
  const shared = { days, authority };
  const issue = async (file: string, name: string, purpose: "server" | "client") => {
    const keys = await newKeys(), named = purpose === "server" ? hosts : [];
    const pem = await certificatePem({ ...shared, name, purpose, keys, hosts: named }, now);
    await write(folder, `${file}.key`, await privateKeyPem(keys), host);
    await write(folder, `${file}.pem`, pem, host);
  };
  // A further client, or one revoked, is no reason for a new certificate of the server, or for other
  // names in it.
  const hasServer = clients.length + revoke.length > 0 && await isThere(join(folder, "server.pem"));
  if (isNamed || !hasServer) await issue("server", hosts[0]!, "server");
  for (const name of clients) {
    await issue(`client-${name.replace(/[^\w.-]/g, "_")}`, name, "client");
  }
  await write(
    folder,
    "ca.crl",
    await listOf({ folder, revoke, days, keys: authority.keys }, now),
    host,
  );
  const asksClients = clients.length + revoke.length > 0
    ? ` --client-ca ${join(folder, "ca.pem")} --client-crl ${join(folder, "ca.crl")}`
    : "";
  host.stdout(
    `Start: ${host.program} --listen https: --cert ${join(folder, "server.pem")} ` +
      `--key ${join(folder, "server.key")}${asksClients}`,
  );
}

/** The authority of a folder, new if there is none. */
async function authorityIn(
  folder: string,
  days: number,
  now: Date,
  host: CommandHost,
): Promise<Authority> {
  const there = await Deno.readTextFile(join(folder, "ca.key")).catch(() => undefined);
  if (there !== undefined) {
    const pem = await Deno.readTextFile(join(folder, "ca.pem"));
    const name = /CN=(.*)/.exec(new X509Certificate(pem).subject)?.[1] ?? AUTHORITY;
    return { name, keys: await keysOf(there) };
  }
  const keys = await newKeys(), name = `${AUTHORITY} ${crypto.randomUUID().slice(0, 8)}`;
  await write(folder, "ca.key", await privateKeyPem(keys), host);
  const pem = await certificatePem({ name, purpose: "authority", days, keys }, now);
  await write(folder, "ca.pem", pem, host);
  return { name, keys };
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function keysOf(pem: string): Promise<CryptoKeyPair> {
  const secret = createPrivateKey(pem), kind = { name: "ECDSA", namedCurve: "P-256" };
  const pkcs8 = new Uint8Array(secret.export({ format: "der", type: "pkcs8" }));
  const spki = new Uint8Array(createPublicKey(secret).export({ format: "der", type: "spki" }));
  return {
    privateKey: await crypto.subtle.importKey("pkcs8", pkcs8, kind, true, ["sign"]),
    publicKey: await crypto.subtle.importKey("spki", spki, kind, true, ["verify"]),
  };
}

async function write(
  folder: string,
  name: string,
  text: string,
  host: CommandHost,
): Promise<void> {
  const path = join(folder, name);
  const isSecret = name.endsWith(".key");
  await Deno.writeTextFile(path, text, isSecret ? { mode: 0o600 } : {});
  host.stdout(`wrote ${path}`);
}
