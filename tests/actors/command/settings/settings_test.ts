import assert from "node:assert/strict";
import type { Settings } from "../../../../actors/command/config/resolved.ts";
import { certificate, FakeHost, privateKey } from "../fakes.ts";

const files = {
  "c.pem": certificate,
  "k.pem": privateKey,
  "ca.pem": certificate,
  "etc/c.pem": certificate,
  "etc/k.pem": privateKey,
  "/c.pem": certificate,
  "/k.pem": privateKey,
  "one.crl": "",
  "two.crl": "",
  "/one.crl": "",
  "/two.crl": "",
};

async function settingsOf(config: unknown, ...args: string[]): Promise<Settings> {
  const host = new FakeHost({ ...files, "etc/m.json": JSON.stringify(config) });
  const code = await host.run("--config", "etc/m.json", ...args);
  assert.deepEqual([code, host.err.filter((line) => !line.includes(" stopping "))], [0, []]);
  return host.settings!;
}

Deno.test("settings come from the file", async () => {
  const settings = await settingsOf({
    $schema: "meerkat.schema.json",
    listen: ["mqtt:", { url: "http://:8000", limits: { maxBodyBytes: "1MiB", graceMs: 5 } }],
    drain: "3s",
    logLevel: "error",
    logFormat: "json",
    limits: { graceMs: "1s", maxRetained: 7 },
  });
  assert.deepEqual(settings.listen.map(({ url, limits }) => [url.url, limits]), [
    ["mqtt://127.0.0.1:1883", { graceMs: 1000, maxRetained: 7 }],
    ["http://127.0.0.1:8000", { graceMs: 5, maxRetained: 7, maxBodyBytes: 1 << 20 }],
  ]);
  assert.deepEqual({ ...settings, listen: undefined }, {
    listen: undefined,
    origins: [],
    webSocketCompression: true,
    sysIntervalMs: 10_000,
    presence: "registered",
    bridges: [],
    store: { file: "meerkat.db", isUsual: true, durability: "strict", history: [] },
    drainMs: 3000,
    logLevel: "error",
    logFormat: "json",
    limits: { graceMs: 1000, maxRetained: 7 },
  });
});

Deno.test("flags win over the file", async () => {
  const settings = await settingsOf(
    { listen: ["mqtt:", "http:"], drain: "3s", logLevel: "error", allowAnonymous: true },
    ...["--listen", "coap:", "--drain=4s", "--log-level", "warn", "--allow-anonymous=false"],
  );
  assert.deepEqual(
    settings.listen.map(({ url, allowAnonymous }) => [url.url, allowAnonymous]),
    [["coap://127.0.0.1:5683", false]],
  );
  assert.deepEqual([settings.drainMs, settings.logLevel], [4000, "warn"]);
});

Deno.test("files named in the configuration are looked for beside it, those of flags are not", async () => {
  const listen = ["mqtts:"];
  const tlsOf = async (config: unknown, ...args: string[]) =>
    (await settingsOf(config, ...args)).listen[0]!.tls;
  const clientCertificates = "none";
  assert.deepEqual(await tlsOf({ listen, tls: { cert: "c.pem", key: "k.pem" } }), {
    cert: "etc/c.pem",
    key: "etc/k.pem",
    clientCertificates,
  });
  assert.deepEqual(await tlsOf({ listen, tls: { cert: "/c.pem", key: "/k.pem" } }), {
    cert: "/c.pem",
    key: "/k.pem",
    clientCertificates,
  });
  assert.deepEqual(await tlsOf({ listen, tls: { cert: "c.pem" } }, "--key", "k.pem"), {
    cert: "etc/c.pem",
    key: "k.pem",
    clientCertificates,
  });
});

Deno.test("a listener's own certificates win over those for all", async () => {
  const settings = await settingsOf(
    {
      listen: [
        "https:",
        { url: "mqtts:", tls: { cert: "/c.pem", key: "/k.pem" } },
        "any:",
        "http:",
      ],
    },
    ...["--cert", "c.pem", "--key", "k.pem", "--client-ca", "ca.pem"],
  );
  const shared = { cert: "c.pem", key: "k.pem", ca: "ca.pem", clientCertificates: "required" };
  const own = { cert: "/c.pem", key: "/k.pem", clientCertificates: "none" };
  assert.deepEqual(settings.listen.map(({ tls }) => tls), [shared, own, shared, undefined]);
});

Deno.test("a listener that names no certificate of its own has the one for all", async () => {
  const settings = await settingsOf(
    {
      listen: ["https:", { url: "mqtts:", tls: { ca: "/c.pem", minVersion: "TLSv1.3" } }],
      tls: { cert: "c.pem", clientCertificates: "none" },
    },
    "--key",
    "k.pem",
  );
  const pair = { cert: "etc/c.pem", key: "k.pem" };
  assert.deepEqual(settings.listen.map(({ tls }) => tls), [
    { ...pair, clientCertificates: "none" },
    { ...pair, ca: "/c.pem", clientCertificates: "required", minVersion: "TLSv1.3" },
  ]);
});

