import assert from "node:assert/strict";
import { Gateway } from "../../../actors/gateway/gateway.ts";
import { Log } from "../../../actors/log.ts";
import { Resources } from "../../../protocols/coap/paths/resources.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { MemoryTransport } from "../../../transports/memory.ts";
import { Client } from "../connections/line_bench.ts";
import { LineSession } from "../connections/line_session.ts";
import { FakeClock, settle } from "../fakes.ts";

const lines = (...[wire, hub]: ConstructorParameters<typeof LineSession>) =>
  new LineSession(wire, hub);

function stage() {
  const clock = new FakeClock(), errors: string[] = [];
  const log = new Log({ sink: (line) => errors.push(line.replace(/^\S+ /, "")) });
  return {
    clock,
    errors,
    hub: new Gateway({ handlers: Handlers, resources: Resources }, { clock, log }),
  };
}

Deno.test("A gateway begins with its clockwork and no listener", async () => {
  const { hub, clock } = stage();
  const { name, kind, children } = hub.tree();
  assert.deepEqual([name, kind], ["meerkat", "supervisor"]);
  assert.deepEqual(children!.map(({ name, kind }) => `${name} ${kind}`), [
    "actors supervisor",
    "handlers supervisor",
    "clockwork timer",
  ]);
  await hub.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("A gateway carries messages between connections and handlers, both ways", async () => {
  const { hub } = stage(), transport = new MemoryTransport();
  await hub.listen(transport, lines).ready;
  const client = new Client(transport.connect());
  const heard: string[] = [];
  hub.subscribe("up/+name", (message, { name }) => {
    heard.push(`${name} ${message.text()}`);
    hub.publish("down", "thanks");
  });
  await client.send("sub down\npub up/a hello\n");
  assert.equal(await client.until("thanks\n"), "accepted\ndown=thanks\n");
  assert.deepEqual(heard, ["a hello"]);
  client.stream.close();
  await hub.stop();
});

Deno.test("The answer of subscribe ends the subscription and its actor", async () => {
  const { hub } = stage();
  const heard: string[] = [];
  const unsubscribe = hub.subscribe("a", (message) => void heard.push(message.text()));
  hub.publish("a", "1");
  await settle();
  unsubscribe();
  assert.equal(hub.publish("a", "2"), "unmatched");
  await settle();
  assert.deepEqual(heard, ["1"]);
  const handlers = hub.tree().children!.find(({ name }) => name === "handlers");
  assert.deepEqual(handlers!.children, []);
  await hub.stop();
});

Deno.test("A gateway that stops tells its connections and takes nothing more", async () => {
  const { hub } = stage(), transport = new MemoryTransport();
  await hub.listen(transport, lines).ready;
  const client = new Client(transport.connect());
  await settle();
  const stopping = hub.stop();
  assert.equal(hub.publish("a", "x"), "closing");
  assert.throws(() => transport.connect(), Deno.errors.ConnectionRefused);
  assert.equal(await client.until("never"), "bye\n");
  client.stream.close();
  assert.equal(hub.stop({ drainMs: 0 }), stopping);
  await stopping;
  await hub.finished;
  assert.deepEqual(hub.tree().children, []);
});

Deno.test("A gateway that stops waits for its connections as long as it was told to", async () => {
  const { hub, clock } = stage(), transport = new MemoryTransport();
  await hub.listen(transport, lines).ready;
  const client = new Client(transport.connect());
  await settle();
  let isOver = false;
  const stopping = hub.stop({ drainMs: 1_500 }).then(() => isOver = true);
  // It reads our last words but does not hang up.
  await clock.move(1_499);
  assert.equal(isOver, false);
  await clock.move(1);
  await stopping;
  client.stream.close();
  assert.equal(clock.pending, 0);
});

Deno.test("A gateway whose listener cannot start fails with the cause, and stops", async () => {
  const { hub, clock } = stage(), transport = new MemoryTransport();
  transport.listen();
  const { ready } = hub.listen(transport, lines);
  await assert.rejects(ready, /Cannot listen twice/);
  await assert.rejects(hub.finished, /Cannot listen twice/);
  assert.throws(() => hub.subscribe("a", () => {}), TypeError);
  await hub.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("An actor of one's own is restarted, however often, after a pause", async () => {
  const { hub, clock, errors } = stage();
  const heard: string[] = [];
  const ref = hub.spawn<string>("own", () => ({
    receive(text) {
      if (text === "crash") throw new Error("out of luck");
      heard.push(text);
    },
  }), { restart: "crash" });
  for (let times = 0; times < 20; times++) {
    ref.tell("crash");
    ref.tell(`${times}`);
  }
  await clock.move(120_000);
  assert.deepEqual(heard, Array.from({ length: 20 }, (_, times) => `${times}`));
  assert.equal(errors.filter((line) => line.includes("out of luck")).length, 20);
  await hub.stop();
});

Deno.test("The name of an actor is taken once", async () => {
  const { hub } = stage();
  hub.spawn("own", () => ({ receive() {} }));
  assert.throws(() => hub.spawn("own", () => ({ receive() {} })), TypeError);
  await hub.stop();
});

Deno.test("Listeners have the gateway's limits unless they have their own", async () => {
  const clock = new FakeClock(), log = new Log({ level: "silent" });
  const hub = new Gateway({ handlers: Handlers, resources: Resources }, {
    clock,
    log,
    limits: { maxConnections: 1 },
  });
  const [first, second] = [new MemoryTransport(), new MemoryTransport()];
  await hub.listen(first, lines).ready;
  await hub.listen(second, lines, { limits: { maxConnections: 2 } }).ready;
  const admitted = async (transport: MemoryTransport) => {
    const clients = [1, 2, 3].map(() => new Client(transport.connect()));
    for (const client of clients) await client.send("say in\n").catch(() => {});
    await settle();
    const heard = await Promise.all(clients.map((client) => client.until("in\n")));
    for (const client of clients) client.stream.close();
    return heard.filter((text) => text === "in\n").length;
  };
  assert.deepEqual([await admitted(first), await admitted(second)], [1, 2]);
  await hub.stop();
});
