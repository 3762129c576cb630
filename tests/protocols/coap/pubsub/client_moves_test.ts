import assert from "node:assert/strict";
import {
  ACK,
  Code,
  encode,
  Message,
  Option,
  RST,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { hex } from "../../fakes.ts";
import { hook } from "../../hooked.ts";
import {
  brief,
  FakeDatagrams,
  PEER,
  request,
  type RequestParts,
  seeded,
} from "../fake_datagrams.ts";
import { ask, connect } from "./client_stage.ts";
import { observe } from "./pubsub_stage.ts";

const MOVED = "192.0.2.1:6000", STRANGER = "198.51.100.7:5000";

Deno.test("observations go to where their client is now", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  observe(stage, `/ps/a?${me}`, 1);
  observe(stage, `/ps/b?qos=1&${me}`, 2);
  observe(stage, "/ps/a", 3);
  stage.tell("b", "on its way");
  assert.equal(brief(stage.takeOne()), "CON 2.05 on its way");
  assert.equal(ask(stage, Code.put, `/mqtt/connection?${me}`, MOVED), "2.04");
  stage.tell("a", "1");
  const told = stage.sent.splice(0).map(({ to, message }) => `${to} ${message.token[0]}`);
  assert.deepEqual(told, [`${MOVED} 1`, `${PEER} 3`]);
});

Deno.test("what was on its way to the old address is sent to the new one", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  observe(stage, `/ps/b?qos=1&${me}`, 2);
  stage.tell("b", "1");
  const lost = stage.takeOne();
  stage.feed(encode(request(Code.put, `/mqtt/connection?${me}`)), MOVED);
  const heard = stage.sent.splice(0).map(({ to, message }) => [to, brief(message)]);
  assert.deepEqual(heard, [[MOVED, "2.04"], [MOVED, "CON 2.05 1"]]);
  // The old address has nothing to say any more.
  stage.feed(encode(new Message(RST, 0, lost.id, hex(""), [], hex(""))), PEER);
  assert.equal(stage.session.load.observers, 1);
  stage.wait(3_000);
  assert.deepEqual(stage.sent.splice(0).map(({ to }) => to), [MOVED]);
  stage.wait(100_000);
  assert.deepEqual(stage.session.load.peers, 2);
});

Deno.test("a client may do what may be done from where it is now", () => {
  const stage = new FakeDatagrams();
  hook(stage, { authorize: ({ identity }) => !identity.address.startsWith("198.") });
  const me = connect(stage, "7");
  assert.equal(ask(stage, Code.put, `/ps/a?${me}`, MOVED), "2.01");
  assert.equal(ask(stage, Code.put, `/ps/a?${me}`, STRANGER), "4.03");
  assert.equal(ask(stage, Code.put, `/ps/a?${me}`), "2.04");
});

Deno.test("an observation ends when its token is in use where its client is now", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  observe(stage, `/ps/a?${me}`, 1);
  observe(stage, `/ps/b?${me}`, 2);
  observe(stage, "/ps/c", 1, MOVED);
  ask(stage, Code.put, `/mqtt/connection?${me}`, MOVED);
  for (const topic of ["a", "b", "c"]) stage.tell(topic, topic);
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 b", "NON 2.05 c"]);
});

Deno.test("a client that observes anew from another address observes once", () => {
  const stage = new FakeDatagrams(), me = connect(stage, "7");
  observe(stage, `/ps/a?${me}`, 1);
  assert.equal(observe(stage, `/ps/a?${me}`, 1, MOVED), "2.05 observed");
  stage.tell("a", "1");
  assert.deepEqual(stage.sent.splice(0).map(({ to }) => to), [MOVED]);
  const leave: RequestParts = { token: hex("01"), options: [new Option(Options.observe, uint(1))] };
  stage.ask(request(Code.get, `/ps/a?${me}`, leave), MOVED);
  assert.equal(stage.session.load.observers, 0);
});

Deno.test("clients that come, move and go at random leave nothing behind", () => {
  const stage = new FakeDatagrams(), random = seeded(5683), tokens = new Map<string, string>();
  const addresses = [PEER, MOVED, STRANGER];
  const pick = <T>(all: readonly T[]) => all[Math.floor(random() * all.length)]!;
  for (let round = 0; round < 3000; round++) {
    const id = pick(["1", "2", "3"]), me = tokens.get(id), from = pick(addresses);
    const dice = random();
    if (me === undefined || dice < 0.1) tokens.set(id, connect(stage, id, "", from));
    else if (dice < 0.4) {
      const qos = pick([0, 1]);
      observe(stage, `/ps/${pick(["a", "b"])}?qos=${qos}&${me}`, pick([1, 2, 3]), from);
    } else if (dice < 0.7) ask(stage, Code.put, `/ps/${pick(["a", "b"])}?${me}`, from);
    else if (dice < 0.8) {
      ask(stage, Code.delete, `/mqtt/connection?${me}`, from);
      tokens.delete(id);
    } else if (dice < 0.9) stage.wait(random() * 5_000);
    else {
      for (const { message, to } of stage.sent.splice(0)) {
        if (message.type !== 0) continue;
        stage.feed(encode(new Message(ACK, 0, message.id, hex(""), [], hex(""))), to);
      }
    }
  }
  stage.wait(1_000_000);
  const { clients, observers, peers, timers } = stage.session.load;
  assert.deepEqual([clients, observers, peers, timers], [0, 0, 0, 0]);
  assert.equal(stage.space.subscriptions.size, 0);
});
