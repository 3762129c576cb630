import assert from "node:assert/strict";
import { Option } from "../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../protocols/coap/messages/options.ts";
import { encode } from "../../../protocols/mqtt/packets/encode.ts";
import { settle } from "../../actors/fakes.ts";
import { connectPacket } from "../../interop/mqtt_client.ts";
import { testWith } from "../../interop/programs.ts";
import { brief, request } from "../../protocols/coap/fake_datagrams.ts";
import { bytes } from "../../protocols/fakes.ts";
import { lines, sample } from "../../protocols/websocket/peer.ts";
import { Lab } from "../lab.ts";
import { connections } from "../tree.ts";

const connect = encode(connectPacket({ clientId: "a client with a long name" }), 4)!;
const head = "GET /topics/a HTTP/1.1\r\nHost: localhost\r\n\r\n";
const post = "POST /topics/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n";
const upgrade = "GET /topics/a HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n" +
  `Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${sample.key}\r\n\r\n`;

/** Who says what one byte a second, when that must end, and what is answered. */
const dawdlers: [string, "mqtt" | "http" | "any", Uint8Array, endMs: number, answer: RegExp][] = [
  ["a CONNECT", "mqtt", connect, 10_000, /^$/],
  ["a request line and its header", "http", bytes(head), 10_000, /^HTTP\/1\.1 408 /],
  ["the handshake of a WebSocket", "http", bytes(upgrade), 10_000, /^HTTP\/1\.1 408 /],
  ["a CONNECT, where any protocol may come", "any", connect, 10_000, /^$/],
  ["a request, where any protocol may come", "any", bytes(head), 10_000, /^HTTP\/1\.1 408 /],
];

for (const [what, to, whole, endMs, answer] of dawdlers) {
  testWith([], `A client that sends ${what}, a byte a second, is cut off in time`, async () => {
    await using lab = await Lab.open();
    const raw = lab.raw(to);
    const passed = await lab.trickle(raw, whole.subarray(0, -1), 1_000);
    assert.ok(passed >= endMs && passed <= endMs + 2_000 + 1_000, `it took ${passed} ms`);
    assert.match(await raw.rest(), answer);
    await lab.isQuiet();
  });
}

testWith([], "A client that sends a body, a byte a second, is answered 408", async () => {
  await using lab = await Lab.open();
  const raw = lab.raw("http");
  await raw.send(post);
  const passed = await lab.trickle(raw, new Uint8Array(4_999), 1_000);
  // 10 s without a byte are allowed, and 100 bytes a second.
  assert.ok(passed <= 15_000, `it took ${passed} ms`);
  assert.match(await raw.rest(), /^HTTP\/1\.1 408 /);
  assert.equal(lab.hub.retained("a"), undefined);
  await lab.isQuiet();
});

/** Who says nothing at all, and for how long. */
const silent: [string, "mqtt" | "http" | "any", ms: number][] = [
  ["A CONNECT", "mqtt", 10_000],
  ["A request", "http", 60_000],
  ["A first byte", "any", 10_000],
];

for (const [what, to, ms] of silent) {
  testWith([], `${what} that never comes is waited for ${ms / 1000} s`, async () => {
    await using lab = await Lab.open();
    const raw = lab.raw(to);
    await settle();
    await lab.clock.move(ms - 1);
    assert.equal(connections(lab.hub).length, 2);
    await lab.clock.move(1);
    assert.equal(await raw.rest(), "");
    await lab.isQuiet();
  });
}

testWith(
  [],
  "A client that is silent beyond its Keep Alive is cut off, and its will published",
  async () => {
    await using lab = await Lab.open();
    const wills: string[] = [];
    lab.hub.subscribe("wills", (message) => wills.push(message.text()));
    const will = {
      topic: "wills",
      payload: bytes("gone"),
      qos: 1 as const,
      retain: false,
      properties: undefined,
    };
    const client = await lab.mqtt({ clientId: "sleepy", version: 5, keepAlive: 10, will });
    await lab.clock.move(14_999);
    assert.deepEqual(wills, []);
    await lab.clock.move(1);
    const packet = await client.next();
    assert.deepEqual([packet.type, (packet as { reason: number }).reason], ["disconnect", 0x8d]);
    await client.ended;
    assert.deepEqual(wills, ["gone"]);
    await lab.isQuiet();
  },
);

testWith(
  [],
  "A client that is slow to say CONNECT has its whole Keep Alive nevertheless",
  async () => {
    await using lab = await Lab.open();
    const client = lab.stranger(4);
    await settle();
    await lab.clock.move(9_000);
    assert.equal((await client.introduce({ clientId: "slow", keepAlive: 2 })).reason, 0);
    await lab.clock.move(2_999);
    assert.equal(connections(lab.hub).length, 2);
    await lab.clock.move(1);
    await client.ended;
    await lab.isQuiet();
  },
);

testWith([], "A WebSocket that answers no ping is closed with 1001", async () => {
  await using lab = await Lab.open();
  const raw = lab.raw("http");
  await raw.send(upgrade);
  await raw.until("\r\n\r\n");
  await lab.clock.move(30_000);
  await lab.clock.move(30_000);
  await raw.ended();
  const [ping, close] = lines(raw.bytes);
  assert.equal(ping, "ping");
  assert.match(close!, /^close 1001/);
  await lab.isQuiet();
});

testWith([], "An observer that acknowledges nothing is forgotten", async () => {
  await using lab = await Lab.open();
  const client = lab.coap();
  const answer = await client.ask(
    request(1, "/topics/a?qos=1", { options: [new Option(Options.observe, new Uint8Array(0))] }),
  );
  assert.equal(brief(answer), "2.05");
  assert.equal(lab.hub.publish("a", "1", { qos: 1 }), "accepted");
  await settle();
  // 2 to 3 s, then four times twice as long (RFC 7252 §4.8.2).
  await lab.clock.move(93_000);
  assert.equal(lab.hub.publish("a", "2", { qos: 1 }), "unmatched");
  for (let times = 0; times < 5; times++) assert.equal(brief(await client.hear()), "CON 2.05 1");
  client.port.close();
  await lab.isQuiet();
});

testWith([], "A follower of events that reads nothing is cut off", async () => {
  await using lab = await Lab.open();
  const raw = lab.raw("http");
  await raw.send("GET /topics/a HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n");
  await raw.until("retry");
  const payload = "x".repeat(60_000);
  for (let count = 0; count < 20; count++) lab.hub.publish("a", payload);
  await lab.clock.move(59_000);
  assert.equal(connections(lab.hub).length, 2);
  await lab.clock.move(15_000);
  assert.equal(connections(lab.hub).length, 1);
  assert.equal(lab.hub.publish("a", "x"), "unmatched");
  await lab.isQuiet();
});
