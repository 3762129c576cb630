import assert from "node:assert/strict";
import { Code, NONE, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../protocols/coap/messages/options.ts";
import { Signal, withLength, withoutLength } from "../../../protocols/coap/stream/codec.ts";
import { coapStream } from "../../../protocols/coap/stream/server.ts";
import { Publication } from "../../../protocols/publication.ts";
import type { WebSocketSession } from "../../../protocols/websocket/session.ts";
import { request } from "../coap/fake_datagrams.ts";
import { frame as message, framesOf, signal } from "../coap/stream/stage.ts";
import { hex, join, type Stage } from "../fakes.ts";
import { close, connect, frame, lines, randoms, text } from "./peer.ts";

const BINARY = 2, CONTINUATION = 0, PING = 9;

/** A WebSocket in which CoAP is spoken, and both sides have said what they take. */
function open(): Stage<WebSocketSession> {
  const coap = coapStream({ maxPayloadBytes: 1000, pingAfterMs: 240_000 });
  const limits = { maxMessageBytes: 2000, pingAfterMs: 30_000 };
  const stage = connect("/.well-known/coap", { subprotocol: "coap", coap, limits });
  stage.feed(said(signal(Signal.csm)));
  stage.take();
  return stage;
}

/** A message of a client, whole. */
function said(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return frame(BINARY, withoutLength(bytes.slice()));
}

/** Codes of CoAP messages, and frames of other kinds. */
function heard(stage: Stage): (number | string)[] {
  return lines(stage.take()).map((line) => {
    if (!line.startsWith("binary ")) return line;
    return framesOf(withLength(hex(line.slice(7))))[0]!.code;
  });
}

const put = message(request(Code.put, "/topics/t", { payload: "21" }));
const get = message(request(Code.get, "/topics/t"));

for (const [own, ofSocket, announced] of [[1000, 2000, 1000], [5000, 2000, 2000]] as const) {
  Deno.test(`MessageWire has ${own} of ${ofSocket} bytes announced as ${announced}`, () => {
    const coap = coapStream({ maxPayloadBytes: own }), limits = { maxMessageBytes: ofSocket };
    const stage = connect("/.well-known/coap", { subprotocol: "coap", coap, limits });
    const [csm] = framesOf(withLength(hex(lines(stage.take())[0]!.slice(7))));
    assert.deepEqual(csm!.options[0], new Option(2, uint(announced + 4096)));
  });
}

Deno.test("MessageWire takes one message from one of the WebSocket", () => {
  const stage = open();
  stage.feed(join([said(put), said(get), said(hex("0000"))]));
  assert.deepEqual(heard(stage), [Code.created, Code.content]);
});

Deno.test("MessageWire joins the fragments of a message, whatever comes in between", () => {
  const whole = withoutLength(put.slice());
  for (let cut = 0; cut <= whole.length; cut++) {
    for (const step of [1, 5, 1000]) {
      const stage = open();
      stage.feed(
        join([
          frame(BINARY, whole.subarray(0, cut), { final: false }),
          frame(PING, "p"),
          frame(CONTINUATION, whole.subarray(cut)),
        ]),
        step,
      );
      assert.deepEqual(heard(stage), ["pong 70", Code.created], `cut at ${cut}`);
    }
  }
});

const faults: [what: string, bytes: Uint8Array, heard: (number | string)[]][] = [
  ["text", text("hello"), ["close 1003 Cannot read a text frame: send binary frames"]],
  ["nothing", frame(BINARY, ""), [Signal.abort, "close 1002"]],
  ["a length", frame(BINARY, hex("1001 00")), [Signal.abort, "close 1002"]],
  ["half a token", frame(BINARY, hex("0401 0102")), [Signal.abort, "close 1002"]],
  ["broken options", frame(BINARY, hex("0001 f0")), [Signal.abort, "close 1002"]],
  ["too much", frame(BINARY, new Uint8Array(7000)), ["close 1009"]],
];

for (const [what, bytes, expected] of faults) {
  Deno.test(`MessageWire hangs up on a message of ${what}`, () => {
    const stage = open();
    stage.feed(bytes);
    const found = heard(stage);
    assert.equal(found.length, expected.length);
    for (const [index, each] of expected.entries()) {
      if (typeof each === "number") assert.equal(found[index], each);
      else assert.match(String(found[index]), new RegExp(`^${each}`));
    }
    assert(stage.closed);
  });
}

Deno.test("MessageWire hangs up on fragments that are too much together", () => {
  const stage = open();
  stage.feed(frame(BINARY, new Uint8Array(5000), { final: false }));
  assert(!stage.closed);
  stage.feed(frame(CONTINUATION, new Uint8Array(5000)));
  assert.match(String(heard(stage)[0]), /^close 1009/);
});

Deno.test("MessageWire survives any byte flipped, and any noise", () => {
  const seed = Date.now() >>> 0, random = randoms(seed);
  for (let round = 0; round < 3_000; round++) {
    const bytes = round % 2 === 0
      ? withoutLength(put.slice())
      : Uint8Array.from({ length: random(40) }, () => random(256));
    if (bytes.length > 0) bytes[random(bytes.length)]! ^= 1 << random(8);
    const stage = open();
    stage.feed(frame(BINARY, bytes));
    heard(stage);
    stage.end();
    assert.equal(stage.space.subscriptions.size, 0, `seed ${seed}, round ${round}`);
  }
});

Deno.test("MessageWire leaves pings to what is inside, which knows when it hears nothing", () => {
  const stage = open();
  stage.wait(239_999);
  assert.deepEqual(heard(stage), []);
  stage.wait(1);
  assert.deepEqual(heard(stage), [Signal.ping]);
  stage.feed(said(signal(Signal.pong)));
  stage.wait(480_000);
  assert.deepEqual(heard(stage), [Signal.ping, Signal.abort, "close 1000"]);
});

Deno.test("MessageWire reads no more while its peer does not, and keeps the newest for it", () => {
  const stage = open(), observe = [new Option(Options.observe, NONE)];
  stage.feed(said(message(request(Code.get, "/topics/t", { options: observe }))));
  heard(stage);
  stage.full = true;
  stage.feed(join([said(get), said(get)]));
  assert.deepEqual(heard(stage), [Code.notFound]);
  for (const value of ["31", "32", "33"]) {
    stage.space.publish(new Publication("t", hex(value), { retain: true, time: 0 }));
  }
  stage.turn();
  assert.deepEqual(heard(stage), []);
  stage.full = false;
  stage.session.drained(stage.now);
  const [news, answer, ...more] = lines(stage.take()).map((line) =>
    framesOf(withLength(hex(line.slice(7))))[0]!
  );
  assert.deepEqual([news!.payload, answer!.payload, more.length], [hex("33"), hex("33"), 0]);
});

Deno.test("MessageWire says goodbye in both languages", () => {
  const stopped = open();
  stopped.session.shutdown(0);
  assert.deepEqual(heard(stopped), [Signal.release, "close 1001"]);
  const slow = open();
  slow.session.overloaded(0);
  assert.deepEqual(heard(slow), [Signal.abort, "close 1013 Too far behind"]);
  const unstored = open();
  unstored.session.unstored(0, hex("8100"));
  assert.deepEqual(heard(unstored), [Signal.abort, "close 1013 The store cannot be written"]);
  const revoked = open();
  revoked.session.revoked(0);
  assert.deepEqual(heard(revoked), [Signal.abort, "close 1008 The login has been revoked"]);
  const leaving = open();
  leaving.feed(join([said(get), said(signal(Signal.release)), said(get)]));
  assert.deepEqual(heard(leaving), [Code.notFound, "close 1000"]);
  const gone = open();
  gone.feed(close(1000));
  assert.deepEqual(heard(gone), ["close 1000"]);
});
