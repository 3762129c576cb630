import assert from "node:assert/strict";
import {
  endpoint,
  endpointDefaults,
  type EndpointLimits,
} from "../../../actors/connections/endpoint.ts";
import { SHUTDOWN } from "../../../actors/connections/shutdown.ts";
import { Log } from "../../../actors/log.ts";
import { Space } from "../../../actors/space/space.ts";
import { Supervisor } from "../../../actors/supervisor.ts";
import type { DatagramSession, DatagramWire, Hub } from "../../../protocols/session.ts";
import { MemoryDatagrams } from "../../../transports/memory_datagrams.ts";
import type { DatagramPort, DatagramTransport } from "../../../transports/transport.ts";
import { FakeClock, settle } from "../fakes.ts";

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** A session that does as the datagrams say, and keeps what it was told. */
class Obedient implements DatagramSession {
  label = "obedient";
  deadline = Infinity;
  told: string[] = [];

  constructor(readonly wire: DatagramWire, readonly hub: Hub) {}

  receive(bytes: Uint8Array, from: string, now: number): void {
    const text = decoder.decode(bytes);
    this.told.push(`${from} ${text}`);
    if (text === "crash") throw new Error("boom");
    if (text === "later") this.deadline = now + 1_000;
    if (text === "follow") this.hub.subscribe("a/#", { qos: 0 });
    if (text === "post") this.hub.self.post("signal");
    if (text === "echo") this.wire.send(bytes, from);
  }

  signal(signal: unknown): void {
    this.told.push(String(signal));
  }

  tick(): void {
    this.deadline = Infinity;
    this.told.push("tick");
  }

  shutdown(): void {
    this.told.push("shutdown");
  }

  ended(): void {
    this.told.push("ended");
  }
}

/** An endpoint, its network, and the lives of its session. */
class Stage {
  readonly clock = new FakeClock();
  readonly space = new Space({ clock: this.clock });
  readonly crashes: string[] = [];
  readonly supervisor = new Supervisor("test", {
    clock: this.clock,
    crashed: (_, error) => this.crashes.push((error as Error).message),
  });
  readonly lives: Obedient[] = [];
  client!: DatagramPort;

  async start(
    transport: DatagramTransport = new MemoryDatagrams(),
    limits: Partial<EndpointLimits> = {},
    open = (wire: DatagramWire, hub: Hub): DatagramSession => {
      const session = new Obedient(wire, hub);
      this.lives.push(session);
      return session;
    },
  ) {
    const { space } = this;
    const log = new Log({ level: "silent" });
    const options = { transport, bound: await transport.bind(), open, space, log };
    const behaviour = endpoint({
      ...options,
      listener: "memory",
      limits: { ...endpointDefaults, ...limits },
    });
    return this.supervisor.spawn("endpoint", behaviour, { restart: "crash" });
  }

  async say(client: DatagramPort, text: string, to = "memory:1"): Promise<void> {
    await client.send(encoder.encode(text), to);
    await settle();
  }
}

Deno.test("An endpoint hands datagrams of all peers to one session, and sends its answers", async () => {
  const stage = new Stage(), network = new MemoryDatagrams();
  await stage.start(network);
  const [first, second] = [network.bind(), network.bind()];
  await stage.say(first, "echo");
  await stage.say(second, "echo");
  assert.deepEqual(stage.lives[0]!.told, ["memory:2 echo", "memory:3 echo"]);
  assert.equal(decoder.decode((await first.receive())!.bytes), "echo");
  assert.equal(decoder.decode((await second.receive())!.bytes), "echo");
  assert.deepEqual(stage.supervisor.tree()[0]!.detail, {
    session: "obedient",
    received: 2,
    dropped: 0,
    refused: 0,
  });
  stage.supervisor.stop();
});

Deno.test("An endpoint ticks its session when its deadline has come, and hands it its signals", async () => {
  const stage = new Stage(), network = new MemoryDatagrams();
  await stage.start(network);
  const client = network.bind();
  await stage.clock.move(500);
  await stage.say(client, "later");
  await stage.say(client, "post");
  await stage.clock.move(999);
  const { told } = stage.lives[0]!;
  assert.deepEqual(told, ["memory:2 later", "memory:2 post", "signal"]);
  await stage.clock.move(1);
  assert.deepEqual(told.slice(3), ["tick"]);
  stage.supervisor.stop();
  assert.equal(stage.clock.pending, 0);
});

