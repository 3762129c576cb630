import assert from "node:assert/strict";
import { gateway } from "../../mod.ts";
import { decode } from "../../protocols/mqtt/packets/decode.ts";
import { encode } from "../../protocols/mqtt/packets/encode.ts";
import { Child, run } from "./child.ts";
import { listenToAll } from "./listeners.ts";
import { connectPacket, dialMqtt } from "./mqtt_client.ts";
import { eventually } from "./patience.ts";
import { program, testWith } from "./programs.ts";
import { openWebSocket } from "./websocket.ts";

const both = ["mosquitto_pub", "mosquitto_sub"] as const;

/** `mosquitto_sub`, which prints one line for each message. */
function sub(port: number, ...args: string[]): Child {
  return new Child(program("mosquitto_sub"), ["-p", `${port}`, ...args]);
}

async function pub(port: number, ...args: string[]): Promise<void> {
  await run(program("mosquitto_pub"), "-p", `${port}`, ...args);
}

for (const version of ["mqttv31", "mqttv311", "mqttv5"]) {
  for (const qos of ["0", "1", "2"]) {
    testWith(
      both,
      `mosquitto clients exchange messages with ${version} at QoS ${qos}`,
      async () => {
        await using hub = gateway();
        const { mqtt } = await listenToAll(hub);
        hub.publish("from/here", "begun", { retain: true, qos: 2 });
        const how = ["-V", version, "-q", qos];
        await using follower = sub(mqtt, ...how, "-t", "from/#", "-F", "%t %q %r %p");
        assert.deepEqual(await follower.linesFrom(0, 1), [`from/here ${qos} 1 begun`]);
        const messages = Array.from({ length: 200 }, (_, number) => `message ${number}`);
        await using publisher = new Child(
          program("mosquitto_pub"),
          ["-p", `${mqtt}`, ...how, "-t", "from/there", "-l"],
        );
        await publisher.write(messages.map((message) => `${message}\n`).join(""));
        await publisher.closeInput();
        assert.equal((await publisher.ended()).code, 0);
        assert.deepEqual(
          await follower.linesFrom(1, messages.length),
          messages.map((message) => `from/there ${qos} 0 ${message}`),
        );
      },
    );
  }
}

testWith(
  both,
  "What a mosquitto client missed while it was away comes when it is back",
  async () => {
    await using hub = gateway();
    const { mqtt } = await listenToAll(hub);
    const how = ["-i", "sometimes", "-c", "-q", "1", "-t", "news"];
    await using first = sub(mqtt, ...how);
    await eventually("the subscription", () => hub.publish("news", "1", { qos: 1 }) === "accepted");
    assert.deepEqual(await first.linesFrom(0, 1), ["1"]);
    first.kill("SIGTERM");
    await first.ended();
    for (const text of ["2", "3"]) await pub(mqtt, "-t", "news", "-q", "1", "-m", text);
    await using second = sub(mqtt, ...how);
    assert.deepEqual(await second.linesFrom(0, 2), ["2", "3"]);
  },
);

testWith(
  both,
  "The will of a mosquitto client that is killed is published, of one that leaves not",
  async () => {
    await using hub = gateway();
    const { mqtt } = await listenToAll(hub);
    const wills: string[] = [];
    hub.subscribe("wills/+who", (message, { who }) => void wills.push(`${who} ${message.text()}`));
    for (const [who, signal] of [["polite", "SIGTERM"], ["killed", "SIGKILL"]] as const) {
      const will = ["--will-topic", `wills/${who}`, "--will-payload", "gone", "--will-qos", "1"];
      await using client = sub(mqtt, "-i", who, "-t", who, ...will);
      await eventually("the subscription", () => hub.publish(who, "hello") === "accepted");
      await client.linesFrom(0, 1);
      client.kill(signal);
      await client.ended();
    }
    await eventually("the will", () => wills.length > 0);
    assert.deepEqual(wills, ["killed gone"]);
  },
);

testWith(
  ["mosquitto_sub"],
  "A second client of the same name takes the first one's place",
  async () => {
    await using hub = gateway();
    const { mqtt } = await listenToAll(hub);
    const first = await dialMqtt(mqtt, { clientId: "twin", version: 5 });
    await using second = sub(mqtt, "-i", "twin", "-t", "a");
    const goodbye = await first.next();
    assert.deepEqual([goodbye.type, (goodbye as { reason: number }).reason], ["disconnect", 0x8e]);
    await first.ended;
    await eventually("the subscription", () => hub.publish("a", "yours") === "accepted");
    assert.deepEqual(await second.linesFrom(0, 1), ["yours"]);
  },
);

testWith([], "MQTT in a WebSocket, as browsers speak it", async () => {
  await using hub = gateway();
  const { http } = await listenToAll(hub);
  const { socket, closed, messages } = await openWebSocket(`ws://127.0.0.1:${http}/mqtt`, "mqtt");
  assert.equal(socket.protocol, "mqtt");
  const request = { filter: "a/+", qos: 1, noLocal: false, retainAsPublished: false } as const;
  const filters = [{ ...request, retainHandling: 0 as const }];
  const connect = encode(connectPacket({ clientId: "page" }), 4)!;
  const subscribe = encode({ type: "subscribe", packetId: 1, filters, properties: undefined }, 4)!;
  // Packets and frames need not agree (MQTT 5.0 §6).
  const both = new Uint8Array([...connect, ...subscribe]);
  for (const at of [0, 5, 9]) socket.send(both.slice(at, at === 0 ? 5 : at === 5 ? 9 : undefined));
  await eventually(
    "the subscription",
    () => hub.publish("a/b", "hello", { qos: 1 }) === "accepted",
  );
  const types = () => {
    const bytes = new Uint8Array(messages.flatMap((frame) => [...frame]));
    const found: string[] = [];
    for (let at = 0; at < bytes.length;) {
      const [packet, length] = decode(bytes.subarray(at), 4, 1 << 20)!;
      found.push(packet.type);
      at += length;
    }
    return found;
  };
  await eventually("three packets", () => types().length === 3);
  assert.deepEqual(types(), ["connack", "suback", "publish"]);
  socket.close();
  await closed;
});
