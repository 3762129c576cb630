import assert from "node:assert/strict";
import type { CoapLimits } from "../../../../protocols/coap/limits.ts";
import {
  ACK,
  Code,
  CON,
  Message,
  NON,
  Option,
  RST,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { hex } from "../../fakes.ts";
import { brief, FakeDatagrams, PEER, request, valueOf } from "../fake_datagrams.ts";

const DAY_MS = 86_400_000;

/** A stage with observers of `t`, one for each of `tokens`. */
function observed(
  uri = "/topics/t",
  { limits = {}, tokens = ["07"] }: { limits?: Partial<CoapLimits>; tokens?: string[] } = {},
): FakeDatagrams {
  const stage = new FakeDatagrams(limits);
  for (const token of tokens) {
    const options = [new Option(Options.observe, hex(""))];
    stage.ask(request(Code.get, uri, { token: hex(token), options }));
  }
  return stage;
}

function acknowledge(stage: FakeDatagrams, { id }: Message): Message[] {
  return stage.ask(new Message(ACK, 0, id));
}

Deno.test("Observation asks for an acknowledgement every so often", () => {
  const stage = observed("/topics/t", { limits: { confirmEvery: 3 } });
  const types: number[] = [];
  for (let round = 0; round < 9; round++) {
    stage.tell("t", String(round));
    const notification = stage.takeOne();
    types.push(notification.type);
    if (notification.type === CON) acknowledge(stage, notification);
  }
  assert.deepEqual(types, [NON, NON, CON, NON, NON, CON, NON, NON, CON]);
});

Deno.test("Observation asks for an acknowledgement after a while", () => {
  const stage = observed();
  stage.wait(59_999);
  stage.tell("t", "1");
  assert.equal(brief(stage.takeOne()), "NON 2.05 1");
  stage.wait(1);
  stage.tell("t", "2");
  const probe = stage.takeOne();
  assert.equal(brief(probe), "CON 2.05 2");
  acknowledge(stage, probe);
  stage.tell("t", "3");
  assert.equal(brief(stage.takeOne()), "NON 2.05 3");
});

Deno.test("Observation of a silent topic asks once a day whether the observer is there", () => {
  const stage = observed();
  stage.tell("t", "1");
  stage.take();
  stage.wait(DAY_MS);
  const probe = stage.takeOne();
  assert.equal(brief(probe), "CON 2.05 1");
  acknowledge(stage, probe);
  stage.wait(DAY_MS - 1);
  assert.deepEqual(stage.take(), []);
  stage.wait(1);
  assert.equal(brief(stage.takeOne()), "CON 2.05 1");
  stage.wait(100_000);
  assert.equal(stage.session.load.observers, 0);
});

Deno.test("Observation with ?qos=1 asks for every acknowledgement", () => {
  const stage = observed("/topics/t?qos=1");
  for (const text of ["1", "2", "3"]) {
    stage.tell("t", text);
    const notification = stage.takeOne();
    assert.equal(brief(notification), `CON 2.05 ${text}`);
    assert.deepEqual(acknowledge(stage, notification), []);
  }
});

Deno.test("Observation has one confirmable notification on its way, and then the newest value", () => {
  const stage = observed("/topics/t?qos=1");
  stage.tell("t", "1");
  const first = stage.takeOne();
  for (const text of ["2", "3", "4"]) stage.tell("t", text);
  assert.deepEqual(stage.take(), []);
  const [next] = acknowledge(stage, first);
  assert.equal(brief(next!), "CON 2.05 4");
  assert.equal(uintOf(valueOf(next!, Options.observe)!), 3);
});

Deno.test("Observation is sent again after 2, 4, 8 and 16 seconds, and given up after 32", () => {
  const stage = observed("/topics/t?qos=1"), began = stage.now;
  const times: number[] = [], datagrams = new Set<string>();
  stage.onSend = (datagram) => {
    times.push(stage.now - began);
    datagrams.add(datagram.join());
  };
  stage.tell("t", "1");
  stage.wait(61_999);
  assert.equal(stage.session.load.observers, 1);
  stage.wait(1);
  assert.deepEqual(times, [0, 2000, 6000, 14_000, 30_000]);
  assert.equal(datagrams.size, 1);
  assert.equal(stage.session.load.observers, 0);
  assert.equal(stage.space.subscriptions.size, 0);
});

Deno.test("Observation waits up to half as long again, as chance has it", () => {
  const stage = new FakeDatagrams({}, undefined, () => 0.999);
  const options = [new Option(Options.observe, hex(""))];
  stage.ask(request(Code.get, "/topics/t?qos=1", { options }));
  stage.tell("t", "1");
  stage.wait(2990);
  assert.equal(stage.take().length, 1);
  stage.wait(10);
  assert.equal(stage.take().length, 1);
});

Deno.test("Observation sends the newest value in place of the one that was lost", () => {
  const stage = observed("/topics/t?qos=1");
  stage.tell("t", "1");
  const lost = stage.takeOne();
  stage.tell("t", "2");
  stage.wait(2000);
  const next = stage.takeOne();
  assert.equal(brief(next), "CON 2.05 2");
  assert.notEqual(next.id, lost.id);
  stage.wait(4000);
  assert.deepEqual(stage.takeOne(), next);
  acknowledge(stage, lost);
  stage.wait(8000);
  assert.deepEqual(stage.takeOne(), next);
  acknowledge(stage, next);
  stage.wait(60_000);
  assert.deepEqual(stage.take(), []);
  assert.equal(stage.session.load.observers, 1);
});

Deno.test("Observation ends when its confirmable notification is reset", () => {
  const stage = observed("/topics/t?qos=1");
  stage.tell("t", "1");
  stage.ask(new Message(RST, 0, stage.takeOne().id));
  assert.equal(stage.session.load.observers, 0);
  assert.equal(stage.session.load.timers, 0);
});

Deno.test("CoapSession has one confirmable message on its way to each peer", () => {
  const stage = observed("/topics/t?qos=1", { tokens: ["01", "02", "03"] });
  const options = [new Option(Options.observe, hex(""))];
  stage.ask(request(Code.get, "/topics/t?qos=1", { options }), "192.0.2.2:1");
  stage.tell("t", "1");
  assert.deepEqual(stage.sent.map(({ to }) => to), [PEER, "192.0.2.2:1"]);
  let { message } = stage.sent[0]!;
  stage.tell("t", "2");
  const order: string[] = [];
  for (let round = 0; round < 3; round++) {
    message = acknowledge(stage, message)[0]!;
    order.push(`${message.token[0]} ${brief(message)}`);
  }
  assert.deepEqual(order, ["2 CON 2.05 2", "3 CON 2.05 2", "1 CON 2.05 2"]);
  assert.deepEqual(acknowledge(stage, message), []);
});

Deno.test("CoapSession goes on with the next observer when one is cancelled or given up", () => {
  const stage = observed("/topics/t?qos=1", { tokens: ["01", "02", "03"] });
  stage.tell("t", "1");
  stage.take();
  const cancel = [new Option(Options.observe, hex("01"))];
  const sent = stage.ask(
    request(Code.get, "/topics/t", { token: hex("01"), options: cancel }),
  );
  assert.deepEqual(sent.map(({ type, token }) => [type, token[0]]), [[CON, 2], [ACK, 1]]);
  stage.wait(62_000);
  assert.equal(stage.session.load.observers, 1);
  assert.equal(stage.take().at(-1)!.token[0], 3);
});

Deno.test("Observation numbers its notifications modulo 2^24", () => {
  const stage = observed("/topics/t", { limits: { confirmEvery: Infinity } });
  const [observation] = stage.space.subscriptions.keys();
  (observation as unknown as { sequence: number }).sequence = 0xfffffe;
  const sequences = ["1", "2", "3"].map((text) => {
    stage.tell("t", text);
    return uintOf(valueOf(stage.takeOne(), Options.observe)!);
  });
  assert.deepEqual(sequences, [0xffffff, 0, 1]);
});

Deno.test("CoapSession notifies so many observers in one turn, and the others in the next", () => {
  const tokens = ["01", "02", "03", "04", "05"];
  const stage = observed("/topics/t", { limits: { maxBurst: 2 }, tokens });
  let signals = 0;
  const signal = stage.session.signal.bind(stage.session);
  stage.session.signal = (mail, now) => {
    signals++;
    signal(mail, now);
  };
  stage.tell("t", "1");
  assert.equal(stage.take().length, 5);
  assert.equal(signals, 3);
});

Deno.test("CoapSession tries again what a socket or a mailbox had no room for", () => {
  const stage = observed("/topics/t", { tokens: ["01", "02"] });
  stage.accepts = false;
  stage.tell("t", "1");
  stage.tell("t", "2");
  stage.wait(100);
  stage.accepts = true;
  stage.wait(10);
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 2", "NON 2.05 2"]);
  stage.hasRoom = false;
  stage.tell("t", "3");
  assert.deepEqual(stage.take(), []);
  stage.hasRoom = true;
  stage.wait(0);
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 3", "NON 2.05 3"]);
});