Deno.test("An endpoint that crashes releases its port and its subscriptions, and binds again", async () => {
  const stage = new Stage(), network = new MemoryDatagrams();
  await stage.start(network);
  const client = network.bind();
  await stage.say(client, "follow");
  assert.equal(stage.space.router.subscriptions, 1);
  await stage.say(client, "crash");
  assert.deepEqual(stage.crashes, ["boom"]);
  assert.equal(stage.lives[0]!.told.at(-1), "ended");
  assert.equal(stage.space.router.subscriptions, 0);
  await stage.say(client, "to the old one");
  await stage.say(client, "to the new one", "memory:3");
  assert.equal(stage.lives[0]!.told.length, 3);
  assert.deepEqual(stage.lives[1]!.told, ["memory:2 to the new one"]);
  stage.supervisor.stop();
  assert.deepEqual(stage.lives[1]!.told.at(-1), "ended");
});

Deno.test("A session that throws while it is opened leaves neither port nor subscription", async () => {
  const stage = new Stage(), network = new MemoryDatagrams();
  let opened = 0;
  await stage.start(network, {}, (wire, hub) => {
    hub.subscribe("a", { qos: 0 });
    if (++opened < 3) throw new Error("stillborn");
    return new Obedient(wire, hub);
  });
  await settle();
  assert.deepEqual(stage.crashes, ["stillborn", "stillborn"]);
  assert.equal(stage.space.router.subscriptions, 1);
  assert.equal(stage.space.router.receivers, 1);
  stage.supervisor.stop();
  assert.equal(stage.space.router.subscriptions, 0);
});

Deno.test("Datagrams beyond those on their way are dropped and counted", async () => {
  const stage = new Stage();
  const stuck = Promise.withResolvers<void>();
  const port: DatagramPort = {
    address: { host: "stuck", port: 1 },
    receive: () => new Promise(() => {}),
    send: () => stuck.promise,
    close() {},
  };
  await stage.start({ name: "stuck", bind: () => port }, { maxSending: 2 });
  const { wire } = stage.lives[0]!;
  const datagram = encoder.encode("x");
  assert.deepEqual([1, 2, 3].map(() => wire.send(datagram, "to")), [true, true, false]);
  assert.equal(stage.space.counters.get("datagram.dropped"), 1);
  stuck.reject(new Error("unreachable"));
  await settle();
  assert.equal(wire.send(datagram, "to"), true);
  stage.supervisor.stop();
});

Deno.test("What is sent is the endpoint's own: a session may compose the next in its place", async () => {
  const stage = new Stage(), network = new MemoryDatagrams();
  await stage.start(network);
  const client = network.bind();
  const datagram = encoder.encode("before");
  stage.lives[0]!.wire.send(datagram, "memory:2");
  datagram.fill(120);
  assert.equal(decoder.decode((await client.receive())!.bytes), "before");
  assert.equal(stage.lives[0]!.wire.maxBytes, 1232);
  stage.supervisor.stop();
});

Deno.test("An endpoint that is to stop says goodbye first and waits until that has left", async () => {
  const stage = new Stage();
  const sent = Promise.withResolvers<void>();
  const port: DatagramPort = {
    address: { host: "slow", port: 1 },
    receive: () => new Promise(() => {}),
    send: () => sent.promise,
    close() {},
  };
  const ref = await stage.start({ name: "slow", bind: () => port });
  stage.lives[0]!.shutdown = () => void stage.lives[0]!.wire.send(encoder.encode("bye"), "to");
  ref.tell(SHUTDOWN);
  await settle();
  assert.equal(stage.supervisor.size, 1);
  sent.resolve();
  await settle();
  assert.equal(stage.supervisor.size, 0);
  assert.deepEqual(stage.lives[0]!.told, ["ended"]);
});
