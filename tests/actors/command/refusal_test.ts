import assert from "node:assert/strict";
import { schemes } from "../../../actors/command/settings/listen_url.ts";
import { certificate, FakeHost, privateKey } from "./fakes.ts";

const files = {
  "c.pem": certificate,
  "k.pem": privateKey,
  "locked.pem": privateKey.replaceAll("PRIVATE", "ENCRYPTED PRIVATE"),
  "notes.txt": "hello",
  "bad.json": '{\n  "drain": 3s\n}',
  "two.json": '{\n  "drain": "3",\n  "lisen": []\n}',
  "list.json": "[]",
};

const durations = 'give a duration such as "250ms", "10s" or "5m", from 0ms to 1h';
const lines: [args: string, line: string, code?: 1][] = [
  ["--lisen mqtt:", 'Unknown flag "--lisen": did you mean "--listen"?'],
  ["--listen", "Missing value for --listen: give --listen URL"],
  ["--drain 10", `Cannot use --drain "10": ${durations}`],
  ["--drain 2h", `Cannot use --drain "2h": ${durations}`],
  ["--log-level trace", 'Cannot use --log-level "trace": give debug, info, warn or error'],
  ["--log-format xml", 'Cannot use --log-format "xml": give text or json'],
  ["--allow-anonymous=maybe", 'Cannot use --allow-anonymous "maybe": give true or false'],
  ["--config=", 'Cannot use --config "": give the name of a JSON file'],
  ["--listen mqt:", 'Cannot use --listen "mqt:": unknown scheme "mqt", did you mean "mqtt"?'],
  [
    "--listen gopher:",
    `Cannot use --listen "gopher:": unknown scheme "gopher", known are ${
      Object.keys(schemes).join(", ")
    }`,
  ],
  [
    "--listen mqtt://:99999",
    'Cannot use --listen "mqtt://:99999": a port is at most 65535, and 99999 is more',
  ],
  [
    "--listen :7000 --listen mqtt://:7000",
    'Cannot use --listen "mqtt://127.0.0.1:7000": http://127.0.0.1:7000 is on this port already',
  ],
  [
    "--listen coap+tcp://:5300 --listen dns://:5300",
    'Cannot use --listen "dns://127.0.0.1:5300": coap+tcp://127.0.0.1:5300 is on this port already',
  ],
  [
    "--listen http+unix:/a --listen coap://:7000 --listen http://:7000 --listen mqtt+unix:/a",
    'Cannot use --listen "mqtt+unix:/a": http+unix:/a is on this port already',
  ],
  [
    "--listen https:",
    'Cannot use --listen "https://127.0.0.1:8443": it needs a certificate; give --cert FILE and --key FILE, or "tls" in the file',
  ],
  [
    "--listen https: --cert c.pem",
    'Missing the certificate\'s key: give --key FILE, or "key" in the file',
  ],
  [
    "--listen https: --key k.pem",
    'Missing the certificate: give --cert FILE, or "cert" in the file',
  ],
  [
    "--listen https: --cert no.pem --key k.pem",
    'Cannot use --cert "no.pem": there is no such file or folder',
  ],
  [
    "--listen https: --cert k.pem --key k.pem",
    'Cannot use --cert "k.pem": a certificate as PEM is needed, and it holds "PRIVATE KEY"',
  ],
  [
    "--listen https: --cert c.pem --key notes.txt",
    'Cannot use --key "notes.txt": a private key as PEM is needed, and it is not PEM',
  ],
  [
    "--listen https: --cert c.pem --key locked.pem",
    'Cannot use --key "locked.pem": the key needs a password; store it without one (openssl pkey -in FILE -out FILE)',
  ],
  [
    "--listen https: --cert c.pem --key k.pem --client-ca k.pem",
    'Cannot use --client-ca "k.pem": a certificate as PEM is needed, and it holds "PRIVATE KEY"',
  ],
  [
    "--listen https: --cert c.pem --key k.pem --client-crl c.pem",
    'Cannot use --client-crl ["c.pem"]: whose certificates are revoked must be known; give --client-ca FILE, or "ca" in the file',
  ],
  [
    "--listen https: --cert c.pem --key k.pem --client-ca c.pem --client-crl no.crl",
    'Cannot use --client-crl "no.crl": there is no such file or folder',
  ],
  [
    "--client-crl no.crl",
    'Cannot use --client-crl ["no.crl"]: no listener would use it; listen on https:, mqtts:, coaps+tcp: or any:',
  ],
  [
    "--cert c.pem --key k.pem",
    'Cannot use --cert "c.pem": no listener would use it; listen on https:, mqtts:, coaps+tcp: or any:',
  ],
  [
    "--client-ca c.pem",
    'Cannot use --client-ca "c.pem": no listener would use it; listen on https:, mqtts:, coaps+tcp: or any:',
  ],
  ["--config no.json", 'Cannot read the configuration "no.json": there is no such file or folder'],
  ["--config bad.json", 'bad.json:2:12: Cannot read "3s": a value is needed'],
  ["--config list.json", "list.json:1:1: Cannot use []: give an object in {}"],
  [
    "--config two.json",
    `two.json:2:3: drain: Cannot use "3": ${durations} (one of 2 faults: see the command check)`,
  ],
  [
    "--listen mqtt://0.0.0.0",
    "Cannot listen on mqtt://0.0.0.0:1883: whoever can reach it could connect without a login; give --password-file FILE to ask for one, --allow-anonymous to permit that, or listen on 127.0.0.1",
    1,
  ],
  ["--listen mqtt://0.0.0.0 --drain x", `Cannot use --drain "x": ${durations}`],
  ["serve x", 'Unexpected "x": a command comes first, and a value after its flag'],
  ["chek", 'Unknown command "chek": did you mean "check"?'],
  [
    "frobnicate",
    'Unknown command "frobnicate": known are serve, check, schema, cert, pub, sub, get, put, post, delete, observe, resolve, passwd, export, import, backup',
  ],
  ["mqtt://:1883", 'Unknown command "mqtt://:1883": to listen there, write --listen before it'],
  ["8000", 'Unknown command "8000": to listen there, write --listen before it'],
  ["schema --listen", 'Unexpected "--listen": the command schema takes nothing'],
  ["check", "Missing the file to check: give --config FILE"],
  ["check --lisen", 'Unknown flag "--lisen": did you mean "--listen"?'],
];

for (const [args, line, code = 2] of lines) {
  Deno.test(`meerkat ${args} exits with ${code} after one line`, async () => {
    const host = new FakeHost(files);
    assert.equal(await host.run(...args.split(" ")), code);
    assert.deepEqual([host.err, host.out], [[line], []]);
    assert.equal(host.settings, undefined);
  });
}
