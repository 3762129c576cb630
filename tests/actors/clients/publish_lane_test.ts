import assert from "node:assert/strict";
import type { MqttClient, Packet } from "../../../actors/clients/npm_mqtt.d.ts";
import { PublishLane } from "../../../actors/clients/publish_lane.ts";
import type { UpstreamMessage } from "../../../actors/bridge/upstream.ts";

/** As much of npm:mqtt as the lane touches. */
class FakeClient {
  connected = true;
  options = { protocolVersion: 5 as 4 | 5 };
  outgoing: MqttClient["outgoing"] = {};
  readonly stored: Packet[] = [];
  readonly written: string[] = [];
  readonly outgoingStore = { put: (packet: Packet) => this.stored.push(packet) };
  readonly stream = {
    write: (bytes: Uint8Array) => this.written.push(bytes.toHex()) > 0,
  };
  ids = 0;
  readonly messageIdProvider = { allocate: () => this.ids < 2 ? ++this.ids : null };
}

function lane(client: FakeClient): PublishLane {
  return new PublishLane(client as unknown as MqttClient);
}

function message(qos: 0 | 1 | 2, payload = "x"): UpstreamMessage {
  return { topic: "a", payload: new TextEncoder().encode(payload), qos, retain: false };
}

Deno.test("PublishLane writes what comes in one turn at once, in its order", async () => {
  const client = new FakeClient(), way = lane(client);
  let settled = 0;
  assert.equal(way.publish(message(0), () => settled++), true);
  assert.equal(way.publish(message(1, "y"), () => settled++), true);
  assert.equal(way.queuedBytes, 7 + 9);
  assert.deepEqual(client.written, []);
  await Promise.resolve();
  assert.deepEqual(client.written, [
    "3005000161" + "00" + "78" + "3207000161" + "0001" + "00" + "79",
  ]);
  assert.deepEqual([way.queuedBytes, settled], [0, 1]);
  client.outgoing[1]!.cb();
  assert.equal(settled, 2);
});

Deno.test("PublishLane leaves what is not acknowledged where npm:mqtt sends it again", () => {
  const client = new FakeClient();
  client.options.protocolVersion = 4;
  lane(client).publish(message(2), () => {});
  assert.deepEqual(client.stored.map(({ cmd, messageId }) => ({ cmd, messageId })), [
    { cmd: "publish", messageId: 1 },
  ]);
  assert.equal(client.outgoing[1]!.cmd, "publish");
});

Deno.test("PublishLane refuses what it cannot say, and what finds no packet identifier", () => {
  const client = new FakeClient(), way = lane(client);
  assert.equal(way.publish({ ...message(0), topic: "a".repeat(70_000) }, () => {}), false);
  assert.equal(way.publish(message(1), () => {}), true);
  assert.equal(way.publish(message(1), () => {}), true);
  assert.equal(way.publish(message(1), () => {}), false);
});

Deno.test("PublishLane writes large messages whole, and nothing to a stream that has ended", async () => {
  const client = new FakeClient(), way = lane(client);
  way.publish(message(0), () => {});
  way.publish(message(0, "z".repeat(70_000)), () => {});
  way.publish(message(0), () => {});
  await Promise.resolve();
  assert.deepEqual(client.written.map((hex) => hex.length / 2), [7, 70_008, 7]);
  way.publish(message(0), () => {});
  client.connected = false;
  await Promise.resolve();
  assert.equal(client.written.length, 3);
});
