import assert from "node:assert/strict";
import { Publication, type Qos } from "../../../../protocols/publication.ts";
import { encodeFrame } from "../../../../protocols/websocket/frames/codec.ts";
import { opcodes } from "../../../../protocols/websocket/frames/codes.ts";
import { frameEncoders } from "../../../../protocols/websocket/topics/frames.ts";
import { bytes, FakeSpace, hex, join, type Stage } from "../../fakes.ts";
import { connect, frame, lines, text } from "../peer.ts";

function publish(stage: Stage, topic: string, payload: Uint8Array | string, retain = false): void {
  const content = typeof payload === "string" ? bytes(payload) : payload;
  stage.space.publish(new Publication(topic, content, { retain }));
  stage.turn();
}

Deno.test("RawMode publishes every message on the topic of its path", () => {
  const stage = connect("/topics/a/b%20c/%C3%A9");
  stage.now = 1234.5;
  stage.feed(join([text("21.5"), frame(2, hex("00ff"))]));
  const [first, second] = stage.space.published;
  assert.equal(first!.topic, "a/b c/é");
  assert.deepEqual(first!.payload, bytes("21.5"));
  assert.deepEqual(second!.payload, hex("00ff"));
  const { qos, retain, time, origin } = first!;
  assert.deepEqual({ qos, retain, time }, { qos: 0, retain: false, time: 1234 });
  assert.equal(origin, stage);
});

Deno.test("RawMode publishes a fragmented message once", () => {
  const stage = connect("/topics/a");
  stage.feed(join([frame(1, "hel", { final: false }), frame(0, "lo")]), 1);
  assert.deepEqual(stage.space.published.map((each) => each.text()), ["hello"]);
});

Deno.test("RawMode publishes with the QoS of its query", () => {
  for (const qos of [0, 1, 2] as Qos[]) {
    const stage = connect(`/topics/a?qos=${qos}`);
    stage.feed(text("x"));
    assert.equal(stage.space.published[0]!.qos, qos);
    assert.equal(stage.space.subscriptions.get(stage)!.get("a")!.qos, qos);
  }
});

Deno.test("RawMode hears itself", () => {
  const stage = connect("/topics/a");
  stage.feed(text("echo"));
  assert.deepEqual(lines(stage.take()), ["text echo"]);
});

Deno.test("RawMode sends text when the payload is UTF-8 and binary otherwise", () => {
  const stage = connect("/topics/a");
  publish(stage, "a", "é");
  publish(stage, "a", hex("ff"));
  publish(stage, "a", "");
  assert.deepEqual(lines(stage.take()), ["text é", "binary ff", "text "]);
});

Deno.test("RawMode sends the kind of frames that its query asks for", () => {
  const binary = connect("/topics/a?frames=binary");
  publish(binary, "a", "é");
  assert.deepEqual(lines(binary.take()), ["binary c3a9"]);
  const forced = connect("/topics/a?frames=text");
  publish(forced, "a", hex("61ff"));
  assert.deepEqual(lines(forced.take()), ["text a\ufffd"]);
});

Deno.test("RawMode sends everybody the frame that was made once", () => {
  const space = new FakeSpace();
  const stages = [connect("/topics/a", { space }), connect("/topics/+", { space })];
  const publication = new Publication("a", bytes("x"));
  publication.seed(frameEncoders.auto!, encodeFrame(opcodes.text, bytes("made before")));
  space.publish(publication);
  for (const stage of stages) {
    stage.turn();
    assert.deepEqual(lines(stage.take()), ["text made before"]);
  }
});

Deno.test("RawMode sends the stored value first", () => {
  const space = new FakeSpace();
  space.publish(new Publication("a/1", bytes("one"), { retain: true }));
  space.publish(new Publication("a/2", bytes("two"), { retain: true }));
  space.publish(new Publication("b", bytes("other"), { retain: true }));
  assert.deepEqual(lines(connect("/topics/a/1", { space }).take()), ["text one"]);
  assert.deepEqual(lines(connect("/topics/a/%23", { space }).take()), ["text one", "text two"]);
});

Deno.test("RawMode sends many stored values no faster than they are read", () => {
  const space = new FakeSpace();
  for (let index = 0; index < 10; index++) {
    space.publish(new Publication(`a/${index}`, bytes(`${index}`), { retain: true }));
  }
  const stage = connect("/topics/a/+", { space, room: 3 });
  const seen: string[] = [];
  for (let round = 0; round < 10; round++) {
    assert(stage.sent.length <= 4);
    seen.push(...lines(stage.take()));
    stage.full = false;
    stage.session.drained(stage.now);
  }
  assert.deepEqual(seen, Array.from({ length: 10 }, (_, index) => `text ${index}`));
});

Deno.test("RawMode closes when a frame is sent to a filter", () => {
  const stage = connect("/topics/a/%2B");
  publish(stage, "a/b", "read");
  stage.feed(text("x"));
  assert.deepEqual(lines(stage.take()), [
    "text read",
    'close 1008 Cannot publish to "a/+": it has a wildcard',
  ]);
  assert.equal(stage.space.published.length, 1);
});

Deno.test("RawMode counts what nobody could take", () => {
  const stage = connect("/topics/a");
  stage.space.outcome = "overloaded";
  stage.feed(text("x"));
  assert.equal(stage.space.counts.get("websocket.refused"), 1);
  assert(!stage.closed);
});

Deno.test("RawMode says goodbye when the gateway takes nothing more", () => {
  const stage = connect("/topics/a");
  stage.space.outcome = "closing";
  stage.feed(text("x"));
  assert.deepEqual(lines(stage.take()), ["close 1001 The gateway is shutting down"]);
});

Deno.test("RawMode keeps no view of its input", () => {
  const stage = connect("/topics/a");
  stage.feed(text("x".repeat(20_000)));
  assert.equal(stage.space.published[0]!.text(), "x".repeat(20_000));
});
