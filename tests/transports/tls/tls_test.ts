import assert from "node:assert/strict";
import { dialTcp } from "../../../transports/tcp.ts";
import { dialTls } from "../../../transports/tls/dial_tls.ts";
import {
  bytes,
  isOver,
  readExactly,
  readText,
  settled,
  testStreams,
  writeAll,
} from "../streams.ts";
import { certificates, hasOpenssl } from "./certificates.ts";
import { dial, listen, open, testTls } from "./tls_ends.ts";

const { ca, server, client, shop } = hasOpenssl
  ? certificates()
  : {} as ReturnType<typeof certificates>;

if (hasOpenssl) testStreams("tls()", () => open());

testTls("answers plain bytes with an alert and goes on", async () => {
  const listener = await listen();
  const accepting = listener.accept();
  const plain = await dialTcp({ port: listener.address.port });
  await writeAll(plain, bytes("GET / HTTP/1.1\r\n\r\n"));
  assert.equal((await readExactly(plain, 7))[0], 21, "An alert record (RFC 8446 §5.1)");
  assert.ok(await isOver(plain));
  const good = await dial(listener);
  const accepted = (await accepting)!;
  await writeAll(accepted, bytes("hello"));
  assert.equal(await readText(good, 5), "hello");
  for (const each of [plain, good, accepted, listener]) each.close();
  await settled();
});

testTls("hangs up on a handshake that takes too long, and lets others by", async () => {
  const listener = await listen({ handshakeTimeoutMs: 100 });
  const accepting = listener.accept();
  const slow = await dialTcp({ port: listener.address.port });
  await writeAll(slow, new Uint8Array([22]));
  const good = await dial(listener);
  const accepted = (await accepting)!;
  assert.equal((await readExactly(slow, 7))[0], 21);
  assert.ok(await isOver(slow));
  for (const each of [slow, good, accepted, listener]) each.close();
  await settled();
});

testTls("survives a client that hangs up within the handshake", async () => {
  const listener = await listen();
  const accepting = listener.accept();
  for (let time = 0; time < 5; time++) {
    const gone = await dialTcp({ port: listener.address.port });
    if (time % 2 > 0) await writeAll(gone, new Uint8Array([22, 3, 1]));
    gone.close();
  }
  const good = await dial(listener);
  const accepted = (await accepting)!;
  for (const each of [good, accepted, listener]) each.close();
  await settled();
});

testTls("tells many handshakes at once apart", async () => {
  const listener = await listen({ ca, clientCertificates: "optional" });
  const clients = await Promise.all(Array.from({ length: 20 }, async (_, at) => {
    const accepting = listener.accept();
    const socket = await Deno.connectTls({
      hostname: "localhost",
      port: listener.address.port,
      caCerts: [ca],
      ...(at % 2 > 0 ? client : {}),
    });
    const { hostname, port } = socket.localAddr as Deno.NetAddr;
    await socket.write(bytes(`${hostname}:${port}:${at % 2}`.padEnd(30)));
    return { socket, accepted: (await accepting)! };
  }));
  for (const { accepted } of clients) {
    const said = await readText(accepted, 30);
    const named = accepted.certificate === undefined ? 0 : 1;
    assert.equal(said.trim(), `${accepted.peer}:${named}`);
  }
  for (const { socket, accepted } of clients) {
    socket.close();
    accepted.close();
  }
  listener.close();
  await settled();
});

testTls("refuses what is older than the minimum version", async () => {
  const listener = await listen({ minVersion: "TLSv1.3" });
  listener.accept();
  const where = `127.0.0.1:${listener.address.port}`;
  const old = new Deno.Command("openssl", {
    args: ["s_client", "-connect", where, "-tls1_2"],
    stdin: "null",
  });
  const { success, stderr } = await old.output();
  assert.equal(success, false);
  assert.match(new TextDecoder().decode(stderr), /alert handshake failure/);
  listener.close();
  await settled();
});

testTls("accepts undefined once it is closed, with a handshake under way", async () => {
  const listener = await listen();
  const accepting = listener.accept();
  const slow = await dialTcp({ port: listener.address.port });
  await writeAll(slow, new Uint8Array([22]));
  await settled();
  listener.close();
  listener.close();
  assert.equal(await accepting, undefined);
  assert.equal(await listener.accept(), undefined);
  assert.ok(await isOver(slow));
  slow.close();
  await settled();
});

testTls("names what is wrong with its options", async () => {
  await assert.rejects(listen({ clientCertificates: "required" }), /without `ca`/);
  const broken = server.cert.replaceAll(/[AM]/g, "N");
  for (const cert of ["", "no certificate", server.key, broken]) {
    await assert.rejects(listen({ cert }), /Cannot use the certificate ".*": PEM/);
  }
  for (const key of ["", "no key", server.cert]) {
    await assert.rejects(listen({ key }), /Cannot use the private key: an unencrypted/);
  }
  await assert.rejects(listen({ key: client.key }), /belongs to another certificate/);
  for (const authority of ["", "no authority", broken]) {
    await assert.rejects(listen({ ca: authority }), /Cannot use the authority's certificate/);
  }
});

/** What a client that asks for these gets to speak; undefined when it is refused. */
async function agreed(
  asked: string[],
  applicationProtocols: string[] | undefined,
  hostname = "localhost",
): Promise<string | null | undefined> {
  const listener = await listen({ applicationProtocols, others: [shop] });
  const accepting = listener.accept();
  const socket = await Deno.connect({ port: listener.address.port });
  const secured = await Deno.startTls(socket, { hostname, caCerts: [ca], alpnProtocols: asked });
  const shaken = await secured.handshake().catch(() => undefined);
  secured.close();
  listener.close();
  (await accepting.catch(() => undefined))?.close();
  await settled();
  return shaken && shaken.alpnProtocol;
}

testTls(
  "answers clients that ask what is spoken, and refuses who speaks nothing of it",
  async () => {
    assert.equal(await agreed(["coap"], ["coap"]), "coap");
    assert.equal(await agreed(["coap"], ["coap"], "shop.test"), "coap");
    assert.equal(await agreed(["coap", "http/1.1"], ["http/1.1", "coap"]), "http/1.1");
    assert.equal(await agreed(["http/1.1"], ["coap"]), undefined);
    assert.equal(await agreed([], ["coap"]), null);
    assert.equal(await agreed(["coap"], undefined), null);
  },
);

testTls("is what dialTls() asks, and hangs up on one who asks for something else", async () => {
  for (const [asked, isFine] of [["coap", true], ["mqtt", false]] as const) {
    const listener = await listen({ applicationProtocols: ["coap"] });
    const accepting = listener.accept();
    const stream = await dialTcp({ port: listener.address.port });
    const dialling = dialTls(stream, { host: "localhost", ca, applicationProtocols: [asked] });
    if (isFine) { for (const each of [await dialling, (await accepting)!]) each.close(); }
    else await assert.rejects(dialling, /Cannot secure/);
    listener.close();
    await settled();
  }
});
