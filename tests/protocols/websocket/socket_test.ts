import assert from "node:assert/strict";
import { bytes, hex } from "../fakes.ts";
import { EchoUser, frames, meet } from "./conversation.ts";
import { close, closeCode, frame, lines, text } from "./peer.ts";

Deno.test("65,537 fragments of 64 bytes, and of one, are one message", () => {
  for (const size of [64, 1]) {
    const stage = meet(new EchoUser(), { limits: { maxMessageBytes: 16 << 20 } });
    const piece = new Uint8Array(size).fill(7), count = 65_537;
    const first = frame(2, piece, { final: false }), next = frame(0, piece, { final: false });
    const many = new Uint8Array(first.length + (count - 2) * next.length);
    many.set(first);
    for (let at = first.length; at < many.length; at += next.length) many.set(next, at);
    stage.feed(many, 65_536);
    assert.equal(stage.closed, false);
    stage.feed(frame(0, piece));
    const sent = frames(stage.take());
    assert.equal(sent.reduce((sum, { length }) => sum + length, 0), count * size);
    // 4 MiB leave as fragments of 1 MiB: a slow reader holds up no more than one.
    assert.deepEqual(sent.map(({ opcode, final }) => [opcode, final]).at(-1), [
      size > 1 ? 0 : 2,
      true,
    ]);
  }
});

Deno.test("Empty fragments are counted: nobody sends them for ever", () => {
  const stage = meet(new EchoUser(), { limits: { maxMessageBytes: 64_000 } });
  stage.feed(frame(1, "", { final: false }));
  const empty = frame(0, "", { final: false });
  for (let sent = 0; sent < 998; sent++) stage.feed(empty);
  assert.equal(stage.closed, false);
  stage.feed(empty);
  stage.feed(frame(0, "x", { final: false }));
  assert.equal(closeCode(stage), "close 1009");
});

Deno.test("A message that is too long is refused with its first byte, not with its last", () => {
  const stage = meet(new EchoUser(), { limits: { maxMessageBytes: 1000 } });
  stage.feed(frame(2, new Uint8Array(1000)));
  assert.equal(frames(stage.take()).length, 1);
  stage.feed(frame(2, new Uint8Array(1001)).slice(0, 10));
  assert.equal(closeCode(stage), "close 1009");
});

Deno.test("Pieces come as they arrive, of messages of any length, and text is checked all the same", () => {
  const user = new EchoUser(true);
  const stage = meet(user, { limits: { maxMessageBytes: 100 } });
  const whole = frame(2, new Uint8Array(1000));
  stage.feed(whole.slice(0, 508));
  stage.feed(whole.slice(508));
  stage.feed(frame(1, hex("c3"), { final: false }));
  stage.feed(frame(0, hex("a4")));
  stage.feed(frame(2, ""));
  assert.deepEqual(user.pieces, [
    "binary 500",
    "binary 500 last",
    "text 1",
    "text 1 last",
    "binary 0 last",
  ]);
  stage.feed(frame(1, hex("c3"), { final: false }));
  stage.feed(frame(0, hex("c3")));
  assert.equal(closeCode(stage), "close 1007");
});

Deno.test("A paused user gets nothing until it goes on", () => {
  const user = new EchoUser();
  const stage = meet(user);
  user.port.pause();
  stage.turn();
  stage.feed(text("one"));
  assert.deepEqual(lines(stage.take()), []);
  user.port.resume();
  stage.turn();
  assert.deepEqual(lines(stage.take()), ["text one"]);
});

Deno.test("What is sent from elsewhere keeps its order with what is sent in a turn", () => {
  const user = new EchoUser();
  const stage = meet(user);
  user.port.send(bytes("first"), true);
  user.port.send(bytes("second"), true);
  assert.equal(user.port.queuedBytes, 11);
  stage.feed(text("third"));
  stage.turn();
  assert.deepEqual(lines(stage.take()), ["text first", "text second", "text third"]);
  assert.equal(user.port.queuedBytes, 0);
});

Deno.test("A peer that does not read is not read from, and hears all once it does", () => {
  const user = new EchoUser();
  const stage = meet(user);
  stage.full = true;
  stage.feed(text("a"));
  assert.deepEqual([stage.sent.length, stage.paused], [0, true]);
  stage.feed(text("b"));
  stage.full = false;
  stage.current.drained!(0);
  stage.feed("");
  assert.deepEqual(lines(stage.take()), ["text a", "text b"]);
  assert.equal(stage.paused, false);
  assert.ok(user.drains > 0);
});

Deno.test("More than may wait for a peer that does not read ends its WebSocket with 1013", () => {
  const user = new EchoUser();
  const stage = meet(user, { limits: { maxQueuedBytes: 1000 } });
  stage.full = true;
  user.port.send(new Uint8Array(1000), false);
  stage.turn();
  assert.equal(stage.closed, false);
  user.port.send(new Uint8Array(1), false);
  stage.turn();
  assert.equal(closeCode(stage), "close 1013");
  assert.equal(user.end, "fault 1013 Too far behind");
});

Deno.test("A user that says goodbye is told when it is over, and what the peer said", () => {
  const user = new EchoUser();
  const stage = meet(user);
  user.port.send(bytes("last"), true);
  user.port.close(4000, "done");
  user.port.send(bytes("too late"), true);
  stage.turn();
  assert.deepEqual(lines(stage.take()), ["text last", "close 4000 done"]);
  stage.feed(text("never mind"));
  stage.feed(close(4000));
  assert.ok(stage.closed);
  stage.end();
  assert.equal(user.end, "us 4000 done, ended");
});

Deno.test("A goodbye without a code says nothing", () => {
  const user = new EchoUser();
  const stage = meet(user);
  user.port.close(undefined, "");
  stage.turn();
  assert.deepEqual(lines(stage.take()), ["close"]);
});

Deno.test("A peer that does not answer a goodbye is hung up on", () => {
  const user = new EchoUser();
  const stage = meet(user);
  user.port.close(1000, "");
  stage.turn();
  stage.wait(5_000);
  assert.ok(stage.closed);
});

Deno.test("A silent peer is asked after 30 s, and hung up on when it stays silent", () => {
  const user = new EchoUser();
  const stage = meet(user);
  stage.wait(30_000);
  assert.deepEqual(lines(stage.take()), ["ping"]);
  stage.feed(frame(10, ""));
  stage.wait(30_000);
  assert.deepEqual(lines(stage.take()), ["ping"]);
  stage.wait(30_000);
  assert.equal(closeCode(stage), "close 1001");
});
