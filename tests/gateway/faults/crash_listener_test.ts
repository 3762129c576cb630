import assert from "node:assert/strict";
import { mqtt, tcp, udp } from "../../../mod.ts";
import type { OpenDatagramSession } from "../../../protocols/session.ts";
import type { DatagramTransport, Listener, Transport } from "../../../transports/transport.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { within } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { connections, restarts } from "../tree.ts";
import { scene } from "./neighbours.ts";

/** TCP whose `accept` throws when it is told to, at the next connection. */
class Fragile implements Transport {
  readonly name = "fragile";
  /** Resolves when it listens again. */
  again = Promise.withResolvers<void>();
  breaks = false;
  #port = 0;

  async listen(): Promise<Listener> {
    const inner = await tcp({ port: this.#port }).listen();
    if (this.#port !== 0) this.again.resolve();
    this.#port = inner.address.port;
    return {
      address: inner.address,
      close: () => inner.close(),
      accept: () => {
        if (!this.breaks) return inner.accept();
        this.breaks = false;
        throw new Error("cannot accept any more");
      },
    };
  }
}

testWith([], "A listener that throws is restarted, its connections stay", async () => {
  await using stage = await scene();
  const { hub, errors, neighbours } = stage;
  const transport = new Fragile();
  const { port } = await hub.listen(transport, mqtt(), { name: "cracked" }).ready;
  const old = await dialMqtt(port, { clientId: "old" });
  await old.subscribe("t", 1);
  const before = connections(hub);
  // The next connection is accepted, and then nothing is any more.
  transport.breaks = true;
  const last = await dialMqtt(port, { clientId: "last" });
  await within("the listener", transport.again.promise);
  assert.equal(hub.publish("t", "still here"), "accepted");
  assert.equal(await old.nextText(), "still here");
  await neighbours.areWell();
  assert.equal(connections(hub).length, before.length + 1);
  const fresh = await dialMqtt(port, { clientId: "fresh" });
  await fresh.ping();
  await last.ping();
  assert.deepEqual(restarts(hub), ["/cracked/listener: 1, cannot accept any more"]);
  assert.equal(errors.length, 1);
  for (const each of [old, last, fresh]) await each.close();
});

/** UDP that stays on the port that the system chose first. */
class Settled implements DatagramTransport {
  readonly name = "settled";
  again = Promise.withResolvers<void>();
  #port = 0;

  async bind() {
    const port = await udp({ port: this.#port }).bind();
    if (this.#port !== 0) this.again.resolve();
    this.#port = port.address.port;
    return port;
  }
}

/** Answers every datagram with itself, apart from the one that breaks it. */
const echo: OpenDatagramSession = (wire) => ({
  label: "echo",
  deadline: Infinity,
  receive(bytes, from) {
    if (new TextDecoder().decode(bytes) === "crash") throw new Error("cannot stand this");
    wire.send(bytes, from);
  },
  tick() {},
  shutdown() {},
  ended() {},
});

testWith([], "An endpoint that throws is restarted on its port", async () => {
  await using stage = await scene();
  const { hub, neighbours } = stage;
  const transport = new Settled();
  const { port } = await hub.listen(transport, echo, { name: "echo" }).ready;
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const to = { transport: "udp", hostname: "127.0.0.1", port } as const;
  const say = (text: string) => socket.send(new TextEncoder().encode(text), to);
  const hear = async () => {
    const [bytes] = await within("a datagram", socket.receive());
    return new TextDecoder().decode(bytes);
  };
  await say("one");
  assert.equal(await hear(), "one");
  await say("crash");
  await within("the endpoint", transport.again.promise);
  await say("two");
  assert.equal(await hear(), "two");
  await neighbours.areWell();
  assert.deepEqual(restarts(hub), ["/echo/endpoint: 1, cannot stand this"]);
  socket.close();
});
