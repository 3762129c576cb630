import assert from "node:assert/strict";
import { mqttClient } from "../../actors/clients/mqtt_client.ts";
import type { ConnackPacket, MqttClient, PublishPacket } from "../../actors/clients/npm_mqtt.d.ts";
import { gateway, http, mqtt, tcp, tls } from "../../mod.ts";
import { certificates, hasOpenssl, orSkipped } from "../transports/tls/certificates.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** A gateway on free ports: what each scheme is to be dialled with. */
async function everyDoor() {
  const hub = gateway();
  const port = async (listening: { ready: Promise<{ port: number }> }) =>
    (await listening.ready).port;
  const urls: Record<string, string> = {
    mqtt: `mqtt://127.0.0.1:${await port(hub.listen(tcp({ port: 0 }), mqtt()))}`,
    ws: `ws://127.0.0.1:${await port(hub.listen(tcp({ port: 0 }), http()))}/mqtt`,
  };
  if (hasOpenssl) {
    const identity = { port: 0, ...certificates().server };
    urls.mqtts = `mqtts://localhost:${await port(hub.listen(tls(identity), mqtt()))}`;
    urls.wss = `wss://localhost:${await port(hub.listen(tls(identity), http()))}/mqtt`;
  }
  return { hub, urls, [Symbol.asyncDispose]: () => hub.stop() };
}

function message(client: MqttClient): Promise<PublishPacket> {
  return new Promise((resolve) => client.once("message", (_topic, _payload, it) => resolve(it)));
}

async function connect(client: MqttClient): Promise<ConnackPacket> {
  const come = new Promise<ConnackPacket>((resolve) => client.once("connect", resolve));
  client.connect();
  return await come;
}

async function connected(url: string, protocolVersion: 4 | 5, options = {}) {
  const ca = url.includes("s://") && hasOpenssl ? certificates().ca : undefined;
  const client = await mqttClient({ url, tls: { ca } }, { protocolVersion, ...options }, () => {});
  await connect(client);
  return { client, [Symbol.asyncDispose]: () => client.endAsync() };
}

for (const scheme of ["mqtt", "ws", "mqtts", "wss"]) {
  for (const version of [4, 5] as const) {
    const needsTls = scheme.endsWith("s") && scheme !== "ws";
    const name = `npm:mqtt by ${scheme}: in version ${version} publishes and receives at each QoS` +
      (needsTls ? orSkipped : "");
    Deno.test({
      name,
      ignore: needsTls && !hasOpenssl,
      ...strict,
      fn: () => talk(scheme, version),
    });
  }
}

async function talk(scheme: string, version: 4 | 5): Promise<void> {
  await using doors = await everyDoor();
  const url = doors.urls[scheme]!;
  await using sender = await connected(url, version);
  await using receiver = await connected(url, version);
  await sender.client.publishAsync("room/state", "stored", { qos: 1, retain: true });
  const got: string[] = [];
  const all = Promise.withResolvers<void>();
  const large = "x".repeat(300_000);
  receiver.client.on("message", (topic: string, payload: Uint8Array, packet: PublishPacket) => {
    got.push(`${topic} ${payload.length} ${packet.qos} ${packet.retain}`);
    if (got.length === 5) all.resolve();
  });
  await receiver.client.subscribeAsync("room/#", { qos: 2 });
  for (const qos of [0, 1, 2] as const) {
    await sender.client.publishAsync("room/event", `${qos}`, { qos });
  }
  await sender.client.publishAsync("room/large", large, { qos: 2 });
  await all.promise;
  assert.deepEqual(got, [
    "room/state 6 1 true",
    "room/event 1 0 false",
    "room/event 1 1 false",
    "room/event 1 2 false",
    "room/large 300000 2 false",
  ]);
}

Deno.test("npm:mqtt in version 5 sees properties arrive as they were sent", strict, async () => {
  await using doors = await everyDoor();
  await using sender = await connected(doors.urls.mqtt!, 5);
  await using receiver = await connected(doors.urls.mqtt!, 5);
  const properties = {
    payloadFormatIndicator: true,
    contentType: "text/plain",
    responseTopic: "back/to/me",
    correlationData: new Uint8Array([1, 2, 3]),
    userProperties: { colour: ["red", "blue"], size: "7" },
  };
  const came = message(receiver.client);
  await receiver.client.subscribeAsync("a", {
    qos: 1,
    properties: { subscriptionIdentifier: 9 },
  });
  await sender.client.publishAsync("a", "hello", { qos: 1, properties });
  const { properties: arrived } = await came;
  assert.equal(arrived?.contentType, "text/plain");
  assert.equal(arrived?.responseTopic, "back/to/me");
  assert.deepEqual([...arrived!.correlationData!], [1, 2, 3]);
  assert.deepEqual({ ...arrived?.userProperties }, { colour: ["red", "blue"], size: "7" });
  assert.equal(arrived?.subscriptionIdentifier, 9);
});

Deno.test("npm:mqtt finds its session again, with what came meanwhile", strict, async () => {
  await using doors = await everyDoor();
  const options = { clientId: "keeper", clean: false, properties: { sessionExpiryInterval: 60 } };
  for (const version of [4, 5] as const) {
    const mine = { ...options, clientId: `keeper-${version}` };
    const first = await connected(doors.urls.mqtt!, version, mine);
    await first.client.subscribeAsync("night/#", { qos: 1 });
    await first.client.endAsync();
    doors.hub.publish("night/1", "owl", { qos: 1 });
    const client = await mqttClient({ url: doors.urls.mqtt! }, {
      ...mine,
      protocolVersion: version,
    }, () => {});
    const came = message(client);
    assert.equal((await connect(client)).sessionPresent, true);
    assert.equal(String((await came).payload), "owl");
    await client.endAsync();
  }
});

Deno.test({
  name: `npm:mqtt is not fooled by a certificate for another name${orSkipped}`,
  ignore: !hasOpenssl,
  ...strict,
  async fn() {
    await using doors = await everyDoor();
    const { ca } = certificates();
    for (const tls of [{}, { ca, servername: "example.org" }]) {
      const failed = Promise.withResolvers<Error>();
      const client = await mqttClient({ url: doors.urls.mqtts!, tls }, {}, failed.resolve);
      client.on("error", () => {});
      client.connect();
      assert.match((await failed.promise).message, /^Cannot secure /);
      await client.endAsync(true);
    }
    const insecure = { ca: undefined, rejectUnauthorized: false };
    const client = await mqttClient({ url: doors.urls.mqtts!, tls: insecure }, {}, () => {});
    await connect(client);
    await client.endAsync();
  },
});
