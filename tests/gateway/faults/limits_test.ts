import assert from "node:assert/strict";
import { Option } from "../../../protocols/coap/messages/option_bytes.ts";
import { Options, uint } from "../../../protocols/coap/messages/options.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { settle } from "../../actors/fakes.ts";
import { connectPacket } from "../../interop/mqtt_client.ts";
import { testWith } from "../../interop/programs.ts";
import { brief, request } from "../../protocols/coap/fake_datagrams.ts";
import { hex } from "../../protocols/fakes.ts";
import { frame, lines, sample } from "../../protocols/websocket/peer.ts";
import { Lab } from "../lab.ts";

const MiB = 1 << 20;
const upgrade = "GET /topics/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n" +
  `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${sample.key}\r\n\r\n`;

/** A packet of MQTT 5 in short. */
function shown(packet: Packet): string {
  const reason = "reason" in packet ? packet.reason : "reasons" in packet ? packet.reasons[0]! : 0;
  return `${packet.type} 0x${reason.toString(16)}`;
}

testWith([], "An MQTT packet longer than the limit is refused at its header", async () => {
  await using lab = await Lab.open();
  const client = await lab.mqtt({ clientId: "large", version: 5 });
  // PUBLISH of 1 MiB + 1 byte, of which nothing more has come.
  await client.sendBytes(hex("30 fe ff 3f"));
  assert.equal(shown(await client.next()), "disconnect 0x95");
  await client.ended;
  const old = await lab.mqtt({ clientId: "large and old" });
  await old.sendBytes(hex("30 fe ff 3f"));
  await old.ended;
  assert.equal(old.packets.length, 1);
  await lab.isQuiet();
});

testWith([], "A CONNECT longer than the limit is refused at its header", async () => {
  await using lab = await Lab.open();
  for (const to of ["mqtt", "any"] as const) {
    const raw = lab.raw(to);
    await raw.send(hex("10 ff ff ff 7f"));
    await raw.ended();
  }
  await lab.isQuiet();
});

testWith([], "An MQTT packet of exactly the limit is taken", async () => {
  await using lab = await Lab.open();
  const client = await lab.mqtt({ clientId: "exact" });
  const [follower, topic] = [await lab.mqtt({ clientId: "follower" }), "t"];
  await follower.subscribe(topic, 1);
  // 1 byte of type, 3 of length, 2 + 1 of topic, 2 of packet identifier.
  const payload = new Uint8Array(MiB - 9).fill(7);
  const packetId = await client.publish(topic, payload, 1);
  assert.deepEqual(await client.next(), {
    type: "puback",
    packetId,
    reason: 0,
    properties: undefined,
  });
  const packet = await follower.next();
  assert.equal(packet.type, "publish");
  assert.deepEqual(packet.payload, payload);
  await client.close();
  await follower.close();
  await lab.isQuiet();
});

/** Requests that are too large, and what they are answered. */
const requests: [string, string, RegExp][] = [
  ["1 MiB of header in one field", `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(MiB)}`, /^431 /],
  ["1 MiB of header in many fields", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(MiB / 6)}`, /^431 /],
  ["a request line of 1 MiB", `GET /${"x".repeat(MiB)}`, /^414 /],
  ["a method of 1 MiB", "X".repeat(MiB), /^(400|414|501) /],
  [
    "a body of more than 1 MiB",
    `POST /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: ${MiB + 1}\r\n\r\n`,
    /^413 /,
  ],
  [
    "a chunk of more than 1 MiB",
    `POST /topics/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n100001\r\n${
      "x".repeat(MiB + 1)
    }\r\n0\r\n\r\n`,
    /^413 /,
  ],
];

for (const to of ["http", "any"] as const) {
  for (const [what, text, answer] of requests) {
    testWith([], `A listener for ${to}: refuses ${what}`, async () => {
      await using lab = await Lab.open();
      const raw = lab.raw(to);
      const sending = raw.send(text).catch(() => {});
      const status = await raw.rest();
      assert.match(status.replace(/^HTTP\/1\.1 /, ""), answer);
      assert.match(status, /connection: close/i);
      await lab.isQuiet();
      await sending;
    });
  }
}

testWith(
  [],
  "A WebSocket message longer than the limit is refused at its header with 1009",
  async () => {
    await using lab = await Lab.open();
    const raw = lab.raw("http");
    await raw.send(upgrade);
    await raw.until("\r\n\r\n");
    await raw.send(frame(2, new Uint8Array(MiB + 1)).subarray(0, 14));
    await raw.ended();
    assert.match(lines(raw.bytes).at(-1)!, /^close 1009/);
    await lab.isQuiet();
  },
);

testWith(
  [],
  "A WebSocket message longer than the limit in fragments is refused with 1009",
  async () => {
    await using lab = await Lab.open();
    const raw = lab.raw("http");
    await raw.send(upgrade);
    await raw.until("\r\n\r\n");
    const piece = new Uint8Array(MiB / 4 + 1);
    await raw.send(frame(2, piece, { final: false }));
    for (let count = 0; count < 3; count++) {
      await raw.send(frame(0, piece, { final: false })).catch(() => {});
    }
    await raw.ended();
    assert.match(lines(raw.bytes).at(-1)!, /^close 1009/);
    await lab.isQuiet();
  },
);

testWith([], "A CoAP body that is larger than maxPacketBytes is refused with 4.13", async () => {
  await using lab = await Lab.open();
  const client = lab.coap();
  const put = (length: number, ...options: Option[]) =>
    client.ask(request(3, "/topics/a", { payload: new Uint8Array(length), options }));
  assert.equal(brief(await put(1_152)), "2.01");
  assert.equal(brief(await put(60_000)), "2.04");
  // The first of the blocks says already how much there is to be.
  const first = new Option(Options.block1, uint(8 + 6));
  assert.equal(brief(await put(1_024, first, new Option(Options.size1, uint(1 << 20)))), "2.31");
  assert.equal(
    brief(await put(1_024, first, new Option(Options.size1, uint(1 + (1 << 20))))),
    "4.13",
  );
  assert.equal(lab.hub.retained("a")!.payload.length, 60_000);
  client.port.close();
  await lab.isQuiet();
});

testWith([], "Half a CONNECT that the client gives up leaves nothing", async () => {
  await using lab = await Lab.open();
  const packet = encode(connectPacket({ clientId: "half" }), 4)!;
  for (let at = 1; at < packet.length; at++) {
    const raw = lab.raw("mqtt");
    await raw.send(packet.subarray(0, at));
    await settle();
    raw.close();
  }
  await lab.isQuiet();
});
