import assert from "node:assert/strict";
import { dialTcp, tcp } from "../../transports/tcp.ts";
import { type Ends, strict, testStreams } from "./streams.ts";

async function open(hostname?: string, dialled = hostname): Promise<Ends> {
  const listener = await tcp({ port: 0, hostname }).listen();
  const accepting = listener.accept();
  const client = await dialTcp({ port: listener.address.port, hostname: dialled });
  const server = (await accepting)!;
  return {
    client,
    server,
    [Symbol.asyncDispose]() {
      for (const each of [client, server, listener]) each.close();
      return Promise.resolve();
    },
  };
}

testStreams("tcp()", open);

for (
  const [hostname, dialled, shown] of [
    ["127.0.0.1", "127.0.0.1", /^127\.0\.0\.1:\d+$/],
    ["[::1]", "[::1]", /^\[::1\]:\d+$/],
    ["[::]", "::1", /^\[::1\]:\d+$/],
    ["::", "127.0.0.1", /^127\.0\.0\.1:\d+$/],
  ] as const
) {
  Deno.test(`tcp() on ${hostname} shows a peer from ${dialled} as it is`, strict, async () => {
    await using ends = await open(hostname, dialled);
    assert.match(ends.server.peer, shown);
    assert.match(ends.client.peer, shown);
    assert.equal(ends.server.secure, false);
    assert.equal(ends.server.certificate, undefined);
  });
}

Deno.test("tcp() knows the peer of a stream that is closed", strict, async () => {
  await using ends = await open();
  ends.server.close();
  assert.match(ends.server.peer, /^127\.0\.0\.1:\d+$/);
});

Deno.test("tcp() accepts undefined once it is closed", strict, async () => {
  const listener = await tcp({ port: 0 }).listen();
  assert.equal(listener.address.host, "127.0.0.1");
  const accepting = listener.accept();
  listener.close();
  listener.close();
  assert.equal(await accepting, undefined);
  assert.equal(await listener.accept(), undefined);
});

Deno.test("tcp() names host, port and cause when the port is in use", strict, async () => {
  const listener = await tcp({ port: 0 }).listen();
  const { port } = listener.address;
  assert.throws(() => tcp({ port }).listen(), {
    message: `Cannot listen on 127.0.0.1:${port}: the address is in use, choose a free one`,
  });
  listener.close();
});

for (
  const [hostname, port, fault] of [
    ["192.0.2.1", 0, "no interface has this address, choose one of this machine's"],
    ["[2001:db8::1]", 0, "no interface has this address, choose one of this machine's"],
    ["127.0.0.1", 70_000, "a port is a whole number from 0 to 65535"],
    ["127.0.0.1", NaN, "a port is a whole number from 0 to 65535"],
  ] as const
) {
  Deno.test(`tcp() names ${hostname}:${port} when it cannot listen there`, strict, () => {
    const message = `Cannot listen on ${hostname}:${port}: ${fault}`;
    assert.throws(() => tcp({ hostname, port }).listen(), { message });
  });
}

Deno.test("dialTcp() names host and port when nobody listens", strict, async () => {
  const listener = await tcp({ port: 0 }).listen();
  const { port } = listener.address;
  listener.close();
  await assert.rejects(dialTcp({ port }), (error: Error) => {
    assert.ok(error.message.startsWith(`Cannot connect to 127.0.0.1:${port}: `), error.message);
    return true;
  });
});

Deno.test("dialTcp() gives up when it is told to", strict, async () => {
  await assert.rejects(dialTcp({ port: 9, signal: AbortSignal.abort() }), /Cannot connect to/);
});
