import assert from "node:assert/strict";
import { gateway } from "../../../mod.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { testWith } from "../../interop/programs.ts";
import { openWebSocket } from "../../interop/websocket.ts";
import { FORMAT, type Given, named, payloadOf } from "../../protocols/coap/pubsub/pubsub_stage.ts";
import { bytes } from "../../protocols/fakes.ts";
import {
  coap,
  coapCode,
  coapObserver,
  escaped,
  mosquitto,
  mosquittoFollower,
} from "./coap_programs.ts";

/** Arguments of coap-client for properties of a topic. */
function given(properties: Given): string[] {
  return ["-t", `${FORMAT}`, "-e", escaped(payloadOf(properties))];
}

testWith(
  ["coap-client", "mosquitto_pub", "mosquitto_sub"],
  "coap-client makes a topic, and exchanges with MQTT clients through it",
  async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub), url = `coap://127.0.0.1:${ports.coap}`;
    const made = await coapCode("post", `${url}/pubsub`, ...given(named("sensors/temp")));
    assert.equal(made, "2.01");
    assert.equal(
      await coap("get", `${url}/.well-known/core?rt=core.ps.coll`),
      '</pubsub>;rt="core.ps.coll";ct=40',
    );
    assert.equal(await coap("get", `${url}/pubsub`), '</pubsub/sensors/temp>;rt="core.ps.conf"');
    assert.match(await coap("get", `${url}/ps/sensors/temp`), /^4\.04/);
    await using follower = await mosquittoFollower(ports.mqtt, "sensors/#");
    assert.equal(await coapCode("put", `${url}/ps/sensors/temp`, "-e", "21"), "2.01");
    assert.equal(await coapCode("put", `${url}/ps/sensors/temp`, "-e", "22"), "2.04");
    assert.deepEqual(await follower.linesFrom(1, 2), ["sensors/temp 21", "sensors/temp 22"]);
    await using observer = coapObserver(`${url}/ps/sensors/temp`);
    assert.deepEqual(await observer.linesFrom(0, 1), ["22"]);
    await mosquitto(ports.mqtt, "sensors/temp", "-r", "-m", "23");
    assert.deepEqual(await observer.linesFrom(1, 1), ["23"]);
    assert.equal(await coapCode("delete", `${url}/pubsub/sensors/temp`), "2.02");
    await observer.complains("4.04");
    assert.deepEqual(await follower.linesFrom(3, 2), ["sensors/temp 23", "sensors/temp "]);
    assert.equal(hub.retained("sensors/temp"), undefined);
    assert.equal(await coap("get", `${url}/pubsub`), "");
  },
);

testWith(
  ["coap-client"],
  "HTTP and WebSocket clients exchange with CoAP nodes through a configured topic",
  async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub), url = `coap://127.0.0.1:${ports.coap}`;
    const web = `http://127.0.0.1:${ports.http}/topics/a`;
    await coap("post", `${url}/pubsub`, ...given(named("a", { 3: 50, 8: bytes("{}") })));
    const answer = await fetch(web);
    assert.equal(answer.headers.get("content-type"), "application/json");
    assert.equal(await answer.text(), "{}");
    const { socket, received, closed } = await openWebSocket(web.replace("http", "ws"));
    await using observer = coapObserver(`${url}/ps/a`);
    assert.deepEqual(await observer.linesFrom(0, 1), ["{}"]);
    await coap("put", `${url}/ps/a`, "-e", "[1]");
    await observer.linesFrom(1, 1);
    await (await fetch(web, { method: "PUT", body: "[2]" })).body?.cancel();
    await observer.linesFrom(2, 1);
    socket.send("[3]");
    assert.deepEqual(await observer.linesFrom(1, 3), ["[1]", "[2]", "[3]"]);
    const heard = (await received(3)).slice(1, 3).map((each) => new TextDecoder().decode(each));
    assert.deepEqual(heard, ["[1]", "[2]"]);
    socket.close();
    await closed;
  },
);

testWith(["coap-client"], "coap-client reads, filters and changes configurations", async () => {
  await using hub = gateway();
  const { coap: port } = await listenToAll(hub), url = `coap://127.0.0.1:${port}/pubsub`;
  await coap("post", url, ...given(named("a", { 4: "temperature" })));
  await coap("post", url, ...given(named("b", { 4: "humidity" })));
  const found = await coap("fetch", url, ...given({ 4: "humidity" }));
  assert.equal(found, '</pubsub/b>;rt="core.ps.conf"');
  const data = await coap("fetch", `${url}/a`, ...given({ 9: [1] }));
  assert.match(data, /\/ps\/a/);
  assert.equal(await coapCode("ipatch", `${url}/a`, ...given({ 6: 1 })), "2.04");
  assert.equal(await coapCode("put", `${url}/a`, ...given({ 6: 2 })), "2.04");
  assert.equal(await coapCode("post", `${url}/a`, ...given({ 4: "heat" })), "2.04");
  assert.match(
    await coap("ipatch", `${url}/a`, ...given({ 0: "c" })),
    /^4\.00 topic-name has to be/,
  );
  assert.match(await coap("post", url, ...given(named("a"))), /^4\.00.*in use/);
  assert.match(await coap("post", url, "-t", "50", "-e", "{}"), /^4\.15.*606/);
});

testWith(
  ["coap-client", "mosquitto_pub"],
  "no more observe a topic than it says, and who came last leaves when it says less",
  async () => {
    await using hub = gateway();
    const ports = await listenToAll(hub), url = `coap://127.0.0.1:${ports.coap}`;
    await coap("post", `${url}/pubsub`, ...given(named("a", { 6: 2 })));
    await mosquitto(ports.mqtt, "a", "-r", "-m", "1");
    await using first = coapObserver(`${url}/ps/a`);
    await first.linesFrom(0, 1);
    await using second = coapObserver(`${url}/ps/a`);
    await second.linesFrom(0, 1);
    await using third = coapObserver(`${url}/ps/a`);
    await third.linesFrom(0, 1);
    await mosquitto(ports.mqtt, "a", "-r", "-m", "2");
    await first.linesFrom(1, 1);
    await second.linesFrom(1, 1);
    await coap("ipatch", `${url}/pubsub/a`, ...given({ 6: 1 }));
    await second.complains("4.04");
    await mosquitto(ports.mqtt, "a", "-r", "-m", "3");
    await first.linesFrom(2, 1);
    assert.deepEqual(first.lines, ["1", "2", "3"]);
    // It was not observing.
    assert.deepEqual(third.lines.filter((line) => line !== ""), ["1"]);
  },
);
