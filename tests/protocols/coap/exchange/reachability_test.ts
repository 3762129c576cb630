import assert from "node:assert/strict";
import { Reachability } from "../../../../protocols/coap/exchange/reachability.ts";
import { type CoapLimits, defaults } from "../../../../protocols/coap/limits.ts";
import {
  ACK,
  Code,
  CON,
  encode,
  Message,
  NON,
  Option,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../../protocols/coap/messages/options.ts";
import { Handlers } from "../../../../protocols/http/handlers.ts";
import { hex } from "../../fakes.ts";
import { brief, request, valueOf } from "../fake_datagrams.ts";
import { guarded, LARGE, prove, PUBLIC, withEcho } from "./reachability_stage.ts";

const observe = [new Option(Options.observe, hex(""))];

for (
  const [from, answer] of [
    ["203.0.113.7:5683", "4.01"],
    ["[2001:db8::1]:5683", "4.01"],
    ["[::ffff:203.0.113.7]:5683", "4.01"],
    ["172.32.0.1:5683", "4.01"],
    ["100.64.0.1:5683", "4.01"],
    ["[fe8::1]:5683", "4.01"],
    ["127.8.0.1:5683", `2.05 ${LARGE}`],
    ["10.1.2.3:5683", `2.05 ${LARGE}`],
    ["172.16.0.1:5683", `2.05 ${LARGE}`],
    ["192.168.1.1:5683", `2.05 ${LARGE}`],
    ["169.254.1.1:5683", `2.05 ${LARGE}`],
    ["[::ffff:192.168.1.1]:5683", `2.05 ${LARGE}`],
    ["[::ffff:c0a8:101]:5683", `2.05 ${LARGE}`],
    ["[::1]:5683", `2.05 ${LARGE}`],
    ["[fe80::1]:5683", `2.05 ${LARGE}`],
    ["[fd00::1]:5683", `2.05 ${LARGE}`],
    ["memory:1", `2.05 ${LARGE}`],
  ] as const
) {
  Deno.test(`CoapSession answers ${from} ${answer.slice(0, 4)} before it is verified`, () => {
    const stage = guarded();
    assert.equal(brief(stage.ask(request(Code.get, "/topics/large"), from)[0]!), answer);
  });
}

Deno.test("CoapSession verifies all addresses, or none, where it is told to", () => {
  const ask = (verifyAddresses: CoapLimits["verifyAddresses"], from: string) =>
    brief(guarded({ verifyAddresses }).ask(request(Code.get, "/topics/large"), from)[0]!);
  assert.equal(ask("all", "127.0.0.1:1"), "4.01");
  assert.equal(ask("none", PUBLIC), `2.05 ${LARGE}`);
});

Deno.test("CoapSession answers who is not verified as long as three times the bytes are enough", () => {
  const stage = guarded();
  assert.equal(brief(stage.ask(request(Code.get, "/topics/small"), PUBLIC)[0]!), "2.05 1");
  const put = stage.ask(request(Code.put, "/topics/t", { payload: "x" }), PUBLIC);
  assert.deepEqual(put.map(brief), ["2.01"]);
  assert.deepEqual(stage.ask(new Message(CON, 0, 5), PUBLIC).map(brief), ["RST 0.00"]);
});

Deno.test("CoapSession says nothing when even the question for proof is too long", () => {
  const bare = new Message(NON, Code.get, 1);
  assert.equal(encode(bare).length, 4);
  assert.deepEqual(guarded().ask(bare, PUBLIC), []);
});

Deno.test("CoapSession verifies an address for as long as it is said, and no other by it", () => {
  const stage = guarded({ verifiedMs: 1000 });
  prove(stage);
  const large = request(Code.get, "/topics/large");
  assert.equal(brief(stage.ask(large, PUBLIC)[0]!), `2.05 ${LARGE}`);
  assert.equal(brief(stage.ask(large, "203.0.113.7:5684")[0]!), "4.01");
  assert.equal(brief(stage.ask(large, "203.0.113.8:5683")[0]!), "4.01");
  stage.wait(1000);
  assert.equal(brief(stage.ask(large, PUBLIC)[0]!), "4.01");
});

Deno.test("CoapSession takes an Echo value of the same address for 93 to 186 seconds", () => {
  for (
    const [ms, from, answer] of [
      [93_000, PUBLIC, `2.05 ${LARGE}`],
      [186_000, PUBLIC, "4.01"],
      [0, "203.0.113.8:5683", "4.01"],
    ] as const
  ) {
    const stage = guarded();
    const [challenge] = stage.ask(request(Code.get, "/topics/large"), PUBLIC);
    stage.wait(ms);
    assert.equal(brief(stage.ask(withEcho(challenge!, "/topics/large"), from)[0]!), answer);
  }
});

Deno.test("CoapSession takes no Echo value of which a bit is wrong, or that is cut", () => {
  const stage = guarded();
  const [challenge] = stage.ask(request(Code.get, "/topics/large"), PUBLIC);
  const echo = valueOf(challenge!, Options.echo)!;
  const wrong = [echo.slice(1), Uint8Array.of(...echo, 0), new Uint8Array(8), new Uint8Array(40)];
  for (let bit = 0; bit < 64; bit++) {
    const value = echo.slice();
    value[bit >> 3]! ^= 1 << (bit & 7);
    wrong.push(value);
  }
  for (const value of wrong) {
    const options = [new Option(Options.echo, value)];
    const [answer] = guarded().ask(request(Code.get, "/topics/large", { options }), PUBLIC);
    assert.equal(brief(answer!), "4.01");
  }
});

Deno.test("CoapSession does nothing for who may not hear the outcome", () => {
  const stage = guarded();
  let calls = 0;
  stage.shared(Handlers).add("/h", (exchange) => {
    calls++;
    exchange.respond({ status: 200 }, LARGE);
  });
  for (const uri of ["/h", "/topics/t?reply=5s", "/pubsub"]) {
    const [challenge] = stage.ask(request(Code.post, uri), PUBLIC);
    assert.equal(brief(challenge!), "4.01");
  }
  assert.equal(calls, 0);
  assert.equal(stage.session.load.replies, 0);
  prove(stage);
  assert.equal(brief(stage.ask(request(Code.post, "/h"), PUBLIC)[0]!), `2.04 ${LARGE}`);
  assert.equal(calls, 1);
});

Deno.test("CoapSession asks for proof in place of an answer that comes late", () => {
  const stage = guarded(), late: (() => void)[] = [];
  stage.shared(Handlers).add("/h", (exchange) => {
    late.push(() => exchange.post(() => exchange.respond({ status: 200 }, LARGE)));
  });
  for (const [ms, expected] of [[0, "4.01"], [300, "CON 4.01"]] as const) {
    stage.ask(request(Code.get, "/h"), PUBLIC);
    stage.wait(ms);
    stage.take();
    late.pop()!();
    stage.turn();
    assert.equal(brief(stage.takeOne()), expected);
    stage.wait(100_000);
    assert.deepEqual(stage.take(), []);
    assert.equal(stage.session.load.replies, 0);
  }
});

Deno.test("An observer is verified by acknowledging a notification", () => {
  const stage = guarded();
  assert.equal(
    brief(stage.ask(request(Code.get, "/topics/small", { options: observe }), PUBLIC)[0]!),
    "2.05 1",
  );
  stage.tell("small", "2");
  const first = stage.takeOne();
  assert.equal(brief(first), "CON 2.05 2");
  stage.ask(new Message(ACK, 0, first.id), PUBLIC);
  stage.tell("small", LARGE);
  assert.equal(brief(stage.takeOne()), `NON 2.05 ${LARGE}`);
  assert.equal(brief(stage.ask(request(Code.get, "/topics/large"), PUBLIC)[0]!), `2.05 ${LARGE}`);
});

Deno.test("Who has to guess the id of a notification gets one guess", () => {
  const stage = guarded();
  stage.ask(request(Code.get, "/topics/small", { options: observe }), PUBLIC);
  stage.tell("small", "2");
  const { id } = stage.takeOne();
  stage.ask(new Message(ACK, 0, id ^ 1), PUBLIC);
  stage.ask(new Message(ACK, 0, id), PUBLIC);
  assert.equal(brief(stage.ask(request(Code.get, "/topics/large"), PUBLIC)[0]!), "4.01");
  const ids = new Set<number>();
  for (let round = 0; round < 50; round++) {
    const from = `203.0.113.${round}:1`;
    stage.ask(request(Code.get, "/topics/small", { options: observe }), from);
    stage.tell("small", String(round));
    for (const { to, message } of stage.sent) if (to === from) ids.add(message.id >> 8);
    stage.take();
  }
  assert.ok(ids.size > 30, `ids begin in ${ids.size} ways`);
});

Deno.test("An observer stays verified for its notifications, but not for what others ask", () => {
  const stage = guarded({ verifiedMs: 1000 });
  prove(stage);
  stage.ask(request(Code.get, "/topics/small", { options: observe }), PUBLIC);
  stage.wait(10_000);
  stage.tell("small", LARGE);
  assert.equal(brief(stage.takeOne()), `NON 2.05 ${LARGE}`);
  assert.equal(brief(stage.ask(request(Code.get, "/topics/large"), PUBLIC)[0]!), "4.01");
});

Deno.test("An observer that is not verified is asked for proof by a large value, and forgotten", () => {
  const stage = guarded();
  stage.ask(request(Code.get, "/topics/small", { options: observe }), PUBLIC);
  stage.tell("small", LARGE);
  assert.equal(brief(stage.takeOne()), "CON 4.01");
  stage.wait(1);
  const { observers, timers } = stage.session.load;
  assert.deepEqual([observers, timers], [0, 0]);
});

Deno.test("Reachability knows a bounded number of addresses", () => {
  const limits: CoapLimits = { ...defaults, maxVerified: 100, maxUnverified: 50 };
  const reach = new Reachability(limits, { count() {} });
  for (let port = 0; port < 10_000; port++) {
    reach.heard(`203.0.113.7:${port}`, 100);
    reach.verify(`203.0.113.8:${port}`);
    assert.ok(reach.size <= 150, `${reach.size} addresses`);
  }
  assert.ok(reach.spend("203.0.113.7:9990", 300));
  assert.ok(!reach.spend("203.0.113.7:9990", 1));
  assert.ok(!reach.spend("203.0.113.7:10", 1));
  assert.ok(reach.allows("203.0.113.8:9960"));
  assert.ok(!reach.allows("203.0.113.8:9000"));
});
