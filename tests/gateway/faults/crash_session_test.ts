import assert from "node:assert/strict";
import { Delivery, mqtt, tcp } from "../../../mod.ts";
import { LineSession } from "../../actors/connections/line_session.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { Raw } from "../raw.ts";
import { connections, nodes, restarts } from "../tree.ts";
import { scene } from "./neighbours.ts";

testWith([], "A session that throws loses its own connection, and nobody else theirs", async () => {
  await using stage = await scene();
  const { hub, errors, neighbours } = stage;
  const open = (...[wire, hub]: ConstructorParameters<typeof LineSession>) =>
    new LineSession(wire, hub);
  const { port } = await hub.listen(tcp({ port: 0 }), open, { name: "lines" }).ready;
  const first = await Raw.dial(port), second = await Raw.dial(port);
  await first.send("sub a\nsay ready\n");
  await first.until("ready\n");
  const before = connections(hub);
  await second.send("crash\n");
  assert.equal(await second.rest(), "");
  await eventually("the end", () => connections(hub).length === before.length - 1);
  hub.publish("a", "still here");
  await first.until("a=still here\n");
  // The listener goes on, too.
  const third = await Raw.dial(port);
  await third.send("say welcome\n");
  await third.until("welcome\n");
  await neighbours.areWell();
  assert.deepEqual(restarts(hub), []);
  assert.deepEqual(errors.length, 1);
  assert.match(errors[0]!, /^error crash actor=lines\/connections\/lines#2 error=boom/);
  for (const each of [first, second, third]) each.close();
});

testWith([], "A session that throws while it is opened releases its connection", async () => {
  await using stage = await scene();
  const { hub, errors, neighbours } = stage;
  const speak = mqtt();
  let opened = 0;
  const { port } = await hub.listen(tcp({ port: 0 }), (wire, hub, now) => {
    hub.subscribe("leak", { qos: 0 });
    if (++opened === 1) throw new Error("stillborn");
    return speak(wire, hub, now);
  }, { name: "fragile" }).ready;
  const stillborn = await Raw.dial(port);
  assert.equal(await stillborn.rest(), "");
  stillborn.close();
  const client = await dialMqtt(port, { clientId: "second" });
  await neighbours.areWell();
  assert.deepEqual(restarts(hub), []);
  assert.equal(errors.length, 1);
  const { connections: open, admitted } = nodes(hub).get("/fragile/listener")!.detail!;
  assert.deepEqual([open, admitted], [1, 2]);
  await client.close();
  await eventually("the end", () => nodes(hub).get("/fragile/listener")!.detail!.connections === 0);
  assert.equal(hub.publish("leak", "x"), "unmatched");
});

testWith([], "A session that throws at a delivery keeps it from nobody else", async () => {
  await using stage = await scene();
  const { hub, neighbours } = stage;
  class Delicate extends LineSession {
    override deliver(delivery: Delivery): void {
      if (delivery.publication.text() === "poison") throw new Error("indigestion");
      super.deliver(delivery);
    }
  }
  const { port } = await hub.listen(tcp({ port: 0 }), (wire, hub) => new Delicate(wire, hub)).ready;
  const [delicate, robust] = [
    await Raw.dial(port),
    await dialMqtt(neighbours.ports.mqtt, {
      clientId: "robust",
    }),
  ];
  await delicate.send("sub food\nsay ready\n");
  await delicate.until("ready\n");
  await robust.subscribe("food", 1);
  hub.publish("food", "bread", { qos: 1 });
  await delicate.until("food=bread\n");
  for (const text of ["poison", "cheese"]) hub.publish("food", text, { qos: 1 });
  assert.equal(await delicate.rest(), "");
  assert.equal(await robust.nextText(), "bread");
  assert.equal(await robust.nextText(), "poison");
  assert.equal(await robust.nextText(), "cheese");
  await neighbours.areWell();
  assert.deepEqual(restarts(hub), []);
  delicate.close();
  await robust.close();
});
