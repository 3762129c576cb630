import assert from "node:assert/strict";
import type { Packet } from "../../../protocols/mqtt/packets/packet.ts";
import { testWith } from "../../interop/programs.ts";
import { brief, request } from "../../protocols/coap/fake_datagrams.ts";
import { bytes } from "../../protocols/fakes.ts";
import { sample, text } from "../../protocols/websocket/peer.ts";
import { Lab } from "../lab.ts";

/** 65,535 bytes, the most that MQTT can say, in 30,000 levels. */
const deep = `${"/".repeat(29_999)}${"x".repeat(65_535 - 29_999)}`;

function shown(packet: Packet): string {
  const reason = "reason" in packet ? packet.reason : "reasons" in packet ? packet.reasons[0]! : 0;
  return `${packet.type} 0x${reason.toString(16)}`;
}

testWith([], "MQTT 5 refuses a topic of 30,000 levels with its reason", async () => {
  await using lab = await Lab.open();
  for (const qos of [0, 1, 2] as const) {
    const client = await lab.mqtt({ clientId: "deep", version: 5 });
    await client.publish(deep, "x", qos);
    assert.equal(shown(await client.next()), "disconnect 0x90");
    await client.ended;
  }
  await lab.isQuiet();
});

testWith([], "MQTT 3.1.1 hangs up at a topic of 30,000 levels", async () => {
  await using lab = await Lab.open();
  const client = await lab.mqtt({ clientId: "deep" });
  await client.publish(deep, "x", 1);
  await client.ended;
  assert.equal(client.packets.length, 1);
  await lab.isQuiet();
});

testWith([], "MQTT refuses a filter of 30,000 levels and goes on", async () => {
  await using lab = await Lab.open();
  for (const [version, failure] of [[4, 0x80], [5, 0x8f]] as const) {
    const client = await lab.mqtt({ clientId: "deep", version });
    for (const filter of [deep, `${deep.slice(0, -2)}/#`, deep.replace("x", "+")]) {
      assert.deepEqual(await client.subscribe(filter, 1), [failure]);
    }
    await client.ping();
    await client.close();
  }
  await lab.isQuiet();
});

testWith([], "MQTT refuses a will whose topic has 30,000 levels", async () => {
  await using lab = await Lab.open();
  const payload = bytes("gone");
  const will = { topic: deep, payload, qos: 0 as const, retain: false, properties: undefined };
  const client = lab.stranger(5);
  assert.equal((await client.introduce({ clientId: "deep", version: 5, will })).reason, 0x90);
  await client.ended;
  await lab.isQuiet();
});

testWith(
  [],
  "HTTP refuses a topic of 30,000 levels, in one request line or in a path that fits",
  async () => {
    await using lab = await Lab.open();
    const paths: [string, RegExp][] = [
      [deep, /^HTTP\/1\.1 414 /],
      ["a/".repeat(3_000), /^HTTP\/1\.1 400 /],
    ];
    for (const method of ["GET", "PUT", "POST", "DELETE"]) {
      for (const [path, answer] of paths) {
        const raw = lab.raw("http");
        const length = method.startsWith("P") ? "Content-Length: 1\r\n\r\nx" : "\r\n";
        const fields = `Host: localhost\r\nConnection: close\r\n${length}`;
        await raw.send(`${method} /topics/${path} HTTP/1.1\r\n${fields}`);
        assert.match(await raw.rest(), answer, `${method} of ${path.length} bytes`);
      }
    }
    await lab.isQuiet();
  },
);

testWith(
  [],
  "A WebSocket of JSON says that a topic of 30,000 levels is wrong, and goes on",
  async () => {
    await using lab = await Lab.open();
    const raw = lab.raw("http");
    await raw.send(
      "GET /topics/ HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${sample.key}\r\n` +
        "Sec-WebSocket-Protocol: json\r\n\r\n",
    );
    await raw.until("\r\n\r\n");
    const wishes = [{ op: "publish", payload: "x" }, { op: "subscribe" }, { op: "unsubscribe" }];
    for (const [id, wish] of wishes.entries()) {
      await raw.send(text(JSON.stringify({ ...wish, id, topic: deep })));
    }
    await raw.send(text(JSON.stringify({ op: "publish", id: 9, topic: "fine", payload: "x" })));
    const said = await raw.until('"id":9');
    assert.deepEqual(said.match(/"op":"\w+","id":\d/g), [
      '"op":"error","id":0',
      '"op":"error","id":1',
      '"op":"error","id":2',
      '"op":"ack","id":9',
    ]);
    raw.close();
    await lab.isQuiet();
  },
);

testWith([], "CoAP refuses a topic of more levels than the limit", async () => {
  await using lab = await Lab.open();
  const client = lab.coap();
  const path = `/topics/${"a/".repeat(128)}a`;
  for (const code of [1, 2, 3, 4]) {
    const answer = await client.ask(request(code, path, { payload: code === 1 ? "" : "x" }));
    assert.match(brief(answer), /^4\.0[02]$/, `code 0.0${code}`);
  }
  // As many options as bytes fit into a datagram.
  const answer = await client.ask(request(3, "/".repeat(30_000), { payload: "x" }));
  assert.match(brief(answer), /^(RST|4\.0[0-9])/);
  client.port.close();
  await lab.isQuiet();
});

testWith([], "The library refuses a topic of 30,000 levels with a TypeError", async () => {
  await using lab = await Lab.open();
  assert.throws(() => lab.hub.publish(deep, "x"), TypeError);
  assert.throws(() => lab.hub.subscribe(deep, () => {}), TypeError);
  await lab.isQuiet();
});
