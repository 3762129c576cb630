import assert from "node:assert/strict";
import { defaults } from "../../../../protocols/coap/limits.ts";
import { Code } from "../../../../protocols/coap/messages/codec.ts";
import { StreamClient } from "../../../../protocols/coap/stream/client.ts";
import { Signal } from "../../../../protocols/coap/stream/codec.ts";
import type { StreamLayer } from "../../../../protocols/coap/stream/layer.ts";
import { CoapStreamSession } from "../../../../protocols/coap/stream/session.ts";
import { hex, join, Stage } from "../../fakes.ts";
import { request } from "../fake_datagrams.ts";
import { frame, framesOf, signal } from "./stage.ts";

/** A client whose server has said what it takes. */
function client(): Stage {
  const converse = (layer: StreamLayer) => new StreamClient(layer, () => hex("01"));
  const stage = new Stage((wire, _hub, now) =>
    new CoapStreamSession(wire, defaults, converse, now)
  );
  stage.feed(signal(Signal.csm));
  stage.take();
  return stage;
}

Deno.test("StreamClient tells who asks it that it is no server", () => {
  const stage = client();
  stage.feed(frame(request(Code.get, "/t", { token: hex("0a0b") })));
  const [answer, ...more] = framesOf(stage.take());
  assert.deepEqual([answer!.code, answer!.token], [Code.notImplemented, hex("0a0b")]);
  assert.equal(more.length, 0);
});

Deno.test("StreamClient is silent about answers to no question, and about codes of no meaning", () => {
  const stage = client();
  stage.feed(join([hex("0145 07"), hex("0025"), hex("0000")]));
  assert.equal(stage.take().length, 0);
  assert(!stage.closed);
});

Deno.test("StreamClient says Release without options, and hangs up when its server says it", () => {
  const leaving = client();
  leaving.current.shutdown(leaving.now);
  const [found] = framesOf(leaving.take());
  assert.deepEqual([found!.code, found!.options], [Signal.release, []]);
  const left = client();
  left.feed(signal(Signal.release));
  assert(left.closed);
});
