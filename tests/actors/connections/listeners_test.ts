import assert from "node:assert/strict";
import { Listeners } from "../../../actors/connections/listeners.ts";
import { Log } from "../../../actors/log.ts";
import { Space } from "../../../actors/space/space.ts";
import { Supervisor } from "../../../actors/supervisor.ts";
import type { TreeNode } from "../../../actors/tree.ts";
import { MemoryTransport } from "../../../transports/memory.ts";
import { MemoryDatagrams } from "../../../transports/memory_datagrams.ts";
import type { Listener, Transport } from "../../../transports/transport.ts";
import { FakeClock, settle } from "../fakes.ts";
import { Client } from "./line_bench.ts";
import { LineSession } from "./line_session.ts";

const lines = (...[wire, hub]: ConstructorParameters<typeof LineSession>) =>
  new LineSession(wire, hub);

/** Listeners below a supervisor, on a clock that stands still. */
class Stage {
  readonly clock = new FakeClock();
  readonly log: string[] = [];
  readonly root = new Supervisor("root", { clock: this.clock });
  readonly listeners: Listeners;

  constructor() {
    const space = new Space({ clock: this.clock });
    const log = new Log({ sink: (line) => this.log.push(line) });
    this.listeners = new Listeners(this.root, { space, log, limits: {} });
  }

  /** What is below a listener of this name. */
  below(name: string): TreeNode[] {
    return this.root.tree().find((each) => each.name === name)!.children!;
  }
}

/** Memory whose `accept` throws, now or always. */
class Cracked implements Transport {
  readonly name = "cracked";
  readonly inner = new MemoryTransport();
  listened = 0;

  listen(): Listener {
    this.listened++;
    const inner = this.inner.listen();
    return {
      address: inner.address,
      accept: () => {
        throw new Error("cracked");
      },
      close: () => inner.close(),
    };
  }
}

Deno.test("A listener is named for its transport unless it has a name", async () => {
  const { listeners, root } = new Stage();
  await listeners.streams(new MemoryTransport(), lines).ready;
  await listeners.streams(new MemoryTransport(), lines, { name: "front" }).ready;
  assert.deepEqual(root.tree().map(({ name, kind }) => `${name} ${kind}`), [
    "memory-1 supervisor",
    "front supervisor",
  ]);
  root.stop();
});

Deno.test("Connections are beside their listener, numbered as they come", async () => {
  const stage = new Stage(), transport = new MemoryTransport();
  await stage.listeners.streams(transport, lines, { name: "l" }).ready;
  const clients = [1, 2, 3].map(() => new Client(transport.connect()));
  await settle();
  clients[1]!.stream.close();
  await settle();
  const [connections, listener] = stage.below("l");
  assert.deepEqual(connections!.children!.map(({ name }) => name), ["l#1", "l#3"]);
  assert.deepEqual(listener!.detail, {
    transport: "memory",
    connections: 2,
    admitted: 3,
    refused: 0,
  });
  stage.root.stop();
});

Deno.test("Connections beyond the limit are hung up on, until others leave", async () => {
  const stage = new Stage(), transport = new MemoryTransport();
  const limits = { maxConnections: 2 };
  await stage.listeners.streams(transport, lines, { name: "l", limits }).ready;
  const [first, second, third] = [1, 2, 3].map(() => new Client(transport.connect()));
  assert.equal(await third!.until("never"), "");
  await second!.send("say here\n");
  assert.equal(await second!.until("here\n"), "here\n");
  first!.stream.close();
  await settle();
  const fourth = new Client(transport.connect());
  await fourth.send("say in\n");
  assert.equal(await fourth.until("in\n"), "in\n");
  assert.equal(stage.below("l")[1]!.detail!.refused, 1);
  stage.root.stop();
});

Deno.test("A listener that is closed accepts nobody, and its connections go on", async () => {
  const stage = new Stage(), transport = new MemoryTransport();
  const listening = stage.listeners.streams(transport, lines, { name: "l" });
  await listening.ready;
  const client = new Client(transport.connect());
  await settle();
  listening.close();
  assert.throws(() => transport.connect(), Deno.errors.ConnectionRefused);
  await client.send("say here\n");
  assert.equal(await client.until("here\n"), "here\n");
  stage.root.stop();
});

Deno.test("A listener that is closed before it listens never accepts", async () => {
  const stage = new Stage(), transport = new MemoryTransport();
  const listening = stage.listeners.streams(transport, lines, { name: "l" });
  listening.close();
  await listening.ready;
  await settle();
  assert.throws(() => transport.connect(), Deno.errors.ConnectionRefused);
  stage.root.stop();
});

Deno.test("A listener that cannot start says why", async () => {
  const { listeners, root } = new Stage(), transport = new MemoryTransport();
  transport.listen();
  await assert.rejects(listeners.streams(transport, lines).ready, /Cannot listen twice/);
  root.stop();
});

Deno.test("A listener that crashes over and over is tried again, and its connections stay", async () => {
  const stage = new Stage(), transport = new Cracked();
  await stage.listeners.streams(transport, lines, { name: "l" }).ready;
  for (let minute = 0; minute < 5; minute++) await stage.clock.move(60_000);
  // With pauses of 5 s at most.
  assert.ok(transport.listened >= 55, `it was tried ${transport.listened} times`);
  const [connections, listener] = stage.below("l");
  assert.deepEqual([connections!.restarts, listener!.lastCrash!.message], [0, "cracked"]);
  stage.root.stop();
});

Deno.test("drain tells everyone and resolves when all have left", async () => {
  const stage = new Stage(), transport = new MemoryTransport();
  await stage.listeners.streams(transport, lines, { name: "l" }).ready;
  const clients = [1, 2].map(() => new Client(transport.connect()));
  await settle();
  const drained = stage.listeners.drain(10_000);
  for (const client of clients) {
    assert.equal(await client.until("never"), "bye\n");
    client.stream.close();
  }
  await drained;
  assert.deepEqual(stage.below("l").map(({ name, children }) => [name, children]), [
    ["connections", []],
  ]);
  assert.equal(stage.clock.pending, 0);
  stage.root.stop();
});

Deno.test("drain waits for nobody longer than it is told to", async () => {
  const stage = new Stage(), transport = new MemoryTransport({ capacityBytes: 1 });
  await stage.listeners.streams(transport, lines, { name: "l" }).ready;
  const deaf = transport.connect();
  await settle();
  let isOver = false;
  const drained = stage.listeners.drain(500).then(() => isOver = true);
  await stage.clock.move(499);
  assert.equal(isOver, false);
  await stage.clock.move(1);
  await drained;
  stage.root.stop();
  deaf.close();
});

Deno.test("drain without anyone there resolves at once", async () => {
  const stage = new Stage();
  await stage.listeners.streams(new MemoryTransport(), lines).ready;
  await stage.listeners.drain(10_000);
  assert.equal(stage.clock.pending, 0);
  stage.root.stop();
});

Deno.test("drain tells endpoints, too, and waits until they are done", async () => {
  const stage = new Stage(), network = new MemoryDatagrams();
  let told = 0;
  await stage.listeners.datagrams(network, () => ({
    label: "quiet",
    deadline: Infinity,
    receive() {},
    tick() {},
    shutdown: () => void told++,
    ended() {},
  })).ready;
  await stage.listeners.drain(10_000);
  assert.equal(told, 1);
  assert.deepEqual(stage.below("memory-1"), []);
  stage.root.stop();
});
