import assert from "node:assert/strict";
import { Child, run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { listening, start } from "../meerkat.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

async function cert(cwd: string, ...args: string[]): Promise<{ code: number; said: string }> {
  await using child = start(["cert", ...args], { cwd });
  const { code, stdout, stderr } = await child.ended();
  return { code, said: text(stdout) + stderr };
}

testWith(["openssl", "curl"], "cert makes certificates that openssl and curl take", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    const made = await cert(
      cwd,
      "--client",
      "sensor 7",
      "--host",
      "localhost",
      "--host",
      "127.0.0.1",
    );
    assert.equal(made.code, 0, made.said);
    assert.match(
      made.said,
      /^Start: .* --key certs\/server\.key --client-ca certs\/ca\.pem --client-crl certs\/ca\.crl$/m,
    );
    const openssl = program("openssl"), files = `${cwd}/certs`;
    for (const [name, purpose] of [["server", "sslserver"], ["client-sensor_7", "sslclient"]]) {
      const trust = ["-CAfile", `${files}/ca.pem`, "-x509_strict", "-purpose", purpose!];
      await run(openssl, "verify", ...trust, `${files}/${name}.pem`);
    }
    assert.equal((await Deno.stat(`${files}/server.key`)).mode! & 0o777, 0o600);
    const identity = ["--cert", `${files}/server.pem`, "--key", `${files}/server.key`];
    const mutual = [...identity, "--client-ca", `${files}/ca.pem`];
    await using gateway = await listening(["https://127.0.0.1:0"], mutual);
    const shown = [
      "--cert",
      `${files}/client-sensor_7.pem`,
      "--key",
      `${files}/client-sensor_7.key`,
    ];
    for (const host of ["localhost", "127.0.0.1"]) {
      const url = `https://${host}:${gateway.ports[0]}/topics/`;
      const trust = ["-sS", "--fail", "--cacert", `${files}/ca.pem`];
      const { stdout } = await run(program("curl"), ...trust, ...shown, url);
      assert.equal(text(stdout), "[]");
    }
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

testWith(["openssl"], "cert has the authority that is there sign again", async () => {
  const cwd = await Deno.makeTempDir();
  try {
    await cert(cwd, "here");
    const authority = await Deno.readTextFile(`${cwd}/here/ca.pem`);
    const server = await Deno.readTextFile(`${cwd}/here/server.pem`);
    const again = await cert(cwd, "here", "--client", "b");
    assert.equal(again.code, 0, again.said);
    assert.equal(await Deno.readTextFile(`${cwd}/here/server.pem`), server);
    await cert(cwd, "here", "--client", "b", "--host", "gate.example");
    assert.notEqual(await Deno.readTextFile(`${cwd}/here/server.pem`), server);
    assert.equal(await Deno.readTextFile(`${cwd}/here/ca.pem`), authority);
    await run(
      program("openssl"),
      "verify",
      "-CAfile",
      `${cwd}/here/ca.pem`,
      `${cwd}/here/client-b.pem`,
    );
  } finally {
    await Deno.remove(cwd, { recursive: true });
  }
});

testWith(
  ["openssl"],
  "cert keeps a list of what it has taken back, which openssl takes",
  async () => {
    const cwd = await Deno.makeTempDir(), openssl = program("openssl"), files = `${cwd}/certs`;
    const verify = async (name: string) => {
      const lists = ["-crl_check", "-CAfile", `${files}/ca.pem`, "-CRLfile", `${files}/ca.crl`];
      await using child = new Child(openssl, ["verify", ...lists, `${files}/${name}.pem`]);
      return (await child.ended()).stderr.includes("certificate revoked") ? "revoked" : "good";
    };
    const all = () => Promise.all(["server", "client-a", "client-b"].map(verify));
    try {
      await cert(cwd, "--client", "a", "--client", "b");
      assert.deepEqual(await all(), ["good", "good", "good"]);
      const before = await Deno.readTextFile(`${files}/server.pem`);
      for (const name of ["client-b", "client-a", "client-a"]) {
        const { code, said } = await cert(cwd, "--revoke", `certs/${name}.pem`);
        assert.equal(code, 0, said);
        assert.match(said, /wrote certs\/ca\.crl/);
      }
      assert.deepEqual(await all(), ["good", "revoked", "revoked"]);
      assert.equal(await Deno.readTextFile(`${files}/server.pem`), before);
      await cert(cwd, "other");
      const strange = await cert(cwd, "--revoke", "other/server.pem");
      assert.equal(strange.code, 1);
      assert.match(strange.said, /"other\/server\.pem" cannot be revoked: this authority has not/);
      const nowhere = await cert(cwd, "nowhere", "--revoke", "certs/client-a.pem");
      assert.match(nowhere.said, /there is no authority that could take back a certificate/);
      await Deno.writeTextFile(`${files}/ca.crl`, "spoilt");
      const spoilt = await cert(cwd, "--revoke", "certs/client-a.pem");
      assert.match(spoilt.said, /it is neither PEM with "X509 CRL" in it nor DER/);
      assert.equal(await Deno.readTextFile(`${files}/ca.crl`), "spoilt");
    } finally {
      await Deno.remove(cwd, { recursive: true });
    }
  },
);

Deno.test({
  name: "cert says what is wrong with what it is given",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const cases: [args: string[], code: number, said: RegExp][] = [
      [["a", "b"], 2, /Unexpected "b": cert takes one folder/],
      [["--days", "0"], 2, /give a whole number from 1 to 3650/],
      [["--host", "a/b"], 2, /Cannot use the name "a\/b"/],
      [["--colour"], 2, /colour/],
      [["/dev/null/x"], 1, /Cannot make certificates in "\/dev\/null\/x"/],
    ];
    for (const [args, code, said] of cases) {
      const ended = await cert(Deno.cwd(), ...args);
      assert.equal(ended.code, code, ended.said);
      assert.match(ended.said, said);
    }
    const help = await cert(Deno.cwd(), "--help");
    assert.equal(help.code, 0);
    assert.match(help.said, /--client NAME/);
  },
});
