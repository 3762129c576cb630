import assert from "node:assert/strict";
import { BridgeEnd } from "../../../actors/bridge/bridge_end.ts";
import { bridgeDefaults } from "../../../actors/bridge/bridge_options.ts";
import { BridgeOutput } from "../../../actors/bridge/bridge_output.ts";
import type { Upstream, UpstreamMessage } from "../../../actors/bridge/upstream.ts";
import { Log } from "../../../actors/log.ts";
import { Space } from "../../../actors/space/space.ts";
import { Publication } from "../../../protocols/publication.ts";

/** A bridge that sends stored values of these lengths, and what its upstream has not settled. */
function sending(sizes: readonly number[], maxQueuedBytes: number) {
  const space = new Space(), log = new Log({ sink: () => {} });
  for (const [place, size] of sizes.entries()) {
    space.publish(
      new Publication(`s/${place}`, new Uint8Array(size), { qos: 1, retain: true, time: 0 }),
    );
  }
  const routes = [{ filter: "s/#", direction: "out" as const, qos: 1 as const }];
  const limits = { ...bridgeDefaults, maxQueuedBytes };
  const end = new BridgeEnd({ name: "up", url: "mqtt://up", routes }, limits, space);
  const session = {
    version: "5",
    present: false,
    receiveMaximum: 10,
    maximumPacketBytes: Infinity,
    maximumQos: 2,
    retainAvailable: true,
  } as const;
  end.session = session;
  const sent: string[] = [], settle: (() => void)[] = [];
  const upstream = {
    queuedBytes: 0,
    publish({ topic }: UpstreamMessage, settled: () => void) {
      sent.push(topic);
      settle.push(settled);
    },
  } as unknown as Upstream;
  const output = new BridgeOutput(upstream, end, { session, storedToo: true, log });
  end.wake = () => output.pump();
  output.pump();
  return { space, end, sent, settle };
}

Deno.test("A bridge sends a stored value for which there was no room once there is", () => {
  const { sent, settle } = sending([5_000, 5_000, 5_000], 11_000);
  assert.deepEqual(sent, ["s/0", "s/1"]);
  settle.shift()!();
  assert.deepEqual(sent, ["s/0", "s/1", "s/2"]);
});

Deno.test("A bridge sends no stored value that had to wait after a newer one of its topic", () => {
  const { space, sent, settle } = sending([5_000, 5_000, 5_000], 11_000);
  space.publish(new Publication("s/2", new Uint8Array(1), { qos: 1, retain: true, time: 0 }));
  assert.deepEqual(sent, ["s/0", "s/1", "s/2"]);
  for (const each of settle) each();
  assert.deepEqual(sent, ["s/0", "s/1", "s/2"]);
});

Deno.test("A bridge leaves out a stored value for which there is never room", () => {
  const { end, sent } = sending([50, 50_000, 50], 11_000);
  assert.deepEqual(sent, ["s/0"]);
  end.queue.rewind();
  end.queue.clear();
  end.wake();
  assert.deepEqual([sent, end.dropped], [["s/0", "s/2"], 1]);
});
