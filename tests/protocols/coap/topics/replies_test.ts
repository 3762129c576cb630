import assert from "node:assert/strict";
import {
  ACK,
  Code,
  CON,
  Message,
  NON,
  Option,
  RST,
} from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { type Delivery, Publication } from "../../../../protocols/publication.ts";
import type { Receiver } from "../../../../protocols/session.ts";
import { bytes, hex } from "../../fakes.ts";
import { brief, FakeDatagrams, request, valueOf } from "../fake_datagrams.ts";

/** A stage with somebody who subscribes to `ask`, and what that one is asked. */
function withResponder(): { stage: FakeDatagrams; asked: Publication[] } {
  const stage = new FakeDatagrams({ maxRepliesPerPeer: 2 }), asked: Publication[] = [];
  const responder: Receiver = {
    name: "responder",
    deliver({ publication }: Delivery): boolean {
      asked.push(publication);
      return true;
    },
  };
  stage.subscribe("ask", { qos: 1 }, responder);
  return { stage, asked };
}

function reply(stage: FakeDatagrams, to: Publication, text: string, contentType?: string): void {
  stage.publish(new Publication(to.properties!.responseTopic!, bytes(text), { contentType }));
  stage.turn();
}

Deno.test("CoapSession acknowledges a question, and answers with the first reply separately", () => {
  const { stage, asked } = withResponder();
  const token = hex("0a0b");
  const message = request(Code.post, "/topics/ask?reply=5s", { token, payload: "how much?" });
  assert.deepEqual(stage.ask(message), [new Message(ACK, 0, message.id)]);
  const [question] = asked;
  assert.equal(question!.text(), "how much?");
  assert.deepEqual(question!.properties!.correlationData, token);
  reply(stage, question!, "21", "application/json");
  reply(stage, question!, "22");
  const answer = stage.takeOne();
  assert.equal(brief(answer), "CON 2.04 21");
  assert.deepEqual(answer.token, token);
  assert.equal(uintOf(valueOf(answer, Options.contentFormat)!), 50);
  assert.equal(stage.session.load.replies, 1);
  assert.deepEqual(stage.ask(new Message(ACK, 0, answer.id)), []);
  assert.equal(stage.session.load.replies, 0);
  assert.equal(stage.session.load.timers, 0);
  assert.equal(stage.space.subscriptions.size, 1);
});

Deno.test("CoapSession sends a separate answer again until it is acknowledged or reset", () => {
  for (const type of [ACK, RST]) {
    const { stage, asked } = withResponder();
    stage.ask(request(Code.post, "/topics/ask?reply=5s"));
    reply(stage, asked[0]!, "21");
    const first = stage.takeOne();
    stage.wait(2000);
    assert.deepEqual(stage.takeOne(), first);
    stage.ask(new Message(type, 0, first.id));
    stage.wait(100_000);
    assert.deepEqual(stage.take(), []);
    assert.equal(stage.session.load.replies, 0);
  }
});

Deno.test("CoapSession gives a separate answer up like any other message", () => {
  const { stage, asked } = withResponder();
  stage.ask(request(Code.post, "/topics/ask?reply=5s"));
  reply(stage, asked[0]!, "21");
  stage.wait(62_000);
  assert.equal(stage.take().length, 5);
  assert.equal(stage.session.load.replies, 0);
});

Deno.test("CoapSession answers 5.04 when no reply comes in time", () => {
  const { stage, asked } = withResponder();
  stage.ask(request(Code.post, "/topics/ask?reply=1500ms"));
  stage.wait(1499);
  assert.deepEqual(stage.take(), []);
  stage.wait(1);
  const answer = stage.takeOne();
  assert.equal(brief(answer), "CON 5.04");
  reply(stage, asked[0]!, "late");
  assert.deepEqual(stage.take(), []);
});

Deno.test("CoapSession waits no longer than its limit", () => {
  const { stage } = withResponder();
  stage.ask(request(Code.post, "/topics/ask?reply=9999s"));
  stage.wait(59_999);
  assert.deepEqual(stage.take(), []);
  stage.wait(1);
  assert.equal(brief(stage.takeOne()), "CON 5.04");
});

