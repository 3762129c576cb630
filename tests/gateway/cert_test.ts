import assert from "node:assert/strict";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { listening, start } from "./meerkat.ts";

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
    assert.match(made.said, /^Start: .* --key certs\/server\.key --client-ca certs\/ca\.pem$/m);
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
