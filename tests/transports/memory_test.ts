import assert from "node:assert/strict";
import { memoryPair, MemoryTransport } from "../../transports/memory.ts";
import { bytes, readText, testStreams, writeAll } from "./streams.ts";

testStreams("memoryPair()", () => {
  const [client, server] = memoryPair();
  return Promise.resolve({
    client,
    server,
    [Symbol.asyncDispose]() {
      client.close();
      server.close();
      return Promise.resolve();
    },
  });
});

Deno.test("memoryPair() takes no more than its capacity", async () => {
  const [client, server] = memoryPair({ capacityBytes: 8 });
  assert.equal(await client.write(bytes("0123456789")), 8);
  let taken = false;
  const writing = client.write(bytes("89")).then((count) => {
    taken = true;
    return count;
  });
  await Promise.resolve();
  assert.equal(taken, false);
  assert.equal(await readText(server, 1), "0");
  assert.equal(await writing, 1);
});

Deno.test("memoryPair() names the ends as it is told", () => {
  const [client, server] = memoryPair({ peers: ["server", "client"] });
  assert.deepEqual([client.peer, server.peer], ["server", "client"]);
});

Deno.test("memoryPair() fails a writer whose reader is gone", async () => {
  const [client, server] = memoryPair({ capacityBytes: 1 });
  await client.write(bytes("a"));
  const failing = assert.rejects(client.write(bytes("b")), /the peer has gone/);
  server.close();
  await failing;
});

Deno.test("MemoryTransport connects to whoever accepts, before and after", async () => {
  const transport = new MemoryTransport();
  assert.throws(() => transport.connect(), /nobody accepts/);
  const listener = await transport.listen();
  assert.throws(() => transport.listen(), /Cannot listen twice/);
  const early = transport.connect();
  const accepted = [await listener.accept(), listener.accept()];
  const late = transport.connect();
  for (const [at, client] of [early, late].entries()) {
    await writeAll(client, bytes(`client ${at}`));
    assert.equal(await readText((await accepted[at])!, 8), `client ${at}`);
  }
});

Deno.test("MemoryTransport accepts undefined once it is closed", async () => {
  const transport = new MemoryTransport();
  const listener = await transport.listen();
  const accepting = listener.accept();
  listener.close();
  listener.close();
  assert.equal(await accepting, undefined);
  assert.equal(await listener.accept(), undefined);
  assert.throws(() => transport.connect(), /nobody accepts/);
});

Deno.test("MemoryTransport hangs up on those who wait when it is closed", async () => {
  const transport = new MemoryTransport();
  const listener = await transport.listen();
  const waiting = transport.connect();
  listener.close();
  assert.equal(await waiting.read(new Uint8Array(1)), null);
});

Deno.test("MemoryTransport can listen again once it is closed", async () => {
  const transport = new MemoryTransport();
  (await transport.listen()).close();
  const listener = await transport.listen();
  transport.connect();
  assert.notEqual(await listener.accept(), undefined);
});

Deno.test("MemoryTransport refuses when too many wait", async () => {
  const transport = new MemoryTransport();
  await transport.listen();
  let connected = 0;
  assert.throws(() => {
    for (; connected < 1000; connected++) transport.connect();
  }, /nobody accepts/);
  assert.equal(connected, 128);
});
