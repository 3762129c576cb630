import assert from "node:assert/strict";
import { connect } from "node:tls";
import { eitherTls } from "../../../transports/either.ts";
import { tcp } from "../../../transports/tcp.ts";
import type { SecureTransport } from "../../../transports/tls/secure.ts";
import { tls } from "../../../transports/tls/tls.ts";
import type { ByteStream, Listener } from "../../../transports/transport.ts";
import { settled } from "../streams.ts";
import { certificates, hasOpenssl } from "./certificates.ts";
import { testTls } from "./tls_ends.ts";

const { ca, server, client, shop, rogue } = hasOpenssl
  ? certificates()
  : {} as ReturnType<typeof certificates>;

/** Who answers a client that asks for `servername`; and the client, which stays. */
async function greet(
  listener: Listener,
  servername: string,
): Promise<{ name: string; end: () => Promise<void>; echo: (text: string) => Promise<string> }> {
  const accepting = listener.accept();
  const socket = connect({ port: listener.address.port, servername, rejectUnauthorized: false });
  await new Promise<void>((resolve, reject) => {
    socket.once("secureConnect", resolve);
    socket.once("error", reject);
  });
  // A stream that is secured by its first byte waits for one.
  const accepted = (await accepting)!;
  return {
    name: String(socket.getPeerCertificate().subject?.CN),
    async echo(text) {
      socket.write(text);
      const into = new Uint8Array(100);
      const count = (await accepted.read(into))!;
      return new TextDecoder().decode(into.subarray(0, count));
    },
    async end() {
      const closed = new Promise((resolve) => socket.once("close", resolve));
      socket.destroy();
      accepted.close();
      await closed;
    },
  };
}

testTls("gives a client the certificate of the name that it asks for", async () => {
  const listener = await tls({ port: 0, ...server, others: [shop] }).listen();
  for (
    const [asked, name] of [["localhost", "server"], ["shop.test", "shop.test"], [
      "a.shop.test",
      "shop.test",
    ], ["b.test", "server"]]
  ) {
    const guest = await greet(listener, asked!);
    assert.equal(guest.name, name, asked);
    await guest.end();
  }
  listener.close();
  await settled();
});

testTls("uses renewed certificates for new connections, and the old ones go on", async () => {
  const transport = tls({ port: 0, ...server });
  const listener = await transport.listen();
  const before = await greet(listener, "localhost");
  transport.renew(shop);
  const after = await greet(listener, "localhost");
  assert.deepEqual([before.name, after.name], ["server", "shop.test"]);
  assert.deepEqual([await before.echo("a"), await after.echo("b")], ["a", "b"]);
  for (const each of [before, after]) await each.end();
  listener.close();
  await settled();
});

testTls("keeps what it has when it is given certificates that are of no use", async () => {
  const transport = tls({ port: 0, ...server, ca, clientCertificates: "optional" });
  const listener = await transport.listen();
  const wrong: Parameters<SecureTransport["renew"]>[0][] = [
    { cert: shop.cert, key: client.key, ca },
    { cert: "nothing", key: shop.key, ca },
    { ...shop, ca: "nothing" },
    shop,
    { ...shop, ca, others: [{ cert: rogue.cert, key: client.key }] },
  ];
  for (const each of wrong) {
    assert.throws(() => transport.renew(each), /^Error: Cannot (use|check)/);
  }
  const guest = await greet(listener, "localhost");
  assert.equal(guest.name, "server");
  await guest.end();
  listener.close();
  await settled();
});

testTls("that listens anew has the renewed certificates", async () => {
  const transport = tls({ port: 0, ...server });
  (await transport.listen()).close();
  transport.renew(shop);
  const listener = await transport.listen();
  const guest = await greet(listener, "localhost");
  assert.equal(guest.name, "shop.test");
  await guest.end();
  listener.close();
  await settled();
});

testTls("or not: eitherTls() renews its certificates, too", async () => {
  const transport = eitherTls(tcp({ port: 0 }), server);
  const listener = await transport.listen();
  transport.renew(shop);
  const accepting = listener.accept();
  const socket = connect({
    port: listener.address.port,
    servername: "a",
    rejectUnauthorized: false,
  });
  const shaken = new Promise<void>((resolve) => socket.once("secureConnect", resolve));
  const accepted: ByteStream = (await accepting)!;
  const reading = accepted.read(new Uint8Array(10));
  await shaken;
  assert.equal(socket.getPeerCertificate().subject?.CN, "shop.test");
  socket.write("x");
  assert.equal(await reading, 1);
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  accepted.close();
  await closed;
  listener.close();
  await settled();
});

testTls("renews its certificates while 1,000 connections talk", async () => {
  const transport = tls({ port: 0, ...server });
  const listener = await transport.listen();
  const guests = [];
  for (let i = 0; i < 1000; i++) {
    guests.push(await greet(listener, "localhost"));
    if (i % 100 === 0) transport.renew(i % 200 === 0 ? shop : server);
  }
  const texts = await Promise.all(guests.map((guest, i) => guest.echo(`hello ${i}`)));
  assert.ok(texts.every((text, i) => text === `hello ${i}`));
  assert.deepEqual(new Set(guests.map(({ name }) => name)), new Set(["server", "shop.test"]));
  await Promise.all(guests.map((guest) => guest.end()));
  listener.close();
  await settled();
});
