import assert from "node:assert/strict";
import { Delivery, Publication } from "../../../protocols/publication.ts";
import type { OpenSession } from "../../../protocols/session.ts";
import { encodeFrame } from "../../../protocols/websocket/frames/codec.ts";
import type { WebSocketSession } from "../../../protocols/websocket/session.ts";
import { bytes, hex, join, type Stage } from "../fakes.ts";
import { InnerSession, packet } from "./inner.ts";
import { close, connect, frame, lines, randoms, text } from "./peer.ts";

const BINARY = 2, CONTINUATION = 0, PING = 9, PONG = 10;

function open(subprotocol = "mqtt"): { stage: Stage<WebSocketSession>; inner: InnerSession } {
  let inner!: InnerSession;
  const mqtt: OpenSession = (wire, hub) => inner = new InnerSession(wire, hub);
  const stage = connect("/mqtt", { subprotocol, mqtt });
  return { stage, inner };
}

function binary(...contents: string[]): Uint8Array<ArrayBuffer> {
  return frame(BINARY, join(contents.map(packet)));
}

/** What was sent, the payload of binary frames as text. */
function said(stage: Stage): string[] {
  return lines(stage.take()).map((line) =>
    line.replace(
      /^binary (.*)/,
      (_, digits) => `binary ${new TextDecoder().decode(hex(digits))}`,
    )
  );
}

Deno.test("FramedWire hands a frame's packets to the session inside", () => {
  for (const subprotocol of ["mqtt", "mqttv3.1"]) {
    const { stage, inner } = open(subprotocol);
    stage.feed(join([binary("one"), binary("two", "three"), binary(), binary("four")]));
    assert.deepEqual(inner.seen, ["one", "two", "three", "four"]);
  }
});

Deno.test("FramedWire puts packets together that straddle frames", () => {
  const { stage, inner } = open();
  const all = join(["one", "two", "three", "four"].map(packet));
  for (const [index] of all.entries()) stage.feed(frame(BINARY, all.subarray(index, index + 1)));
  assert.deepEqual(inner.seen, ["one", "two", "three", "four"]);
});

Deno.test("FramedWire puts packets together that straddle fragments", () => {
  const { stage, inner } = open();
  const all = join(["one", "two"].map(packet));
  stage.feed(join([
    frame(BINARY, all.subarray(0, 2), { final: false }),
    frame(PING, "p"),
    frame(CONTINUATION, all.subarray(2, 6), { final: false }),
    frame(CONTINUATION, all.subarray(6)),
  ]));
  assert.deepEqual(inner.seen, ["one", "two"]);
  assert.deepEqual(lines(stage.take()), ["pong 70"]);
});

Deno.test("FramedWire gives the same packets however they are framed, cut and paused", () => {
  const seed = Date.now() >>> 0;
  const random = randoms(seed);
  for (let round = 0; round < 1_000; round++) {
    const contents = Array.from(
      { length: 1 + random(20) },
      (_, index) => random(5) === 0 ? "pause" : `${index}${"x".repeat(random(150))}`,
    );
    const all = join(contents.map(packet));
    const frames: Uint8Array[] = [];
    for (let at = 0; at < all.length;) {
      const end = at + 1 + random(random(2) ? 10 : 300);
      frames.push(frame(BINARY, all.subarray(at, end)));
      at = end;
    }
    const { stage, inner } = open();
    stage.feed(join(frames), 1 + random(random(2) ? 5 : 500));
    // All has come now, so every resume must be enough by itself.
    for (let pauses = 0; stage.paused && pauses < 100; pauses++) inner.wire.resume();
    assert.deepEqual(inner.seen, contents, `seed ${seed}, round ${round}`);
  }
});

Deno.test("FramedWire leaves what a paused session does not use", () => {
  const { stage, inner } = open();
  stage.feed(join([binary("one", "pause", "two"), binary("three")]));
  assert.deepEqual(inner.seen, ["one", "pause"]);
  stage.feed(binary("four"));
  assert.deepEqual(inner.seen, ["one", "pause"]);
  inner.wire.resume();
  assert.deepEqual(inner.seen, ["one", "pause", "two", "three", "four"]);
});

Deno.test("FramedWire sends what the session sends in binary frames of any length", () => {
  const { stage, inner } = open();
  stage.feed(binary("say hello"));
  for (const length of [0, 1, 125, 126, 65535, 65536]) {
    assert(inner.wire.send(new Uint8Array(length)));
  }
  assert.deepEqual(lines(stage.take()), [
    `binary ${bytes("hello").toHex()}`,
    ...[1, 125, 126, 65535, 65536].map((length) => `binary ${"00".repeat(length)}`),
  ]);
});

