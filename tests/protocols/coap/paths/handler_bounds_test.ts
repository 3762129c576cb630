import assert from "node:assert/strict";
import {
  ACK,
  Code,
  encode,
  Message,
  NON,
  Option,
  RST,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { Resources } from "../../../../protocols/coap/paths/resources.ts";
import { bytes } from "../../fakes.ts";
import { brief, type FakeDatagrams, PEER, request, seeded } from "../fake_datagrams.ts";
import { handled, idle, respond } from "./handled.ts";

/** Feeds each truncation of a message, each flipped bit, and much else that random bytes make of it. */
function feedBroken(
  stage: FakeDatagrams,
  good: Uint8Array,
  random: () => number,
  fed: (round: number) => void = () => {},
): void {
  for (let at = 0; at < good.length; at++) {
    stage.feed(good.subarray(0, at));
    for (let bit = 0; bit < 8; bit++) {
      const flipped = good.slice();
      flipped[at]! ^= 1 << bit;
      stage.feed(flipped);
    }
  }
  for (let round = 0; round < 5_000; round++) {
    const mixed = good.slice();
    for (let i = 0; i < 4; i++) {
      mixed[4 + Math.floor(random() * (mixed.length - 4))] = random() * 256;
    }
    stage.feed(mixed, `192.0.2.9:${round}`);
    fed(round);
  }
}

Deno.test("CoAP cuts off an answer that is longer than it may be", () => {
  const { stage, asked } = handled({ maxPayloadBytes: 100 });
  stage.ask(request(Code.get, "/h/a"));
  asked[0]!.post(() => {
    asked[0]!.begin({ status: 200 });
    assert.ok(asked[0]!.write(new Uint8Array(100)));
    assert.equal(asked[0]!.write(new Uint8Array(1)), false);
    assert.ok(asked[0]!.closed);
    asked[0]!.end();
  });
  stage.turn();
  const answer = stage.takeOne();
  assert.deepEqual([brief(answer), answer.type], ["5.00", ACK]);
  assert.match(new TextDecoder().decode(answer.payload), /100 bytes/);
  // One that says so before is not begun.
  stage.ask(request(Code.get, "/h/b"));
  asked[1]!.post(() => asked[1]!.begin({ status: 200 }, 101));
  stage.turn();
  assert.equal(brief(stage.takeOne()), "5.00");
});

Deno.test("CoAP gives up a handler that takes too long, and tells it so", () => {
  const { stage, asked } = handled();
  let gone = 0;
  stage.ask(request(Code.get, "/h/a"));
  asked[0]!.onClosed = () => gone++;
  stage.wait(246_999);
  assert.deepEqual([stage.take().map(brief), gone], [["0.00"], 0]);
  stage.wait(1);
  const late = stage.takeOne();
  assert.deepEqual([brief(late), gone, asked[0]!.closed], ["CON 5.04", 1, true]);
  respond(stage, asked[0]!);
  assert.deepEqual(stage.take(), []);
  stage.ask(new Message(ACK, Code.empty, late.id));
  assert.deepEqual(stage.session.load, idle);
});

Deno.test("CoAP bounds how many requests of a peer handlers have, and asks none beyond", () => {
  const { stage, asked } = handled({ maxHandledPerPeer: 3, maxHandled: 4 });
  const ask = (from: string) => stage.ask(request(Code.post, "/h/a"), from).map(brief);
  assert.deepEqual([ask(PEER), ask(PEER), ask(PEER), ask(PEER)], [[], [], [], ["5.03"]]);
  assert.deepEqual([ask("192.0.2.2:1"), ask("192.0.2.3:1")], [[], ["5.03"]]);
  assert.equal(asked.length, 4);
  respond(stage, asked[0]!);
  stage.take();
  assert.deepEqual(ask(PEER), []);
});

Deno.test("CoAP bounds the bodies that handlers have and give, all together", () => {
  const { stage, asked } = handled({ maxHandledBytes: 100 });
  const post = (bytes: number) =>
    stage.ask(request(Code.post, "/h/a", { payload: "x".repeat(bytes) }));
  assert.deepEqual(post(60).map(brief), []);
  assert.deepEqual(post(60).map(brief), ["5.03"]);
  assert.deepEqual(post(20).map(brief), []);
  const [, second] = asked;
  second!.post(() => {
    second!.begin({ status: 200 });
    assert.ok(second!.write(new Uint8Array(20)));
    assert.equal(second!.write(new Uint8Array(1)), false);
  });
  stage.turn();
  assert.deepEqual(stage.take().map(brief), ["5.03"]);
  respond(stage, asked[0]!, "x".repeat(40));
  assert.equal(stage.take().length, 1);
  assert.deepEqual(post(100).map(brief), []);
  respond(stage, asked[2]!, "");
  assert.deepEqual(stage.take().map(brief), ["2.04"]);
});

Deno.test("CoAP tells clients and handlers when it stops", () => {
  const { stage, asked } = handled();
  let gone = 0;
  stage.ask(request(Code.get, "/h/a"));
  asked[0]!.onClosed = () => gone++;
  stage.session.shutdown(stage.now);
  assert.deepEqual([stage.take().map(brief), gone], [["5.03"], 1]);
  stage.ask(request(Code.get, "/h/b"));
  const other = handled();
  other.stage.ask(request(Code.get, "/h/a"));
  other.asked[0]!.onClosed = () => gone++;
  other.stage.session.ended();
  assert.equal(gone, 2);
});

Deno.test("CoAP survives every request that random bytes make of a handler's", () => {
  const { stage } = handled({}, (exchange) => {
    exchange.receive({ chunk() {}, end() {}, aborted() {} });
    exchange.respond({ status: 200, fields: [["location", exchange.request.path]] }, "x");
  });
  const good = encode(request(Code.put, "/h/a?b=c", {
    payload: "some",
    options: [new Option(Options.ifMatch, bytes("v1")), new Option(Options.accept, uint(50))],
  }));
  feedBroken(stage, good, seeded(4));
  assert.ok(stage.take().every(({ type }) => type === ACK || type === NON || type === RST));
});

Deno.test("CoAP survives every request that random bytes make of a resource's", () => {
  const { stage } = handled();
  const terms = { observed: "some", critical: new Set<number>(), formats: undefined } as const;
  const resource = stage.shared(Resources).add("/r/*", (exchange) => {
    const { request } = exchange, { segments, queries, etags, ifMatch } = request;
    const seen = [segments, queries, etags, ifMatch, request.query("b"), request.option(12)];
    exchange.respond({ payload: `${seen} ${request.text()} ${request.meets("v1")}`, etag: "v1" });
  }, { ...terms, attributes: {} });
  const good = encode(request(Code.get, "/r/a?b=c", {
    payload: "some",
    options: [new Option(Options.observe, bytes("")), new Option(Options.etag, bytes("v2"))],
  }));
  feedBroken(stage, good, seeded(5), (round) => {
    if (round % 100 === 0) resource.changed();
    stage.turn();
  });
  assert.ok(resource.observers > 0);
  stage.session.ended();
  assert.equal(resource.observers, 0);
});
