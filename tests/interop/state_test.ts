import assert from "node:assert/strict";
import { gateway } from "../../mod.ts";
import { Child, run } from "./child.ts";
import { eventually } from "./patience.ts";
import { everyByte, everyByteFile } from "./every_byte.ts";
import { listenToAll } from "./listeners.ts";
import { program, testWith } from "./programs.ts";
import { publishers } from "./publishers.ts";
import { readers } from "./readers.ts";
import { stores } from "./stores.ts";

for (const [from, store] of Object.entries(stores)) {
  for (const [to, reader] of Object.entries(readers)) {
    const needs = [...store.needs, ...reader.needs];
    testWith(needs, `${from} stores, ${to} reads, byte for byte; ${from} clears`, async () => {
      await using hub = gateway();
      const ports = await listenToAll(hub);
      await using file = await everyByteFile();
      const topic = `state/${from}/${to}`;
      await store.put(ports, topic, file.path);
      assert.deepEqual([...await reader.read(ports, topic, everyByte.length)], [...everyByte]);
      await store.clear(ports, topic);
      assert.equal(hub.retained(topic), undefined);
    });
  }
}

testWith(["curl"], "A long poll is answered with the next message, byte for byte", async () => {
  await using hub = gateway();
  const { http } = await listenToAll(hub);
  const url = `http://127.0.0.1:${http}/topics/next`;
  await using poll = new Child(program("curl"), ["-sS", "-H", "Prefer: wait=30", url]);
  // Nobody says when the request has arrived, but only then the message is taken.
  await eventually("the request", () => hub.publish("next", everyByte) === "accepted");
  const { code, stdout } = await poll.ended();
  assert.equal(code, 0);
  assert.deepEqual([...stdout], [...everyByte]);
});

testWith(
  ["mosquitto_pub", "curl", "coap-client"],
  "A content type goes from HTTP to CoAP and back",
  async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub);
    const web = `http://127.0.0.1:${ports.http}/topics/`;
    const coap = `coap://127.0.0.1:${ports.coap}/topics/`;
    const type = "Content-Type: application/json";
    await run(program("curl"), "-sS", "-X", "PUT", "-H", type, "-d", "[1]", `${web}typed`);
    const got = await run(program("coap-client"), "-v", "6", `${coap}typed`);
    assert.match(new TextDecoder().decode(got.stdout), /Content-Format:application\/json/);
    await run(program("coap-client"), "-m", "put", "-t", "50", "-e", "[2]", `${coap}back`);
    const back = await run(program("curl"), "-sS", "-i", `${web}back`);
    assert.match(
      new TextDecoder().decode(back.stdout),
      /content-type: application\/json[^]*\[2\]$/,
    );
    const args = ["-V", "5", "-D", "publish", "content-type", "text/csv", "-m", "1,2", "-r"];
    await run(program("mosquitto_pub"), "-p", `${ports.mqtt}`, "-t", "table", ...args);
    const table = await run(program("curl"), "-sS", "-i", `${web}table`);
    assert.match(new TextDecoder().decode(table.stdout), /content-type: text\/csv[^]*1,2$/);
  },
);

for (const [from, { needs, publish }] of Object.entries(publishers)) {
  testWith(needs, `A message from ${from} says when it was published`, async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub);
    await using file = await everyByteFile();
    const times: number[] = [];
    hub.subscribe("timed", ({ time }) => void times.push(time));
    const before = Date.now();
    await publish(ports, "timed", file.path);
    await eventually("the message", () => times.length === 1);
    assert.ok(Number.isInteger(times[0]), `${times[0]}`);
    // The two clocks need not agree to the millisecond.
    assert.ok(Math.abs(times[0]! - before) < 60_000);
  });
}
