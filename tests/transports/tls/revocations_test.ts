import assert from "node:assert/strict";
import { type Authority, certificatePem, newKeys } from "../../../actors/cert/certificate.ts";
import { defaults, Revocations } from "../../../transports/tls/revocations.ts";
import { readCertificate } from "../../../transports/tls/x509_certificate.ts";
import { der, TestAuthority } from "./authorities.ts";

const root = await TestAuthority.make("Root"), office = await TestAuthority.make("Office", root);
const ann = await office.issue("ann"),
  bob = await office.issue("bob"),
  eve = await root.issue("eve");
const namesake = await TestAuthority.make("Office", await TestAuthority.make("Root"));

const both = root.pem + office.pem, none = [await root.revoke([]), await office.revoke([])];
const chain = [ann.cert, office.pem];

/** Some lists, and those that they are about. */
function known(crl: readonly string[], ca = both): Revocations {
  const revocations = new Revocations();
  revocations.renew(crl, ca);
  return revocations;
}

function standing(revocations: Revocations, shown: readonly string[]) {
  return revocations.standingOf(shown.map(der));
}

Deno.test("Without lists nobody is asked about", () => {
  const revocations = new Revocations();
  assert.equal(revocations.isUsed, false);
  revocations.renew(none, both);
  assert.equal(revocations.isUsed, true);
  revocations.renew(undefined, both);
  assert.equal(revocations.isUsed, false);
  assert.throws(() => revocations.renew([], both), /^Error: there is no revocation list$/);
});

for (
  const [how, shown] of [
    ["with its issuer", chain],
    ["without its issuer, which is known", [ann.cert]],
    ["with all above it", [ann.cert, office.pem, root.pem]],
    ["with something else between", [ann.cert, bob.cert, namesake.pem, office.pem]],
    ["of the root", [eve.cert]],
  ] as const
) {
  Deno.test(`A certificate that no list names is good when it is shown ${how}`, () => {
    let holds: boolean | undefined;
    standing(known(none), shown).check((answer) => holds = answer);
    assert.equal(holds, true);
  });
}

Deno.test("A certificate that the list of its issuer names is refused, with serial and subject", async () => {
  const revocations = known([none[0]!, await office.revoke([ann.cert])]);
  const { serial } = readCertificate(der(ann.cert));
  assert.throws(() => standing(revocations, chain), {
    message: `the client certificate is revoked (serial ${serial}, subject "CN=ann")`,
  });
  standing(revocations, [bob.cert, office.pem]);
});

Deno.test("A serial number on the list of somebody else says nothing", async () => {
  standing(known([await root.revoke([ann.cert]), none[1]!]), chain);
});

Deno.test("Whose authority is revoked is refused, whether the client shows it or not", async () => {
  const revocations = known([await root.revoke([office.pem]), none[1]!]);
  const said =
    /^Error: an authority's certificate is revoked \(serial [\dA-F]+, subject "CN=Office"\)$/;
  for (const shown of [chain, [ann.cert], [ann.cert, namesake.pem, office.pem]]) {
    assert.throws(() => standing(revocations, shown), said);
  }
  standing(revocations, [eve.cert]);
});

Deno.test("An authority that only the client has shown may be revoked, too", async () => {
  const region = await TestAuthority.make("Region", root);
  const desk = await TestAuthority.make("Desk", region), carl = await desk.issue("carl");
  const ca = root.pem + desk.pem,
    list = await desk.revoke([]),
    shown = [carl.cert, desk.pem, region.pem];
  standing(known([none[0]!, list], ca), shown);
  const revocations = known([await root.revoke([region.pem]), list], ca);
  assert.throws(() => standing(revocations, shown), /is revoked .*"CN=Region"/);
});

Deno.test("An authority of the same name and another key hides nothing", async () => {
  const revocations = known([await root.revoke([office.pem]), none[1]!]);
  assert.throws(() => standing(revocations, [ann.cert, namesake.pem]), /is revoked .*"CN=Office"/);
  const strange = await namesake.issue("ann");
  assert.throws(
    () => standing(known(none), [strange.cert]),
    /the issuer of serial [\dA-F]+, subject "CN=ann" is not known/,
  );
  // Its issuer is there, but nobody knows who vouches for that.
  assert.throws(
    () => standing(known(none), [strange.cert, namesake.pem]),
    /there is no revocation list of "CN=Office"/,
  );
});

Deno.test("Whose issuer has no list is refused", () => {
  assert.throws(
    () => standing(known([none[0]!]), chain),
    /there is no revocation list of "CN=Office", the issuer of the client certificate/,
  );
});

Deno.test("An authority without a list of its own issuer is good", () => {
  standing(known([none[1]!]), chain);
});

