import assert from "node:assert/strict";
import { decode } from "../../../../protocols/mqtt/packets/decode.ts";
import type { Publish, Version } from "../../../../protocols/mqtt/packets/packet.ts";
import { publishPacket } from "../../../../protocols/mqtt/packets/publish_packet.ts";
import { Delivery, Publication } from "../../../../protocols/publication.ts";
import { bytes } from "../../fakes.ts";

function decoded(packet: Uint8Array, version: Version): Publish {
  const [found, length] = decode(packet, version, 1 << 28)!;
  assert.equal(length, packet.length);
  assert.ok(found.type === "publish");
  return found;
}

const now = 0;

Deno.test("publishPacket() writes each subscriber's own into bytes that all share", () => {
  const publication = new Publication("a/é", bytes("payload"));
  for (const version of [3, 4, 5] as const) {
    const template = publishPacket(new Delivery(publication, 1, false, undefined), version, {
      packetId: 1,
      dup: false,
      now,
    });
    for (const [qos, packetId, dup] of [[1, 7, false], [2, 65_535, true], [1, 1, true]] as const) {
      const delivery = new Delivery(publication, qos, false, undefined);
      const packet = publishPacket(delivery, version, { packetId, dup, now });
      assert.equal(packet, template);
      assert.deepEqual(decoded(packet, version), {
        type: "publish",
        topic: "a/é",
        payload: bytes("payload"),
        qos,
        retain: false,
        dup,
        packetId,
        properties: undefined,
      });
    }
    const plain = publishPacket(new Delivery(publication, 0, false, undefined), version, {
      packetId: 0,
      dup: false,
      now,
    });
    assert.equal(decoded(plain, version).packetId, 0);
  }
});

Deno.test("publishPacket() counts the message expiry down behind properties of any length", () => {
  for (const size of [0, 1, 200, 20_000]) {
    const publication = new Publication("t", bytes("x"), {
      time: 1_000,
      contentType: size > 0 ? "c".repeat(size) : undefined,
      properties: { expirySeconds: 100_000, userProperties: [["k", "v"]] },
    });
    for (const qos of [0, 1] as const) {
      const delivery = new Delivery(publication, qos, false, undefined);
      for (const [time, left] of [[1_000, 100_000], [61_999, 99_940], [200_000_000, 0]]) {
        const packet = publishPacket(delivery, 5, { packetId: qos, dup: false, now: time! });
        const { properties, payload } = decoded(packet, 5);
        assert.equal(properties?.messageExpiry, left);
        assert.equal(properties?.contentType?.length ?? 0, size);
        assert.deepEqual(payload, bytes("x"));
      }
    }
  }
});

Deno.test("publishPacket() sends stored messages without leaving bytes behind", () => {
  const publication = new Publication("t", bytes("x"), { retain: true });
  const delivery = new Delivery(publication, 0, true, undefined);
  const first = publishPacket(delivery, 4, { packetId: 0, dup: false, now });
  assert.notEqual(publishPacket(delivery, 4, { packetId: 0, dup: false, now }), first);
  assert.equal(decoded(first, 4).retain, true);
});

Deno.test("publishPacket() is empty where MQTT cannot say it", () => {
  const empty = (publication: Publication, version: Version) =>
    publishPacket(new Delivery(publication, 0, false, undefined), version, {
      packetId: 0,
      dup: false,
      now,
    }).length === 0;
  const payload = bytes("x");
  const long = "é".repeat(40_000);
  assert.ok(empty(new Publication(long, payload), 4));
  assert.ok(!empty(new Publication("é", payload), 4));
  assert.ok(empty(new Publication("t", payload, { contentType: long }), 5));
  assert.ok(!empty(new Publication("t", payload, { contentType: long }), 4));
});
