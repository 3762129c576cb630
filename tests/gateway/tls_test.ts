import assert from "node:assert/strict";
import { Child, run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { lines, sample } from "../protocols/websocket/peer.ts";
import { certificates } from "../transports/tls/certificates.ts";
import { type IdentityFiles, identityFiles } from "./identity/identity_files.ts";
import { listening } from "./meerkat.ts";
import { Raw } from "./raw.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Publishes with `mosquitto_pub` while `mosquitto_sub` listens to the same port. */
async function mosquittoTalks(port: number, topic: string, ...how: string[]): Promise<void> {
  const to = ["-h", "localhost", "-p", `${port}`, "-t", topic, ...how];
  await run(program("mosquitto_pub"), ...to, "-q", "1", "-r", "-m", "a secret");
  const { stdout } = await run(program("mosquitto_sub"), ...to, "-C", "1", "-W", "20");
  assert.equal(text(stdout), "a secret\n");
}

/** Reads what a topic holds with curl; `how` is trust and identity. */
async function curl(url: string, ...how: string[]): Promise<string> {
  return text((await run(program("curl"), "-sS", "--fail", ...how, url)).stdout);
}

/** Fails unless curl fails, for a reason that has to do with TLS. */
async function curlFails(url: string, ...how: string[]): Promise<void> {
  await using child = new Child(program("curl"), ["-sS", ...how, url]);
  const { code, stderr, stdout } = await child.ended();
  // 35: no handshake; 52 and 56: hung up on behind it; 60: the certificate is not trusted.
  assert.ok([35, 52, 56, 60].includes(code), `curl ended with ${code}: ${text(stdout)}${stderr}`);
}

function identity({ cert, key }: IdentityFiles): string[] {
  return ["--cert", cert, "--key", key];
}

const mosquitto = ["openssl", "mosquitto_pub", "mosquitto_sub"] as const;

testWith(mosquitto, "mqtts: serves mosquitto, and a silent client delays nobody", async () => {
  await using files = await identityFiles();
  await using gateway = await listening(["mqtts://127.0.0.1:0"], identity(files));
  const [port] = gateway.ports as [number];
  const silent = await Raw.dial(port), half = await Raw.dial(port);
  await half.send(Uint8Array.fromHex("1603010200010001fc0303"));
  await mosquittoTalks(port, "a", "--cafile", files.ca);
  for (const each of [silent, half]) each.close();
  gateway.child.kill("SIGTERM");
  assert.equal((await gateway.child.ended()).code, 0);
});

testWith(["openssl", "curl"], "https: serves curl, to which the certificate is good", async () => {
  await using files = await identityFiles();
  await using gateway = await listening(["https://127.0.0.1:0"], identity(files));
  const url = `https://localhost:${gateway.ports[0]}/topics/a`;
  await curl(url, "--cacert", files.ca, "-X", "PUT", "-d", "a secret");
  assert.equal(await curl(url, "--cacert", files.ca), "a secret");
  await curlFails(url, "--cacert", files.rogueCert);
  await curlFails(url, "--cacert", files.ca, "--tls-max", "1.1");
  assert.equal(await curl(url, "--cacert", files.ca), "a secret");
});

testWith(
  [...mosquitto, "curl"],
  "With --client-ca only clients whose certificate is good are served",
  async () => {
    await using files = await identityFiles();
    const flags = [...identity(files), "--client-ca", files.ca];
    await using gateway = await listening(["https://127.0.0.1:0", "mqtts://127.0.0.1:0"], flags);
    const [web, broker] = gateway.ports as [number, number];
    const url = `https://localhost:${web}/topics/a`;
    const known = ["--cacert", files.ca, "--cert", files.clientCert, "--key", files.clientKey];
    await curl(url, ...known, "-X", "PUT", "-d", "mutual");
    await curlFails(url, "--cacert", files.ca);
    const rogue = ["--cert", files.rogueCert, "--key", files.rogueKey];
    await curlFails(url, "--cacert", files.ca, ...rogue);
    assert.equal(await curl(url, ...known), "mutual");
    await mosquittoTalks(
      broker,
      "b",
      ...["--cafile", files.ca, "--cert", files.clientCert, "--key", files.clientKey],
    );
    await using stranger = new Child(
      program("mosquitto_pub"),
      ["-h", "localhost", "-p", `${broker}`, "-t", "b", "-m", "x", "--cafile", files.ca],
    );
    assert.notEqual((await stranger.ended()).code, 0);
  },
);

testWith(
  [...mosquitto, "curl"],
  "any: serves MQTT, HTTP and WebSocket on one port, with TLS and without",
  async () => {
    await using files = await identityFiles();
    await using gateway = await listening(["any://127.0.0.1:0"], identity(files));
    const [port] = gateway.ports as [number];
    await mosquittoTalks(port, "plain");
    await mosquittoTalks(port, "secure", "--cafile", files.ca);
    for (const topic of ["plain", "secure"]) {
      assert.equal(await curl(`http://localhost:${port}/topics/${topic}`), "a secret");
      const secured = `https://localhost:${port}/topics/${topic}`;
      assert.equal(await curl(secured, "--cacert", files.ca), "a secret");
    }
    const caCerts = [certificates().ca];
    const socket = await Deno.connectTls({ hostname: "localhost", port, caCerts });
    for (const raw of [await Raw.dial(port), new Raw(socket)]) {
      await raw.send(
        "GET /topics/secure HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n" +
          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
          `Sec-WebSocket-Key: ${sample.key}\r\n\r\n`,
      );
      assert.match(await raw.until("\r\n\r\n"), /^HTTP\/1\.1 101 /);
      await raw.count(10);
      assert.deepEqual(lines(raw.bytes), ["text a secret"]);
      raw.close();
    }
    const noise = await Raw.dial(port);
    await noise.send("\x01\x02\x03\x04");
    assert.equal(await noise.rest(), "");
    noise.close();
  },
);
