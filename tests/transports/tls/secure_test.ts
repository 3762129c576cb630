import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:tls";
import { memoryPair } from "../../../transports/memory.ts";
import { SecureContext } from "../../../transports/tls/secure.ts";
import { StreamDuplex } from "../../../transports/tls/stream_duplex.ts";
import { TlsStream } from "../../../transports/tls/tls_stream.ts";
import type { ByteStream } from "../../../transports/transport.ts";
import {
  bytes,
  type Ends,
  isOver,
  readExactly,
  readText,
  settled,
  strict,
  testStreams,
  writeAll,
} from "../streams.ts";
import { certificates, hasOpenssl, orSkipped } from "./certificates.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `SecureContext ${name}${orSkipped}`, ignore: !hasOpenssl, ...strict, fn });
}

function context(): SecureContext {
  const { ca, server } = certificates();
  return new SecureContext({ ...server, ca, clientCertificates: "optional" });
}

/** The client's side of a handshake on `stream`. */
async function dial(stream: ByteStream): Promise<ByteStream> {
  const { ca, client } = certificates();
  const duplex = new StreamDuplex(stream);
  const socket = connect({ socket: duplex, ca, ...client, servername: "localhost" });
  await once(socket, "secureConnect");
  return new TlsStream(socket, { duplex, peer: "server" });
}

async function open(capacityBytes?: number): Promise<Ends> {
  const [near, far] = memoryPair({ capacityBytes, peers: ["server", "client:1"] });
  const [client, server] = await Promise.all([dial(near), context().secure(far)]);
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.close();
      server.close();
      await settled();
    },
  };
}

if (hasOpenssl) testStreams("SecureContext on memory", () => open());

test("knows the peer of the stream it secures", async () => {
  await using ends = await open();
  assert.equal(ends.server.peer, "client:1");
  assert.equal(ends.server.certificate, "sensor-7");
  assert.equal(ends.server.secure, true);
});

test("works through the smallest of pipes", async () => {
  await using ends = await open(1);
  await writeAll(ends.client, bytes("drop by drop"));
  assert.equal(await readText(ends.server, 12), "drop by drop");
});

for (const length of [1, 3, 100]) {
  test(`takes ${length} bytes that were read before`, async () => {
    const [near, far] = memoryPair();
    const dialling = dial(near);
    const head = await readExactly(far, length);
    assert.equal(head[0], 22, "A handshake record (RFC 8446 §5.1)");
    const securing = context().secure(far, head);
    head.fill(0);
    const [client, server] = await Promise.all([dialling, securing]);
    await writeAll(client, bytes("after all"));
    assert.equal(await readText(server, 9), "after all");
    client.close();
    server.close();
    await settled();
  });
}

test("makes a reader of ours hold back its peer", async () => {
  await using ends = await open();
  let written = 0;
  const writing = (async () => {
    while (written < 8 << 20) written += await ends.client.write(new Uint8Array(16 * 1024));
  })().catch(() => {});
  for (let time = 0; time < 50; time++) await settled();
  assert.ok(written < 1 << 20, `${written} bytes were taken though nobody reads`);
  await readExactly(ends.server, 8 << 20);
  await writing;
  assert.equal(written, 8 << 20);
});

test("resolves no write before the stream has taken it", async () => {
  await using ends = await open(1024);
  let taken = false;
  const writing = ends.server.write(new Uint8Array(60_000)).then(() => taken = true, () => {});
  // The other end reads some and stops.
  const { promise: stuck } = Promise.withResolvers<void>();
  ends.client.read = () => stuck as Promise<never>;
  for (let time = 0; time < 5; time++) await Promise.resolve();
  assert.equal(taken, false);
  ends.server.close();
  await writing;
});

test("hears all of a client that has gone by then", async () => {
  const [near, far] = memoryPair();
  const securing = context().secure(far);
  const client = await dial(near);
  await writeAll(client, bytes("in passing"));
  client.close();
  const server = await securing;
  assert.equal(await readText(server, 10), "in passing");
  assert.ok(await isOver(server));
  server.close();
  await settled();
});

test("says why the stream could not be secured", async () => {
  const [near, far] = memoryPair({ peers: ["server", "client:1"] });
  await writeAll(near, bytes("CONNECT, please"));
  await assert.rejects(context().secure(far), /^Error: Cannot secure client:1: /);
  assert.deepEqual([...await readExactly(near, 7)], [21, 3, 3, 0, 2, 2, 40]);
  assert.ok(await isOver(near));
  await settled();
});

test("gives up when the peer hangs up or the stream is closed", async () => {
  for (const end of [0, 1]) {
    const pair = memoryPair();
    const failing = assert.rejects(context().secure(pair[1]), /Cannot secure memory/);
    await settled();
    pair[end]!.close();
    await failing;
  }
  await settled();
});
