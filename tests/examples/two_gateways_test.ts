import assert from "node:assert/strict";
import { mqttClient } from "../../actors/clients/mqtt_client.ts";
import { site } from "../../examples/two_gateways.ts";
import { hasMosquitto, Mosquitto, orSkipped } from "../interop/mosquitto.ts";

const MESSAGES = 300;

Deno.test({
  name: "Two gateways on one backbone lose and double nothing while it is restarted" + orSkipped,
  ignore: !hasMosquitto,
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    await using backbone = await Mosquitto.start();
    const north = await site("north", backbone.url), south = await site("south", backbone.url);
    await using _north = north.hub, _south = south.hub;
    await Promise.all([north.online, south.online]);

    const got: number[] = [];
    const all = Promise.withResolvers<void>();
    const url = `mqtt://127.0.0.1:${south.mqttPort}`;
    const client = await mqttClient({ url }, {}, all.reject);
    client.on("message", (_topic, payload) => {
      got.push(Number(payload.toString()));
      if (got.includes(MESSAGES - 1)) all.resolve();
    });
    const connected = new Promise<unknown>((resolve) => client.once("connect", resolve));
    client.connect();
    await connected;
    await client.subscribeAsync("line/7/count", { qos: 2 });

    const topic = `http://127.0.0.1:${north.httpPort}/topics/line/7/count?qos=1`;
    for (let i = 0; i < MESSAGES; i++) {
      // Each of these while messages are on their way.
      if (i === 100) backbone.stop();
      if (i === 150) await backbone.stop();
      if (i === 200) await backbone.start();
      const { status, body } = await fetch(topic, { method: "POST", body: `${i}` });
      await body?.cancel();
      assert.equal(status, 204);
    }
    await all.promise;
    await client.endAsync();
    assert.deepEqual(got, Array.from({ length: MESSAGES }, (_, i) => i));
  },
});