Deno.test("FramedWire hangs up when a frame finds no room, and sends nothing after it", () => {
  const { stage, inner } = open();
  stage.accepts = false;
  assert(!inner.wire.send(bytes("x")));
  assert(stage.closed);
  stage.accepts = true;
  inner.wire.send(bytes("y"));
  assert.deepEqual(stage.sent, []);
});

Deno.test("FramedWire refuses text with 1003", () => {
  const { stage, inner } = open();
  stage.feed(text("hello"));
  assert.match(said(stage)[0]!, /^close 1003 Cannot read a text frame/);
  assert.deepEqual(inner.seen, []);
});

Deno.test("FramedWire says goodbye with 1000 when the session closes", () => {
  const { stage, inner } = open();
  stage.feed(join([binary("say last", "close"), binary("late")]));
  assert.deepEqual(said(stage), ["binary last", "close 1000"]);
  assert.deepEqual(inner.seen, ["say last", "close"]);
  assert(stage.closed);
});

Deno.test("FramedWire lets the session refuse its peer in its own language", () => {
  const { stage } = open();
  stage.feed(binary("say ok", "bad"));
  assert.deepEqual(said(stage), [
    "binary ok",
    "binary refused 129",
    "close 1002 Cannot read the packet",
  ]);
});

Deno.test("FramedWire does not hide a bug of the session", () => {
  const { stage } = open();
  assert.throws(() => stage.feed(binary("crash")), TypeError);
});

Deno.test("FramedWire hands over to another session in the middle of a frame", () => {
  const { stage, inner } = open();
  stage.feed(binary("one", "upgrade", "two"));
  stage.feed(binary("three"));
  assert.deepEqual(inner.seen, ["one", "upgrade"]);
  assert.deepEqual(inner.next?.seen, ["two", "three"]);
});

Deno.test("FramedWire passes everything else through", () => {
  const { stage, inner } = open();
  stage.session.deliver(new Delivery(new Publication("a", bytes("x")), 0, false, undefined), 0);
  assert.deepEqual(said(stage), ["binary x"]);
  stage.session.signal("s", 0);
  stage.session.drained(0);
  inner.deadline = 5;
  assert.equal(stage.session.deadline, 5);
  stage.wait(5);
  inner.congested = true;
  assert(stage.session.congested);
  assert.equal(stage.session.label, "websocket inner");
  assert.deepEqual([inner.wire.peer, inner.wire.full], [stage.peer, false]);
  stage.session.ended(0);
  assert.deepEqual(inner.seen, ["signal s", "drained", "tick", "ended"]);
});

Deno.test("FramedWire hands on deliveries after goodbye: the session may keep them", () => {
  const { stage, inner } = open();
  stage.feed(close(1000));
  stage.take();
  const kept: Delivery[] = [];
  inner.deliver = (delivery) => kept.push(delivery);
  stage.session.deliver(new Delivery(new Publication("a", bytes("x")), 1, false, undefined), 0);
  assert.equal(kept.length, 1);
  assert(inner.wire.paused);
  assert(inner.wire.send(bytes("late")));
  assert.deepEqual(stage.sent, []);
});

Deno.test("FramedWire tells a slow peer in both languages", () => {
  const { stage } = open();
  stage.session.overloaded(0);
  assert.deepEqual(said(stage), ["binary too slow", "close 1013 Too far behind"]);
});

Deno.test("FramedWire says what was never said in the language of the session", () => {
  const first = bytes("first"), long = "x".repeat(70_000);
  const cases: [unsaid: Uint8Array, said: string][] = [
    [encodeFrame(BINARY, first), "first"],
    [join([encodeFrame(PONG, bytes("p")), encodeFrame(BINARY, first)]), "first"],
    [join([encodeFrame(BINARY, first), encodeFrame(BINARY, bytes("second"))]), "first"],
    [encodeFrame(BINARY, bytes(long)), long],
    [encodeFrame(PONG, bytes("p")), ""],
    [encodeFrame(BINARY, first).subarray(0, 1), ""],
    [new Uint8Array(0), ""],
  ];
  for (const [unsaid, expected] of cases) {
    const { stage } = open();
    stage.session.unstored(0, unsaid);
    assert.deepEqual(said(stage), [
      `binary unsaid ${expected}`,
      "close 1013 The store cannot be written",
    ]);
  }
});

Deno.test("FramedWire says goodbye in both languages at shutdown", () => {
  const { stage } = open();
  stage.session.shutdown(0);
  assert.deepEqual(said(stage), ["binary bye", "close 1001"]);
  assert(stage.closed);
});

Deno.test("FramedWire closes when the peer does, and the session hears of the end only", () => {
  const { stage, inner } = open();
  stage.feed(join([binary("one"), close(1000)]));
  assert.deepEqual(said(stage), ["close 1000"]);
  stage.end();
  assert.deepEqual(inner.seen, ["one", "ended"]);
});
