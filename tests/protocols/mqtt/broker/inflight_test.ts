import assert from "node:assert/strict";
import { Inflight } from "../../../../protocols/mqtt/broker/inflight.ts";
import { Delivery, Publication } from "../../../../protocols/publication.ts";

const delivery = new Delivery(new Publication("t", new Uint8Array(0)), 1, false, undefined);

Deno.test("Inflight numbers messages from 1 and finds them", () => {
  const inflight = new Inflight();
  assert.equal(inflight.get(1), undefined);
  assert.deepEqual([1, 2, 3].map(() => inflight.add(delivery).packetId), [1, 2, 3]);
  assert.equal(inflight.get(2)?.packetId, 2);
  assert.equal(inflight.get(10), undefined);
  inflight.remove(inflight.get(2)!);
  assert.equal(inflight.get(2), undefined);
  assert.equal(inflight.size, 2);
});

Deno.test("Inflight goes round through all identifiers and never gives 0", () => {
  const inflight = new Inflight();
  for (let round = 0; round < 200_000; round++) {
    const unsettled = inflight.add(delivery);
    assert.equal(unsettled.packetId, round % 65_535 + 1);
    inflight.remove(unsettled);
  }
});

Deno.test("Inflight passes over identifiers that are taken", () => {
  const inflight = new Inflight();
  const taken = inflight.add(delivery);
  const seen = new Set([taken.packetId]);
  for (let round = 0; round < 40_000; round++) {
    const { packetId } = inflight.add(delivery);
    assert.ok(!seen.has(packetId));
    seen.add(packetId);
  }
  for (const packetId of seen) if (packetId % 3 > 0) inflight.remove(inflight.get(packetId)!);
  for (let round = 0; round < 40_000; round++) {
    const { packetId } = inflight.add(delivery);
    assert.ok(packetId >= 1 && packetId <= 65_535);
  }
  assert.equal(new Set(inflight.inOrder().map((each) => each.packetId)).size, inflight.size);
});

Deno.test("Inflight tells the order of sending even where the identifiers went round", () => {
  const inflight = new Inflight();
  for (let round = 0; round < 65_530; round++) inflight.remove(inflight.add(delivery));
  for (let round = 0; round < 10; round++) inflight.add(delivery);
  inflight.remove(inflight.get(65_533)!);
  const expected = [65_531, 65_532, 65_534, 65_535, 1, 2, 3, 4, 5];
  assert.deepEqual(inflight.inOrder().map((each) => each.packetId), expected);
  inflight.clear();
  assert.deepEqual(inflight.inOrder(), []);
});