Deno.test("Revocation lists are one file or several, by flag and in the file", async () => {
  const tls = { cert: "/c.pem", key: "/k.pem", ca: "/c.pem" };
  const crls = async (config: unknown, ...args: string[]) =>
    (await settingsOf(config, ...args)).listen.map((each) => each.tls?.crl);
  const own = [{ url: "mqtts:", tls: { ...tls, crl: "/one.crl" } }, "http:"];
  assert.deepEqual(await crls({ listen: own }), [["/one.crl"], undefined]);
  const shared = { listen: ["mqtts:"], tls: { ...tls, crl: ["/one.crl", "/two.crl"] } };
  assert.deepEqual(await crls(shared), [["/one.crl", "/two.crl"]]);
  const flags = ["--client-crl", "two.crl", "--client-crl", "one.crl"];
  assert.deepEqual(await crls(shared, ...flags), [["two.crl", "one.crl"]]);
});

Deno.test("any: has no TLS when there is no certificate", async () => {
  assert.equal((await settingsOf({ listen: ["any:"] })).listen[0]!.tls, undefined);
});

const tls = { cert: "c.pem", key: "k.pem", ca: "/c.pem" };
const admitted: [what: string, config: unknown, ...args: string[]][] = [
  ["loopback", { listen: ["mqtt://127.0.0.1", "coap://[::1]", "http://localhost"] }],
  ["a Unix socket", { listen: ["mqtt+unix:/run/m.sock"] }],
  ["any address with the flag", { listen: ["mqtt://0.0.0.0"] }, "--allow-anonymous"],
  ["any address with the setting", { listen: ["mqtt://[::]"], allowAnonymous: true }],
  ["one listener that says so", { listen: [{ url: "mqtt://[::]", allowAnonymous: true }] }],
  ["required client certificates", { listen: [{ url: "mqtts://[::]", tls }] }],
];
for (const [what, config, ...args] of admitted) {
  Deno.test(`without a login, clients may come to ${what}`, async () => {
    await settingsOf(config, ...args);
  });
}

const optional = { ...tls, clientCertificates: "optional" };
const refused: [what: string, config: unknown][] = [
  ["another address", { listen: ["mqtt://192.0.2.1"] }],
  ["every address", { listen: ["mqtt:", "http://[::]"] }],
  ["a name", { listen: ["mqtt://broker.example"] }],
  ["a listener that says no", {
    allowAnonymous: true,
    listen: [{ url: "mqtt://0.0.0.0", allowAnonymous: false }],
  }],
  ["optional client certificates", { listen: [{ url: "mqtts://[::]", tls: optional }] }],
];
for (const [what, config] of refused) {
  Deno.test(`without a login, clients may not come to ${what}`, async () => {
    const host = new FakeHost({ ...files, "etc/m.json": JSON.stringify(config) });
    assert.equal(await host.run("--config", "etc/m.json"), 1);
    assert.equal(host.settings, undefined);
    assert.match(
      host.err.join("\n"),
      /^etc\/m\.json:1:\d+: listen\[\d\]: Cannot listen on \S+: .*--allow-anonymous[^\n]*$/,
    );
  });
}
Deno.test("the $SYS topics are updated as often as asked, or never", async () => {
  const interval = async (config: unknown, ...args: string[]) =>
    (await settingsOf(config, ...args)).sysIntervalMs;
  assert.equal(await interval({ sysInterval: "1m" }), 60_000);
  assert.equal(await interval({ sysInterval: 0 }), 0);
  assert.equal(await interval({ sysInterval: "1m" }, "--sys-interval", "0"), 0);
  assert.equal(await interval({}, "--sys-interval", "500ms"), 500);
});

Deno.test("origins of web pages come from the file, or from the command line", async () => {
  const origins = ["https://app.example", "http://app.example:8080", "null", "*"];
  assert.deepEqual((await settingsOf({ origins })).origins, origins);
  const flags = ["--origin", "https://a.example", "--origin", "https://b.example"];
  const given = await settingsOf({ origins }, ...flags);
  assert.deepEqual(given.origins, ["https://a.example", "https://b.example"]);
});

Deno.test("what browsers would never send as an origin is refused", async () => {
  const wrong = ["app.example", "https://app.example/", "https://app.example:443", "ftp://a", ""];
  for (const origin of wrong) {
    const host = new FakeHost();
    assert.equal(await host.run("--origin", origin), 2, origin);
    assert.match(host.err[0]!, /^Cannot use --origin ".*": give scheme, host and port of a page/);
  }
});
