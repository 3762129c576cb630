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
