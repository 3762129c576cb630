import assert from "node:assert/strict";
import { bytesIn, TestAuthority } from "../../../transports/tls/authorities.ts";
import { certificate, FakeHost, privateKey } from "../fakes.ts";

const authority = await TestAuthority.make("Us"), other = await TestAuthority.make("Them");
const namesake = await TestAuthority.make("Us"), good = await authority.revoke([]);

const config = JSON.stringify({
  listen: ["mqtts:"],
  tls: { cert: "c", key: "k", ca: "ca", crl: ["good", "tried"] },
});
const files = { "m.json": config, c: certificate, k: privateKey, ca: authority.pem, good };

const damaged = bytesIn(good).with(-1, 0x55).toBase64();
const tried: [what: string, list: string, said: RegExp][] = [
  ["a certificate", authority.pem, /it holds "CERTIFICATE" in place of "X509 CRL"$/],
  ["a text", "hello", /it is neither PEM with "X509 CRL" in it nor DER$/],
  [
    "a list of somebody else",
    await other.revoke([]),
    /the revocation list of "CN=Them" is of another issuer: `ca` has "CN=Us"$/,
  ],
  [
    "a list by another key",
    await namesake.revoke([]),
    /has a signature that does not verify: it is not by the key of its issuer in `ca`, or was/,
  ],
  [
    "a list that was changed",
    `-----BEGIN X509 CRL-----\n${damaged}\n-----END X509 CRL-----\n`,
    /has a signature that does not verify/,
  ],
  ["a list of tomorrow", await authority.revoke([], { daysAgo: -1 }), /which is yet to come$/],
];
for (const [what, list, said] of tried) {
  Deno.test(`check says that ${what} is no revocation list, and where`, async () => {
    for (const command of [["check"], []]) {
      const host = new FakeHost({ ...files, tried: list });
      assert.notEqual(await host.run(...command, "--config", "m.json"), 0);
      const [line, ...more] = host.err;
      assert.deepEqual([more, host.settings], [[], undefined]);
      assert.ok(line!.startsWith('m.json:1:74: tls.crl[1]: Cannot use "tried": '), line);
      assert.match(line!, said);
    }
  });
}

Deno.test("check says that a list has expired, with which a gateway starts all the same", async () => {
  const old = { ...files, tried: await authority.revoke([], { daysAgo: 3 }) };
  const checked = new FakeHost(old);
  assert.equal(await checked.run("check", "--config", "m.json"), 1);
  assert.equal(checked.err.length, 1);
  assert.match(
    checked.err[0]!,
    /^mqtts:\/\/127\.0\.0\.1:8883: Cannot use "tried": the revocation list of "CN=Us" has expired: /,
  );
  const started = new FakeHost(old);
  assert.equal(await started.run("--config", "m.json"), 0);
  assert.deepEqual(started.settings!.listen[0]!.tls!.crl, ["good", "tried"]);
});

Deno.test("Lists that are good are nothing to complain of", async () => {
  const host = new FakeHost({ ...files, tried: good });
  assert.equal(await host.run("check", "--config", "m.json"), 0);
});
