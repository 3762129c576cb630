/** False where certificates cannot be made: the tests that need them are left out, loudly. */
export const hasOpenssl = (() => {
  try {
    return new Deno.Command("openssl", { args: ["version"] }).outputSync().success;
  } catch {
    return false;
  }
})();

/** What a test's name ends with. */
export const orSkipped = hasOpenssl ? "" : " (skipped: openssl is not installed)";

/** A certificate and its key, as PEM text. */
export interface Identity {
  cert: string;
  key: string;
}

/** An authority, those it vouches for, and one who vouches for itself. */
export interface Certificates {
  ca: string;
  server: Identity;
  client: Identity;
  /** In its subject two common names. */
  twins: Identity;
  expired: Identity;
  /** For `shop.test`, and good for servers only. */
  shop: Identity;
  rogue: Identity;
  /** Whom the authority has revoked: nobody, or `client`. */
  lists: { none: string; client: string };
}

let made: Certificates | undefined;

/** Made once for each test file, in a directory that is removed at once. */
export function certificates(): Certificates {
  return made ??= make();
}

function make(): Certificates {
  const cwd = Deno.makeTempDirSync();
  const run = (...args: string[]) => {
    const { success, stderr } = new Deno.Command("openssl", { args, cwd }).outputSync();
    if (!success) throw new Error(`openssl ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  };
  const read = (name: string) => Deno.readTextFileSync(`${cwd}/${name}`);
  const keyed = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const selfSigned = (name: string) => {
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    run("req", "-x509", ...keyed, ...files, "-subj", `/CN=${name}`, "-days", "2");
  };
  const signed = (name: string, subject = `/CN=${name}`, days = "2", names = "names"): Identity => {
    run("req", ...keyed, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", subject);
    const authority = ["-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial"];
    const files = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", names];
    run("x509", "-req", ...files, ...authority, "-days", days);
    return identity(name);
  };
  const list = (name: string, revoke?: string) => {
    const us = ["ca", "-config", "us", "-cert", "authority.pem", "-keyfile", "authority.key"];
    if (revoke !== undefined) run(...us, "-revoke", revoke);
    run(...us, "-gencrl", "-out", name);
    return read(name);
  };
  const identity = (name: string) => ({ cert: read(`${name}.pem`), key: read(`${name}.key`) });
  try {
    Deno.writeTextFileSync(`${cwd}/names`, "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    Deno.writeTextFileSync(
      `${cwd}/shop`,
      "subjectAltName=DNS:shop.test,DNS:*.shop.test\nextendedKeyUsage=serverAuth\n",
    );
    Deno.writeTextFileSync(
      `${cwd}/us`,
      "[ca]\ndefault_ca=us\n[us]\ndatabase=index\ndefault_md=sha256\ndefault_crl_days=2\n",
    );
    Deno.writeTextFileSync(`${cwd}/index`, "");
    selfSigned("authority");
    selfSigned("rogue");
    return {
      ca: read("authority.pem"),
      server: signed("server"),
      client: signed("sensor-7"),
      twins: signed("twins", "/CN=sensor-7/CN=admin"),
      expired: signed("expired", "/CN=expired", "-1"),
      shop: signed("shop.test", "/CN=shop.test", "2", "shop"),
      rogue: identity("rogue"),
      lists: { none: list("none.crl"), client: list("client.crl", "sensor-7.pem") },
    };
  } finally {
    Deno.removeSync(cwd, { recursive: true });
  }
}
