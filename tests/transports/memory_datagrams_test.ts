import assert from "node:assert/strict";
import { MemoryDatagrams, memoryPorts } from "../../transports/memory_datagrams.ts";
import { bytes } from "./streams.ts";

Deno.test("memoryPorts() carries datagrams both ways and keeps their edges", async () => {
  const [near, far] = memoryPorts();
  const sent = bytes("one");
  await near.send(sent, "memory:2");
  sent.fill(0);
  await near.send(bytes("two"), "memory:2");
  assert.deepEqual(await far.receive(), { bytes: bytes("one"), from: "memory:1" });
  assert.deepEqual(await far.receive(), { bytes: bytes("two"), from: "memory:1" });
  const receiving = near.receive();
  await far.send(bytes("three"), "memory:1");
  assert.deepEqual(await receiving, { bytes: bytes("three"), from: "memory:2" });
});

Deno.test("memoryPorts() loses and doubles what it is told to", async () => {
  let count = 0;
  const [near, far] = memoryPorts({ arrivals: () => count++ });
  for (const text of ["lost", "once", "twice"]) await near.send(bytes(text), "memory:2");
  const got = [];
  for (let time = 0; time < 3; time++) {
    got.push(new TextDecoder().decode((await far.receive())!.bytes));
  }
  assert.deepEqual(got, ["once", "twice", "twice"]);
});

Deno.test("MemoryDatagrams reaches every port and loses what goes nowhere", async () => {
  const network = new MemoryDatagrams();
  const ports = [network.bind(), network.bind(), network.bind()];
  assert.deepEqual(ports.map((port) => port.address.port), [1, 2, 3]);
  await ports[2]!.send(bytes("nowhere"), "memory:9");
  for (const [at, port] of ports.entries()) {
    await ports[2]!.send(bytes("all"), `memory:${at + 1}`);
    assert.equal((await port.receive())!.from, "memory:3");
  }
});

Deno.test("MemoryDatagrams keeps no more than its queue", async () => {
  const [near, far] = memoryPorts();
  for (let at = 0; at < 1000; at++) await near.send(Uint8Array.of(at), "memory:2");
  near.close();
  let kept = 0;
  const counting = (async () => {
    while (await far.receive() !== undefined) kept++;
  })();
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
  far.close();
  await counting;
  assert.equal(kept, 256);
});

Deno.test("MemoryDatagrams receives undefined once it is closed", async () => {
  const [near, far] = memoryPorts();
  await far.send(bytes("unread"), "memory:1");
  const receiving = far.receive();
  for (const port of [near, far, far]) port.close();
  assert.equal(await receiving, undefined);
  assert.equal(await near.receive(), undefined);
  await assert.rejects(near.send(bytes("late"), "memory:2"), /Cannot send/);
});
