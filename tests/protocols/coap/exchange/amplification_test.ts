import assert from "node:assert/strict";
import {
  ACK,
  Code,
  CON,
  encode,
  Message,
  NON,
  Option,
  RST,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { Handlers } from "../../../../protocols/http/handlers.ts";
import { hex } from "../../fakes.ts";
import { brief, request, seeded } from "../fake_datagrams.ts";
import { guarded, LARGE, prove, PUBLIC } from "./reachability_stage.ts";

const codes = [...Object.values(Code).filter((code) => code < 0x20), 0x45, 0xe1];
const uris = [
  "/topics/small",
  "/topics/large",
  "/topics/large?reply=5s",
  "/topics/",
  "/topics/#",
  "/ps/small",
  "/ps",
  "/pubsub",
  "/pubsub/all",
  "/mqtt/connection?clientid=1",
  "/.well-known/core",
  "/h/now",
  "/h/late",
  "/h/stream",
  "/nowhere",
  "/",
];

/** One message of a sender that hears nothing. */
function forged(random: () => number): Uint8Array {
  const any = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const id = Math.floor(random() * 0x10000);
  if (random() < 0.1) return encode(new Message(any([ACK, RST]), 0, id));
  if (random() < 0.05) return Uint8Array.from({ length: random() * 40 }, () => random() * 256);
  const options = [
    new Option(Options.observe, uint(any([0, 0, 0, 1]))),
    new Option(Options.block2, uint(Math.floor(random() * 64))),
    new Option(Options.block1, uint(Math.floor(random() * 64))),
    new Option(Options.etag, hex("01")),
    new Option(Options.ifMatch, hex("01")),
    new Option(Options.accept, uint(50)),
    new Option(Options.noResponse, uint(2)),
    new Option(Options.echo, Uint8Array.from({ length: 8 }, () => random() * 256)),
    new Option(9, hex("")),
  ].filter(() => random() < 0.15);
  const message = request(any(codes), any(uris), {
    type: any([CON, CON, NON]),
    id: random() < 0.1 ? 7 : id,
    token: new Uint8Array(Math.floor(random() * 9)).fill(random() * 4),
    payload: random() < 0.5 ? "" : "x".repeat(random() * 40),
    options,
  });
  const datagram = message.code === 0 ? encode(new Message(message.type, 0, id)) : encode(message);
  if (random() < 0.05) datagram[Math.floor(random() * datagram.length)]! ^= 1 << random() * 8;
  return datagram;
}

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  Deno.test(`Seed ${seed}: nobody makes a gateway send three times as much to somebody else`, () => {
    const random = seeded(seed), stage = guarded({}, seeded(seed + 100));
    const late: (() => void)[] = [];
    stage.shared(Handlers).add("/h/*", (exchange) => {
      if (exchange.request.path === "/h/now") return exchange.respond({ status: 200 }, LARGE);
      late.push(() => exchange.post(() => exchange.respond({ status: 200 }, LARGE)));
    });
    const victims = ["203.0.113.7:5683", "203.0.113.7:9", "[2001:db8::7]:5683"];
    const received = new Map<string, number>(), sent = new Map<string, number>();
    let answered = 0;
    const settle = () => {
      for (const { to, bytes } of stage.sent.splice(0)) {
        answered++;
        sent.set(to, (sent.get(to) ?? 0) + bytes.length);
        const allowed = 3 * (received.get(to) ?? 0);
        assert.ok(sent.get(to)! <= allowed, `seed ${seed}: ${sent.get(to)} bytes, not ${allowed}`);
      }
    };
    for (let round = 0; round < 3000; round++) {
      const to = victims[Math.floor(random() * victims.length)]!, datagram = forged(random);
      received.set(to, (received.get(to) ?? 0) + datagram.length);
      stage.feed(datagram, to);
      settle();
      if (random() < 0.1) stage.tell("small", random() < 0.5 ? "2" : LARGE);
      if (random() < 0.2) late.pop()?.();
      stage.turn();
      settle();
      if (random() < 0.05) stage.wait(random() * 20_000);
      settle();
    }
    stage.session.shutdown(stage.now);
    stage.wait(400_000);
    settle();
    assert.ok(answered > 1000, `only ${answered} datagrams were sent`);
    assert.equal(stage.session.load.observers, 0);
  });
}

Deno.test("Who is verified hears the same as who needs not be", () => {
  const talk = (from: string, isPublic: boolean): string[] => {
    const stage = guarded(), random = seeded(42);
    stage.shared(Handlers).add("/h/*", (exchange) => exchange.respond({ status: 200 }, LARGE));
    if (isPublic) prove(stage, from);
    const heard: string[] = [];
    for (let round = 0; round < 500; round++) {
      stage.feed(forged(random), from);
      if (random() < 0.1) stage.tell("small", random() < 0.5 ? "2" : LARGE);
      for (const message of stage.take()) {
        heard.push(brief(message));
        if (message.type === CON) stage.feed(encode(new Message(ACK, 0, message.id)), from);
      }
    }
    return heard;
  };
  const near = talk("127.0.0.1:5683", false);
  assert.ok(near.length > 300);
  assert.deepEqual(talk(PUBLIC, true), near);
});
