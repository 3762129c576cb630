import assert from "node:assert/strict";
import { Delivery, Publication } from "../../../protocols/publication.ts";
import { ProtocolError } from "../../../protocols/session.ts";
import { bytes, join } from "../fakes.ts";
import { close, echo, frame, lines, text } from "./peer.ts";

const PING = 9, PONG = 10;

Deno.test("WebSocketSession pings a silent peer", () => {
  const stage = echo();
  stage.wait(29_999);
  assert.deepEqual(lines(stage.take()), []);
  stage.wait(1);
  assert.deepEqual(lines(stage.take()), ["ping"]);
});

Deno.test("WebSocketSession hangs up when nothing comes after a ping", () => {
  const stage = echo();
  stage.wait(59_999);
  assert(!stage.closed);
  stage.wait(1);
  assert(stage.closed);
  assert.deepEqual(lines(stage.take()), ["ping", "close 1001 Nothing came after a ping"]);
  assert.equal(stage.session.deadline, Infinity);
});

Deno.test("WebSocketSession stays open for a peer that answers pings", () => {
  const stage = echo();
  for (let round = 0; round < 10; round++) {
    stage.wait(30_000);
    assert.deepEqual(lines(stage.take()), ["ping"]);
    stage.feed(frame(PONG));
  }
  assert(!stage.closed);
});

Deno.test("WebSocketSession takes any byte for a sign of life", () => {
  const stage = echo();
  for (const byte of text("slow")) {
    stage.wait(29_000);
    stage.feed(Uint8Array.of(byte));
  }
  assert.deepEqual(lines(stage.take()), ["text slow"]);
});

Deno.test("WebSocketSession does not blame a peer whose input is held back", () => {
  const stage = echo();
  stage.wait(30_000);
  stage.paused = true;
  stage.wait(90_000);
  assert(!stage.closed);
  stage.paused = false;
  stage.feed(frame(PONG));
  stage.wait(29_000);
  assert(!stage.closed);
});

Deno.test("WebSocketSession is patient with a peer that reads slowly, but not for ever", () => {
  const stage = echo();
  stage.full = true;
  stage.feed(text("a"));
  assert(stage.paused);
  stage.wait(329_999);
  assert(!stage.closed);
  stage.wait(1);
  assert(stage.closed);
});

Deno.test("WebSocketSession takes reading for a sign of life", () => {
  const stage = echo();
  stage.full = true;
  for (let round = 0; round < 10; round++) {
    stage.wait(200_000);
    stage.session.drained(stage.now);
  }
  assert(!stage.closed);
});

Deno.test("WebSocketSession reads on when the peer has read", () => {
  const stage = echo();
  stage.full = true;
  stage.feed(join([text("a"), text("b")]));
  assert.deepEqual(lines(stage.take()), ["text a"]);
  stage.full = false;
  stage.session.drained(stage.now);
  assert(!stage.paused);
  assert.deepEqual(lines(stage.take()), ["text b"]);
});

Deno.test("WebSocketSession answers the last of the pings that found no room", () => {
  const stage = echo();
  stage.full = true;
  stage.feed(join([frame(PING, "a"), frame(PING, "b")]));
  assert.deepEqual(lines(stage.take()), []);
  stage.full = false;
  stage.session.drained(stage.now);
  assert.deepEqual(lines(stage.take()), ["pong 62"]);
});

Deno.test("WebSocketSession hangs up without a word when nothing can be sent", () => {
  const stage = echo();
  stage.accepts = false;
  stage.feed(text("a"));
  assert(stage.closed);
});

Deno.test("WebSocketSession says goodbye at shutdown and waits for the peer's", () => {
  const stage = echo();
  stage.session.shutdown(stage.now);
  assert.deepEqual(lines(stage.take()), ["close 1001"]);
  assert(!stage.closed);
  // What the peer sent before it knew is of no interest any more.
  stage.feed(join([text("late"), frame(PING), frame(1, "late", { final: false })]));
  assert(!stage.closed);
  stage.feed(close(1001));
  assert(stage.closed);
  assert.deepEqual(lines(stage.take()), []);
});

Deno.test("WebSocketSession waits five seconds for the peer's goodbye", () => {
  const stage = echo();
  stage.session.shutdown(stage.now);
  stage.wait(4_999);
  assert(!stage.closed);
  stage.wait(1);
  assert(stage.closed);
});

Deno.test("WebSocketSession says goodbye once", () => {
  const stage = echo();
  stage.session.close(1000, "", 0);
  stage.session.close(1001, "", 0);
  stage.session.hangUp(1002, "");
  stage.session.refuse(new ProtocolError("", 1002));
  assert.deepEqual(lines(stage.take()), ["close 1000"]);
  assert(stage.closed);
});

Deno.test("WebSocketSession reads the goodbye of a peer that did not read", () => {
  const stage = echo();
  stage.full = true;
  stage.feed(text("a"));
  assert(stage.paused);
  stage.session.shutdown(stage.now);
  assert(!stage.paused);
  stage.feed(close(1001));
  assert(stage.closed);
});

Deno.test("WebSocketSession tells an overloaded peer to come back later", () => {
  const stage = echo();
  stage.session.overloaded(stage.now);
  assert.deepEqual(lines(stage.take()), ["close 1013 Too far behind"]);
});

Deno.test("WebSocketSession refuses with 1002 what comes with another protocol's code", () => {
  const stage = echo();
  stage.session.refuse(new ProtocolError("Cannot go on", 413));
  assert.deepEqual(lines(stage.take()), ["close 1002 Cannot go on"]);
});

Deno.test("WebSocketSession takes deliveries after its end without a word", () => {
  const stage = echo();
  stage.feed(close(1000));
  stage.take();
  const publication = new Publication("a", bytes("x"));
  stage.session.deliver(new Delivery(publication, 0, false, undefined), 0);
  stage.session.signal("late", 0);
  stage.session.drained(0);
  stage.session.tick(100_000);
  stage.session.ended(0);
  assert.deepEqual(stage.sent, []);
});

Deno.test("WebSocketSession is labelled with what is inside", () => {
  assert.equal(echo().session.label, "websocket echo");
});
