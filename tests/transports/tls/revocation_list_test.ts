import assert from "node:assert/strict";
import { algorithm, extension, signed } from "../../../actors/cert/certificate.ts";
import { explicit, integer, sequence, time } from "../../../actors/cert/der.ts";
import { readList, readLists } from "../../../transports/tls/revocation_list.ts";
import { authoritiesOf, faultOfAge, trustedLists } from "../../../transports/tls/trusted_lists.ts";
import { readCertificate } from "../../../transports/tls/x509_certificate.ts";
import { run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { everyHarm } from "../../protocols/harm.ts";
import { bytesIn, der, TestAuthority } from "./authorities.ts";

const authority = await TestAuthority.make("Us"), other = await TestAuthority.make("Them");
const client = await authority.issue("sensor-7");
const serial = readCertificate(der(client.cert)).serial;
const good = await authority.revoke([client.cert]);
const known = authoritiesOf(authority.pem);

Deno.test("readLists reads whom a list names, who made it, and when", () => {
  const [list, ...rest] = readLists(good);
  assert.deepEqual([[...list!.revoked.keys()], rest], [[serial], []]);
  assert.deepEqual(list!.issuer, readCertificate(der(authority.pem)).subject);
  assert.equal(list!.nextUpdate - list!.thisUpdate, 2 * 86_400_000);
  assert.ok(Math.abs(list!.revoked.get(serial)! - Date.now()) < 60_000);
});

Deno.test("readLists reads PEM as text and as bytes, several at once, and DER", async () => {
  const none = await authority.revoke([]);
  const sources = [good, new TextEncoder().encode(good), bytesIn(good)];
  for (const each of sources) assert.equal(readLists(each)[0]!.revoked.size, 1);
  const both = readLists(`Of today:\r\n${good}\r\n${none.replaceAll("\n", "\r\n")}`);
  assert.deepEqual(both.map(({ revoked }) => revoked.size), [1, 0]);
});

const noList: [what: string, source: string | Uint8Array, said: RegExp][] = [
  ["nothing", "", /it is neither PEM with "X509 CRL" in it nor DER/],
  ["no bytes", new Uint8Array(), /it is neither PEM/],
  ["a certificate", client.cert, /it holds "CERTIFICATE" in place of "X509 CRL"/],
  [
    "a certificate as DER",
    der(client.cert),
    /the algorithm is missing: a value of type 160/,
  ],
  ["what is not base64", good.replace("MII", "M!I").replace("\nMI", "\n?I"), /not base64/],
  ["more than a list", new Uint8Array([...bytesIn(good), 0]), /there is more in the revocation/],
];
for (const [what, source, said] of noList) {
  Deno.test(`readLists refuses ${what}`, () => void assert.throws(() => readLists(source), said));
}

/** A list of our own making, with extensions of the list and of its one entry. */
async function extended(ofList: Uint8Array[], ofEntry: Uint8Array[] = []): Promise<Uint8Array> {
  const now = time(new Date()), { subject } = readCertificate(der(authority.pem));
  const extra = ofEntry.length > 0 ? [sequence(...ofEntry)] : [];
  const entries = sequence(sequence(integer(Uint8Array.of(7)), now, ...extra));
  const body = sequence(
    integer(Uint8Array.of(1)),
    algorithm(),
    subject,
    now,
    entries,
    ...ofList.length > 0 ? [explicit(0, sequence(...ofList))] : [],
  );
  return await signed(body, authority.keys);
}

Deno.test("A list that does not say when the next one comes is good for ever", async () => {
  const [list] = trustedLists(await extended([]), known, Date.now());
  assert.deepEqual([list!.nextUpdate, [...list!.revoked.keys()]], [Infinity, ["07"]]);
  assert.equal(faultOfAge(list!, Number.MAX_SAFE_INTEGER), undefined);
});

Deno.test("Extensions that are not critical may be there", async () => {
  const reason = extension("2.5.29.21", Uint8Array.of(10, 1, 1));
  const number = extension("2.5.29.20", integer(Uint8Array.of(9)));
  assert.equal(readList(await extended([number], [reason])).revoked.size, 1);
});

const refused: [what: string, list: Promise<Uint8Array>, said: RegExp][] = [
  [
    "a delta list",
    extended([extension("2.5.29.27", integer(Uint8Array.of(1)), true)]),
    /it holds what has changed since another list \(extension 2\.5\.29\.27\): a complete list/,
  ],
  [
    "a list of a part of the certificates",
    extended([extension("2.5.29.28", sequence(), true)]),
    /it is about a part of its issuer's certificates \(extension 2\.5\.29\.28\)/,
  ],
  [
    "a list of several issuers",
    extended([], [extension("2.5.29.29", sequence(), true)]),
    /it is about certificates of several issuers \(extension 2\.5\.29\.29\)/,
  ],
  [
    "a critical extension that nobody knows",
    extended([extension("1.2.3.4", sequence(), true)]),
    /its critical extension 1\.2\.3\.4 is not understood/,
  ],
  [
    "one of an entry",
    extended([], [extension("1.2.3.4", sequence(), true)]),
    /its critical extension 1\.2\.3\.4 is not understood/,
  ],
];
for (const [what, list, said] of refused) {
  Deno.test(`readList refuses ${what}`, async () => {
    const bytes = await list;
    assert.throws(() => readList(bytes), said);
  });
}

Deno.test("A list is taken from whoever has signed it only", async () => {
  const now = Date.now();
  assert.equal(trustedLists(good, known, now)[0]!.authority, known[0]);
  const theirs = await other.revoke([]);
  assert.throws(
    () => trustedLists(theirs, known, now),
    /^Error: the revocation list of "CN=Them" is of another issuer: `ca` has "CN=Us"$/,
  );
  const namesake = await TestAuthority.make("Us"), forged = await namesake.revoke([]);
  assert.throws(
    () => trustedLists(forged, known, now),
    /^Error: the revocation list of "CN=Us" has a signature that does not verify: it is not by/,
  );
  const both = authoritiesOf(authority.pem + namesake.pem);
  assert.equal(trustedLists(forged, both, now)[0]!.authority, both[1]);
  const served = authoritiesOf((await authority.issue("Us", "server")).cert);
  assert.throws(() => trustedLists(good, served, now), /does not verify/);
});

Deno.test("A list by a key that may not sign lists is none", async () => {
  const clerk = await TestAuthority.make("Clerk", undefined, "client");
  const list = await clerk.revoke([]);
  assert.throws(
    () => trustedLists(list, authoritiesOf(clerk.pem), Date.now()),
    /"CN=Clerk" is by a key that may not sign lists \(cRLSign is not set\)/,
  );
});

Deno.test("A list is not of tomorrow, and not of long ago", async () => {
  const tomorrow = await authority.revoke([], { daysAgo: -1 });
  assert.throws(() => trustedLists(tomorrow, known, Date.now()), /which is yet to come/);
  const [soon] = trustedLists(await authority.revoke([]), known, Date.now() - 200_000);
  assert.equal(faultOfAge(soon!, Date.now()), undefined);
  const [old] = trustedLists(await authority.revoke([], { daysAgo: 3 }), known, Date.now());
  assert.match(
    faultOfAge(old!, Date.now())!,
    /^the revocation list of "CN=Us" has expired: .* another one by \d{4}-\d\d-\d\dT[\d:]+Z$/,
  );
});

Deno.test("Nobody takes a list for good that is cut, flipped or random", () => {
  const whole = bytesIn(good);
  for (const harmed of everyHarm(whole)) {
    if (harmed.length === whole.length && harmed.every((byte, at) => byte === whole[at])) continue;
    assert.throws(() => trustedLists(harmed, known, Date.now()), faultIn);
  }
});

Deno.test("A certificate that is cut, flipped or random is read or refused, and no more", () => {
  for (const harmed of everyHarm(der(client.cert))) {
    try {
      readCertificate(harmed);
    } catch (error) {
      faultIn(error);
    }
  }
});

/** Something that we say of what we read, and not what the engine says of our code. */
function faultIn(error: unknown): true {
  assert.equal((error as Error).constructor, Error, String(error));
  return true;
}

const keys: [kind: string, key: string[], sign?: string[]][] = [
  ["RSA", ["rsa:2048"]],
  ["RSA with PSS", ["rsa:2048"], [
    "-sigopt",
    "rsa_padding_mode:pss",
    "-sigopt",
    "rsa_pss_saltlen:32",
  ]],
  ["RSA with PSS and SHA-512", ["rsa:2048"], ["-md", "sha512", "-sigopt", "rsa_padding_mode:pss"]],
  ["ECDSA with P-256", ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"]],
  ["ECDSA with P-384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["-md", "sha384"]],
  ["Ed25519", ["ed25519"], ["-md", "null"]],
];
for (const [kind, key, sign = []] of keys) {
  testWith(["openssl"], `A list that openssl has made with ${kind} is taken`, async () => {
    const folder = await Deno.makeTempDir(), openssl = program("openssl");
    const at = (name: string) => `${folder}/${name}`, subject = ["-subj", "/O=Us/CN=ca"];
    try {
      const config =
        `[ca]\ndefault_ca=us\n[us]\ndatabase=${at("index")}\ncrlnumber=${at("number")}\n` +
        "default_md=sha256\ndefault_crl_days=5\n";
      const files = { config, index: "", number: "01" };
      for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(at(name), text);
      const own = ["-nodes", "-keyout", at("key"), "-out", at("ca"), ...subject];
      await run(openssl, "req", "-x509", "-newkey", ...key, ...own, "-days", "5");
      await Deno.writeTextFile(at("client"), client.cert);
      const us = ["ca", "-config", at("config"), "-cert", at("ca"), "-keyfile", at("key")];
      await run(openssl, ...us, "-revoke", at("client"), "-crl_reason", "keyCompromise");
      await run(openssl, ...us, "-gencrl", "-out", at("crl"), ...sign);
      await run(openssl, "crl", "-in", at("crl"), "-outform", "DER", "-out", at("der"));
      const authorities = authoritiesOf(await Deno.readTextFile(at("ca")));
      const pem = await Deno.readTextFile(at("crl")), bytes = await Deno.readFile(at("der"));
      for (const source of [pem, bytes]) {
        const [list] = trustedLists(source, authorities, Date.now());
        assert.deepEqual([...list!.revoked.keys()], [serial]);
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
