import assert from "node:assert/strict";
import { http, tcp } from "../../../mod.ts";
import { run } from "../../interop/child.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { connections, restarts } from "../tree.ts";
import { scene } from "./neighbours.ts";

testWith(
  [],
  "A handler of messages that throws is restarted, and nobody else notices",
  async () => {
    await using stage = await scene();
    const { hub, errors, neighbours } = stage;
    const seen: string[] = [], others: string[] = [];
    hub.subscribe("work/+job", (message, { job }) => {
      if (message.text() === "boom") throw new Error("out of tune");
      seen.push(`${job} ${message.text()}`);
    });
    hub.subscribe("work/#", (message) => others.push(message.text()));
    const before = connections(hub);
    for (const text of ["one", "boom", "two", "boom", "three"]) hub.publish("work/a", text);
    await neighbours.areWell();
    assert.deepEqual(seen, ["a one", "a two", "a three"]);
    assert.deepEqual(others, ["one", "boom", "two", "boom", "three"]);
    assert.deepEqual(restarts(hub), ["/handlers/work/+job 1: 2, out of tune"]);
    assert.deepEqual(connections(hub), before);
    assert.equal(errors.length, 2);
    assert.match(errors[0]!, /^error crash actor="handlers\/work\/\+job 1" error=.*out of tune/);
  },
);

testWith([], "A handler of messages whose promise rejects is restarted, too", async () => {
  await using stage = await scene();
  const { hub, neighbours } = stage;
  hub.subscribe("later", () => Promise.reject(new Error("too late")));
  hub.publish("later", "x");
  await eventually("the crash", () => restarts(hub).length > 0);
  await neighbours.areWell();
  assert.deepEqual(restarts(hub), ["/handlers/later 1: 1, too late"]);
});

testWith(["curl"], "A handler of requests that throws is restarted and answers 500", async () => {
  await using stage = await scene();
  const { hub, neighbours } = stage;
  let asked = 0;
  hub.handle("/broken", () => {
    throw new Error(`broken ${++asked}`);
  });
  hub.handle("/later", () => Promise.reject(new Error("rejected")));
  hub.handle("/fine", () => new Response("fine"));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}`;
  // One connection for all of them: the crashes are not the connection's.
  const { stdout } = await run(
    program("curl"),
    ...["-sS", "-w", " %{http_code} %{num_connects}\n"],
    ...[`${url}/broken`, `${url}/fine`, `${url}/later`, `${url}/broken`, `${url}/fine`],
  );
  const failed = "The handler of this path failed\n 500";
  assert.equal(
    new TextDecoder().decode(stdout),
    `${failed} 1\nfine 200 0\n${failed} 0\n${failed} 0\nfine 200 0\n`,
  );
  await neighbours.areWell();
  assert.deepEqual(restarts(hub), [
    "/handlers//broken 1: 2, broken 2",
    "/handlers//later 2: 1, rejected",
  ]);
});

testWith([], "A handler that always throws never wears its supervisor out", async () => {
  await using stage = await scene();
  const { hub, neighbours } = stage;
  hub.subscribe("storm", () => {
    throw new Error("again");
  });
  const client = await dialMqtt(neighbours.ports.mqtt, { clientId: "stormy" });
  for (let count = 0; count < 2_000; count++) await client.publish("storm", `${count}`);
  await client.ping();
  await neighbours.areWell();
  await eventually("all crashes", () => restarts(hub)[0] === "/handlers/storm 1: 2000, again");
  await client.close();
});