Deno.test("Whose issuer's list has expired is refused, also while it is in use", async () => {
  let now = Date.now();
  const revocations = new Revocations(() => now);
  revocations.renew(none, both);
  standing(revocations, chain);
  now += 3 * 86_400_000;
  assert.throws(
    () => standing(revocations, chain),
    /the revocation list of "CN=Office" has expired: there should have been another one by/,
  );
  // It is no reason to refuse what else is new.
  revocations.renew([none[0]!, none[1]!], both);
  const another = await office.revoke([], { daysAgo: 1 });
  assert.throws(() => revocations.renew([none[0]!, another], both), /"CN=Office" has expired/);
});

Deno.test("Of two lists of one issuer the later one counts", async () => {
  const old = await office.revoke([ann.cert], { daysAgo: 1 });
  for (const lists of [[...none, old], [old, ...none]]) standing(known(lists), chain);
});

/** Anybody can make a certificate that says whose key this is. */
async function forged(name: string, keys: CryptoKeyPair, by: Authority): Promise<string> {
  return await certificatePem(
    { name, keys, purpose: "authority", days: 9, authority: by },
    new Date(),
  );
}

Deno.test("Another certificate for the key of an authority that is revoked hides nothing", async () => {
  const revocations = known([await root.revoke([office.pem]), none[1]!]);
  const nobody = { name: "Nobody", keys: await newKeys() };
  const other = await forged("Office", office.keys, nobody);
  for (const shown of [[other], [other, office.pem], [office.pem, other]]) {
    assert.throws(() => standing(revocations, [ann.cert, ...shown]), /is revoked .*"CN=Office"/);
  }
});

Deno.test("Certificates that vouch for each other are followed once", async () => {
  const region = await TestAuthority.make("Region", root);
  const desk = await TestAuthority.make("Desk", region), carl = await desk.issue("carl");
  const ca = root.pem + desk.pem, crl = [await root.revoke([region.pem]), await desk.revoke([])];
  const one = { name: "One", keys: await newKeys() }, two = { name: "Two", keys: await newKeys() };
  const shown = [await forged("Region", region.keys, one), region.pem];
  for (let i = 0; i < 3; i++) {
    shown.push(await forged("One", one.keys, two), await forged("Two", two.keys, one));
  }
  const revocations = known(crl, ca), begun = performance.now();
  assert.throws(() => standing(revocations, [carl.cert, ...shown]), /not known|is revoked/);
  assert.ok(performance.now() - begun < 2_000);
  standing(known([none[0]!, crl[1]!], ca), [carl.cert, ...shown]);
});

Deno.test("However much else a client shows, the authorities above it are looked up", async () => {
  const region = await TestAuthority.make("Region", root);
  const desk = await TestAuthority.make("Desk", region), carl = await desk.issue("carl");
  const crl = [await root.revoke([region.pem]), await desk.revoke([])];
  const revocations = known(crl, root.pem + desk.pem + region.pem);
  const many = Array<string>(defaults.chainCertificates).fill(bob.cert);
  assert.throws(() => standing(revocations, [carl.cert, ...many]), /is revoked .*"CN=Region"/);
});

Deno.test("Who hears that a certificate is revoked hears it once, and nobody else does", async () => {
  const revocations = known(none), heard: string[] = [];
  const watch = (name: string, shown: string[]) => {
    const forget = standing(revocations, shown).watch(() => {
      heard.push(name);
      forget?.();
    });
    return forget;
  };
  watch("ann", chain);
  watch("bob", [bob.cert, office.pem]);
  watch("ann, who has left", chain)();
  const before = standing(revocations, chain);
  revocations.renew([none[0]!, await office.revoke([ann.cert])], both);
  assert.deepEqual(heard, ["ann"]);
  const late: string[] = [];
  before.watch(() => late.push("at once"))();
  let holds: boolean | undefined;
  before.check((answer) => holds = answer);
  assert.deepEqual([late, holds], [["at once"], false]);
  revocations.renew([await root.revoke([office.pem]), none[1]!], both);
  assert.deepEqual(heard, ["ann", "bob"]);
});

Deno.test("A list that is of no use changes nothing, and ends nothing", async () => {
  const revocations = known(none), heard: string[] = [];
  standing(revocations, chain).watch(() => heard.push("ann"));
  const fatal = await office.revoke([ann.cert]);
  const wrong: [readonly string[], string][] = [
    [[fatal, "nothing"], both],
    [[fatal, await namesake.revoke([])], both],
    [[fatal], root.pem],
    [[fatal], "nothing"],
    [[fatal, await root.revoke([], { daysAgo: 3 })], both],
  ];
  for (const [crl, ca] of wrong) assert.throws(() => revocations.renew(crl, ca), Error);
  assert.deepEqual(heard, []);
  standing(revocations, chain);
});