Deno.test("CoapSession answers 5.04 at once when nobody listens", () => {
  const stage = new FakeDatagrams();
  const answers = stage.ask(request(Code.post, "/topics/ask?reply=5s"));
  assert.deepEqual(answers.map(brief), ["5.04"]);
  assert.equal(stage.space.subscriptions.size, 0);
  assert.equal(stage.session.load.replies, 0);
});

Deno.test("CoapSession answers a NON question with a NON reply and no acknowledgement", () => {
  const { stage, asked } = withResponder();
  assert.deepEqual(stage.ask(request(Code.post, "/topics/ask?reply=5s", { type: NON })), []);
  reply(stage, asked[0]!, "21");
  assert.equal(brief(stage.takeOne()), "NON 2.04 21");
  assert.equal(stage.session.load.replies, 0);
});

Deno.test("CoapSession acknowledges the duplicate of a question, and asks only once", () => {
  const { stage, asked } = withResponder();
  const message = request(Code.post, "/topics/ask?reply=5s");
  const first = stage.ask(message);
  assert.deepEqual(stage.ask(message), first);
  reply(stage, asked[0]!, "21");
  assert.equal(stage.take().length, 1);
  assert.deepEqual(stage.ask(message), first);
  assert.equal(asked.length, 1);
});

Deno.test("CoapSession sends a long reply in blocks, and asks only once", () => {
  const { stage, asked } = withResponder();
  const uri = "/topics/ask?reply=5s", text = "x".repeat(1000) + "y".repeat(1000);
  stage.ask(request(Code.post, uri));
  reply(stage, asked[0]!, text);
  const first = stage.takeOne();
  assert.equal(first.payload.length, 1024);
  stage.ask(new Message(ACK, 0, first.id));
  const options = [new Option(Options.block2, uint(0x16))];
  const [rest] = stage.ask(request(Code.post, uri, { options }));
  const texts = [first, rest!].map(({ payload }) => new TextDecoder().decode(payload));
  assert.equal(texts.join(""), text);
  assert.equal(asked.length, 1);
  stage.wait(100_000);
  assert.equal(brief(stage.ask(request(Code.post, uri, { options }))[0]!), "4.08");
});

Deno.test("CoapSession answers 5.03 when too many questions wait", () => {
  const { stage, asked } = withResponder();
  const ask = () => stage.ask(request(Code.post, "/topics/ask?reply=5s")).map(brief).join();
  assert.deepEqual([ask(), ask(), ask()], ["0.00", "0.00", "5.03"]);
  assert.equal(asked.length, 2);
  assert.notEqual(asked[0]!.properties!.responseTopic, asked[1]!.properties!.responseTopic);
});

Deno.test("CoapSession tells those who wait for a reply that it shuts down", () => {
  const { stage } = withResponder();
  stage.ask(request(Code.post, "/topics/ask?reply=5s"));
  stage.session.shutdown(stage.now);
  const answer = stage.takeOne();
  assert.deepEqual([answer.type, brief(answer)], [CON, "CON 5.03"]);
  stage.session.ended();
  assert.equal(stage.session.load.replies, 0);
  assert.equal(stage.space.subscriptions.size, 1);
});

Deno.test("The ports of one address wait for so many replies", () => {
  const stage = new FakeDatagrams({ maxRepliesPerAddress: 2 });
  stage.subscribe("ask", { qos: 1 }, { name: "responder", deliver: () => true });
  const ask = (from: string) =>
    brief(stage.ask(request(Code.post, "/topics/ask?reply=5s", { payload: "?" }), from)[0]!);
  const places = ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1"];
  assert.deepEqual(places.map(ask).map((each) => each.slice(0, 4)), [
    "0.00",
    "0.00",
    "5.03",
    "0.00",
  ]);
  stage.wait(200_000);
  assert.equal(stage.session.load.replies, 0);
});
