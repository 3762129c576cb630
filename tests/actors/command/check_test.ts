import assert from "node:assert/strict";
import { certificate, FakeHost, privateKey } from "./fakes.ts";

Deno.test("check says that nothing is wrong, and starts nothing", async () => {
  const config = JSON.stringify({ listen: ["mqtts:", "8000"], tls: { cert: "c", key: "k" } });
  const host = new FakeHost({ "m.json": config, c: certificate, k: privateKey });
  assert.equal(await host.run("check", "--config", "m.json"), 0);
  assert.deepEqual([host.err, host.settings], [[], undefined]);
  assert.deepEqual(host.out, [
    "m.json: nothing wrong",
    "would listen on mqtts://127.0.0.1:8883",
    "would listen on http://127.0.0.1:8000",
  ]);
});

const faulty = `{
  "drain": 10,
  "lisen": [],
  "a\\nb": 1,
  "limits": { "maxConections": 5, "maxTopicLevels": 0, "graceMs": "2h" },
  "listen": [
    "mqtt://:70000",
    { "url": "https://0.0.0.0", "tls": { "cert": "no.pem", "key": "c" } },
    { "url": "mqtt:", "tls": {} },
    { "url": "coap:", "tls": {} },
    { "limits": { "maxRetained": 1 } },
    { "url": "mqtts:", "tls": { "cert": 1, "key": "k" } },
    { "url": "mqtts:", "tls": { "cert": "c", "key": "k", "clientCertificates": "required" } },
    7
  ]
}`;

Deno.test("check says all that is wrong, where it is, and what would be right", async () => {
  const host = new FakeHost({ "m.json": faulty, c: certificate, k: privateKey });
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  assert.deepEqual(host.err, [
    'm.json:2:3: drain: Cannot use 10: give a duration such as "250ms", "10s" or "5m", from 0ms to 1h',
    'm.json:3:3: lisen: Unknown key "lisen": did you mean "listen"?',
    'm.json:4:3: ["a\\nb"]: Unknown key "a\\nb": the command `schema` shows what is known',
    'm.json:5:15: limits.maxConections: Unknown key "maxConections": did you mean "maxConnections"?',
    "m.json:5:35: limits.maxTopicLevels: Cannot use 0: give a whole number from 1 to 65535",
    'm.json:5:56: limits.graceMs: Cannot use "2h": give a duration such as 250 (milliseconds), "10s" or "5m", from 0ms to 1h',
    'm.json:7:5: listen[0]: Cannot use "mqtt://:70000": a port is at most 65535, and 70000 is more',
    'm.json:11:19: listen[4].limits.maxRetained: Unknown key "maxRetained": it is for all listeners, in "limits" of the file',
    'm.json:11:5: listen[4]: Missing "url": Where to listen, and for which protocol',
    "m.json:12:33: listen[5].tls.cert: Cannot use 1: give the name of a PEM file",
    "m.json:14:5: listen[7]: Cannot use 7: give a URL such as mqtt://:1883",
    "m.json:8:5: listen[1]: Cannot listen on https://0.0.0.0:8443: whoever can reach it could connect without a login; give --password-file FILE to ask for one, --allow-anonymous to permit that, or listen on 127.0.0.1",
    'm.json:9:23: listen[2].tls: Cannot use certificates for mqtt://127.0.0.1:1883, which has no TLS: write mqtts:, or leave "tls" out',
    'm.json:10:23: listen[3].tls: Cannot use certificates for coap://127.0.0.1:5683, which has no TLS: write coaps+tcp:, or leave "tls" out',
    'm.json:13:5: listen[6]: Cannot use "mqtts://127.0.0.1:8883": mqtts://127.0.0.1:8883 is on this port already',
    'm.json:13:58: listen[6].tls.clientCertificates: Cannot use "required": whose are good must be known; give --client-ca FILE, or "ca" in the file',
    'm.json:8:42: listen[1].tls.cert: Cannot use "no.pem": there is no such file or folder',
    'm.json:8:60: listen[1].tls.key: Cannot use "c": a private key as PEM is needed, and it holds "CERTIFICATE"',
  ]);
});

Deno.test("check fails for a file that is not there or not JSON", async () => {
  const host = new FakeHost({ "m.json": "{" });
  assert.equal(await host.run("check", "--config", "no.json"), 1);
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  assert.deepEqual(host.err, [
    'Cannot read the configuration "no.json": there is no such file or folder',
    "m.json:1:2: Cannot read the end of the file: a key in double quotes is needed",
  ]);
});

Deno.test("check explains who may come where there is an access list", async () => {
  const listen = ["mqtt:", { url: "coap:", access: "+10/8" }];
  const host = new FakeHost({
    "m.json": JSON.stringify({ listen, access: "-0.0.0.0/0,+192.168/16" }),
  });
  assert.equal(await host.run("check", "--config", "m.json"), 0);
  assert.deepEqual(host.out.slice(1), [
    'would listen on mqtt://127.0.0.1:1883; whom no subnet of "-0.0.0.0/0,+192.168/16" fits may not come, and of those that fit the last decides',
    'would listen on coap://127.0.0.1:5683; whom no subnet of "+10/8" fits may not come, and of those that fit the last decides',
  ]);
  const wrong = new FakeHost({ "m.json": JSON.stringify({ access: "10/8" }) });
  assert.equal(await wrong.run("check", "--config", "m.json"), 1);
  assert.deepEqual(wrong.err, [
    'm.json:1:2: access: Cannot use "10/8" in an access list: each subnet begins with + or -; write subnets such as -0.0.0.0/0,+192.168/16,+fd00::/8',
  ]);
});

Deno.test("check refuses what TLS would not obey", async () => {
  const tls = { ciphers: "AES128", psk: "x", minVersion: "TLSv1.1", others: [{ cert: "c" }] };
  const host = new FakeHost({ "m.json": JSON.stringify({ tls }), c: certificate });
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  assert.deepEqual(host.err, [
    'm.json:1:9: tls.ciphers: Unknown key "ciphers": which ciphers are used cannot be chosen; minVersion raises the lowest TLS version',
    'm.json:1:28: tls.psk: Unknown key "psk": keys without certificates are not possible; give cert and key',
    'm.json:1:38: tls.minVersion: Cannot use "TLSv1.1": give TLSv1.2 or TLSv1.3',
    'm.json:1:71: tls.others[0]: Missing "key": Its private key, as PEM',
  ]);
});
