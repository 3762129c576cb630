import assert from "node:assert/strict";
import { gateway } from "../../mod.ts";
import { everyByte, everyByteFile } from "./every_byte.ts";
import { followings } from "./followers.ts";
import { listenToAll } from "./listeners.ts";
import { testWith } from "./programs.ts";
import { publishers } from "./publishers.ts";

const begun = new TextEncoder().encode("begun"), over = new TextEncoder().encode("over");

for (const [from, publisher] of Object.entries(publishers)) {
  for (const [to, following] of Object.entries(followings)) {
    const needs = [...publisher.needs, ...following.needs];
    testWith(needs, `${from} publishes, ${to} subscribes, every byte arrives once`, async () => {
      await using hub = gateway();
      const ports = await listenToAll(hub);
      await using file = await everyByteFile();
      const topic = `from/${from}/to/${to}`;
      // The stored value comes first: once it is there, what is published will be, too.
      hub.publish(topic, begun, { retain: true });
      await using follower = await following.follow(ports, topic);
      assert.deepEqual(await follower.received(begun.length), begun);
      await publisher.publish(ports, topic, file.path);
      const message = [...begun, ...everyByte];
      assert.deepEqual([...await follower.received(message.length)], message);
      // Whatever was sent twice would be here before the end.
      assert.equal(hub.publish(topic, over, { qos: 1 }), "accepted");
      const all = [...message, ...over];
      assert.deepEqual([...await follower.received(all.length)], all);
    });
  }
}
