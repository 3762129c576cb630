import assert from "node:assert/strict";
import { Block } from "../../../../protocols/coap/blocks/block.ts";
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
import { bytes } from "../../fakes.ts";
import { body } from "../blocks/transfers.ts";
import { seeded, valueOf } from "../fake_datagrams.ts";
import { AskingClient, endOf, textsOf } from "./asking_client.ts";
import { ClientNetwork, SERVER, wish } from "./client_network.ts";

/** An answer in the acknowledgement of a request. */
function inAck({ id, token }: Message, code: number, text = "", options: Option[] = []): Message {
  return new Message(ACK, code, id, token, options, bytes(text));
}

/** A message of the server's own. */
function own(type: number, id: number, { token }: Message, text: string, options: Option[] = []) {
  return new Message(type, Code.content, id, token, options, bytes(text));
}

const observe = (sequence: number) => new Option(Options.observe, uint(sequence));

const block = (option: number, ...[number, more, szx]: ConstructorParameters<typeof Block>) =>
  new Option(option, new Block(number, more, szx).encode());

Deno.test("CoapClientSession acknowledges a separate answer, each time that it comes", () => {
  const client = new AskingClient(), asked = client.ask(Code.get, "/a"), request = client.takeOne();
  client.hear(new Message(ACK, Code.empty, request.id));
  client.wait(50_000);
  assert.deepEqual(client.sent, [], "what was acknowledged is not sent again");
  for (let i = 0; i < 2; i++) {
    client.hear(own(CON, 77, request, "21.5"));
    const { type, code, id } = client.takeOne();
    assert.deepEqual([type, code, id], [ACK, Code.empty, 77]);
  }
  assert.equal(endOf(asked), "CON 2.05 21.5");
});

Deno.test("CoapClientSession hears a new answer under an id that was used long ago", () => {
  const client = new AskingClient();
  for (let i = 0; i < 2; i++) {
    const asked = client.ask(Code.get, "/a"), request = client.takeOne();
    client.hear(new Message(ACK, Code.empty, request.id));
    client.hear(own(CON, 77, request, `${i}`));
    assert.equal(endOf(asked), `CON 2.05 ${i}`);
    client.takeOne();
    client.wait(247_000);
  }
});

Deno.test("CoapClientSession takes a separate answer whose acknowledgement was lost", () => {
  const client = new AskingClient(), asked = client.ask(Code.get, "/a");
  client.hear(own(NON, 77, client.takeOne(), "21.5"));
  assert.equal(endOf(asked), "NON 2.05 21.5");
  client.wait(400_000);
  assert.deepEqual(client.sent, []);
});

Deno.test("CoapClientSession sends a request again, and gives up by RFC 7252 §4.8", () => {
  const client = new AskingClient({}, () => 0), asked = client.ask(Code.get, "/a");
  const first = client.takeOne();
  for (const ms of [2000, 4000, 8000, 16_000]) {
    client.wait(ms - 1);
    assert.deepEqual(client.sent, []);
    client.wait(1);
    assert.deepEqual(client.takeOne(), first);
  }
  client.wait(32_000);
  assert.match(endOf(asked), /the request was not acknowledged/);
  assert.equal(client.session.deadline, Infinity);
});

Deno.test("CoapClientSession says that a request was answered with a reset", () => {
  const client = new AskingClient();
  for (const isConfirmable of [true, false]) {
    const asked = client.ask(Code.get, "/a", { isConfirmable });
    client.hear(new Message(RST, Code.empty, client.takeOne().id));
    assert.equal(endOf(asked), `No answer from ${SERVER}: the request was answered with a reset`);
  }
});

Deno.test("CoapClientSession refuses a critical option that it does not know", () => {
  const client = new AskingClient(), asked = client.ask(Code.get, "/a");
  client.hear(inAck(client.takeOne(), Code.content, "x", [new Option(65_001, bytes(""))]));
  assert.match(endOf(asked), /option 65001 is not understood/);
});

Deno.test("CoapClientSession takes smaller blocks after 4.13, and begins anew after 4.08", () => {
  const client = new AskingClient(), payload = "x".repeat(100);
  const asked = client.ask(Code.put, "/a", { payload, szx: 2 });
  const sent = () => {
    const message = client.takeOne();
    return { message, block: valueOf(message, Options.block1), size: message.payload.length };
  };
  client.hear(inAck(sent().message, Code.tooLarge, "", [block(Options.block1, 0, true, 1)]));
  let next = sent();
  assert.deepEqual([next.block, next.size], [Uint8Array.of(0x09), 32]);
  client.hear(inAck(next.message, Code.continue, "", [block(Options.block1, 0, true, 1)]));
  next = sent();
  assert.deepEqual([next.block, next.size], [Uint8Array.of(0x19), 32]);
  client.hear(inAck(next.message, Code.incomplete));
  next = sent();
  assert.deepEqual([next.block, next.size], [Uint8Array.of(0x09), 32]);
  client.hear(inAck(next.message, Code.incomplete));
  assert.equal(endOf(asked), "4.08");
});

Deno.test("CoapClientSession begins anew when the value changes between its blocks", () => {
  const client = new AskingClient(), asked = client.ask(Code.get, "/a", { szx: 0 });
  const part = (number: number, more: boolean, etag: number) => [
    new Option(Options.etag, Uint8Array.of(etag)),
    block(Options.block2, number, more, 0),
  ];
  client.hear(inAck(client.takeOne(), Code.content, "a".repeat(16), part(0, true, 1)));
  client.hear(inAck(client.takeOne(), Code.content, "b", part(1, false, 2)));
  const again = client.takeOne();
  assert.deepEqual(valueOf(again, Options.block2), uint(0));
  client.hear(inAck(again, Code.content, "b".repeat(16), part(0, true, 2)));
  client.hear(inAck(client.takeOne(), Code.content, "b", part(1, false, 2)));
  assert.equal(endOf(asked), `2.05 ${"b".repeat(17)}`);
});

Deno.test("CoapClientSession asks for each block of a FETCH with its payload", () => {
  const client = new AskingClient();
  const asked = client.ask(Code.fetch, "/a", { payload: '["/x"]', szx: 0 });
  for (const [number, more] of [[0, true], [1, false]] as const) {
    const request = client.takeOne();
    assert.deepEqual(request.payload, bytes('["/x"]'));
    const text = "x".repeat(16);
    client.hear(inAck(request, Code.content, text, [block(Options.block2, number, more, 0)]));
  }
  assert.equal(endOf(asked), `2.05 ${"x".repeat(32)}`);
});

Deno.test("A FETCH whose answer takes many blocks is answered what it asks for", () => {
  const net = new ClientNetwork(undefined), x = "x".repeat(500);
  net.stage.tell("t", JSON.stringify({ x, y: 1 }), true, "application/json");
  const format = new Option(Options.contentFormat, uint(50));
  const asked = net.ask(
    wish(Code.fetch, "/topics/t", { payload: '["/x"]', options: [format], szx: 1 }),
  );
  net.run(10_000);
  assert.equal(endOf(asked), `2.05 ${JSON.stringify({ "/x": x })}`);
});

Deno.test("CoapClientSession refuses an answer without blocks that is too long", () => {
  const client = new AskingClient(), asked = client.ask(Code.get, "/a", { maxBytes: 20 });
  client.hear(inAck(client.takeOne(), Code.content, "x".repeat(21)));
  assert.match(endOf(asked), /it has more than 20 bytes/);
});

Deno.test("Subscription shows no older value after a newer one (RFC 7641 §3.4)", () => {
  const client = new AskingClient(), { heard } = client.follow(Code.get, "/a");
  const request = client.takeOne();
  client.hear(inAck(request, Code.content, "1", [observe(10)]));
  client.hear(own(NON, 3, request, "3", [observe(12)]));
  client.hear(own(NON, 2, request, "2", [observe(11)]));
  client.hear(own(NON, 3, request, "3", [observe(12)]));
  client.hear(own(NON, 4, request, "4", [observe(0xffffff)]));
  assert.deepEqual(textsOf(heard), ["1", "3"]);
  client.hear(own(NON, 5, request, "5", [observe(0x7fffff)]));
  client.hear(own(NON, 6, request, "6", [observe(0xfffff0)]));
  client.hear(own(NON, 7, request, "7", [observe(3)]));
  assert.deepEqual(textsOf(heard), ["1", "3", "5", "6", "7"]);
});

Deno.test("Subscription hears a value in an acknowledgement that a notification overtook", () => {
  const client = new AskingClient(), { heard } = client.follow(Code.get, "/a");
  const request = client.takeOne();
  client.hear(own(NON, 3, request, "1", [observe(10)]));
  client.hear(inAck(request, Code.content, "2", [observe(11)]));
  assert.deepEqual(textsOf(heard), ["1", "2"]);
});

Deno.test("Subscription cancels under its token, and rejects what still comes", () => {
  const client = new AskingClient(), { heard, subscription } = client.follow(Code.get, "/a");
  const request = client.takeOne();
  client.hear(inAck(request, Code.content, "1", [observe(10)]));
  subscription.cancel(client.now);
  const goodbye = client.takeOne();
  assert.deepEqual([goodbye.token, valueOf(goodbye, Options.observe)], [request.token, uint(1)]);
  client.hear(inAck(goodbye, Code.content, "1"));
  client.hear(own(CON, 9, request, "2", [observe(11)]));
  assert.equal(client.takeOne().type, RST);
  assert.deepEqual(textsOf(heard), ["1"]);
});

Deno.test("CoapClientSession survives every truncation, every flipped bit and noise", () => {
  const answers = [
    (request: Message) => inAck(request, Code.content, "21.5", [observe(3)]),
    (request: Message) => own(CON, 5, request, "on", [block(Options.block2, 0, true, 0)]),
    (request: Message) => inAck(request, Code.continue, "", [block(Options.block1, 0, true, 0)]),
    (request: Message) => new Message(RST, Code.empty, request.id),
  ];
  const begin = () => {
    const client = new AskingClient();
    const asked = client.ask(Code.put, "/a", { payload: body(20), szx: 0 });
    return { client, asked, request: client.takeOne() };
  };
  for (const answer of answers) {
    const { length } = encode(answer(begin().request));
    for (let at = 0; at < length; at++) {
      for (let bit = -1; bit < 8; bit++) {
        const { client, asked, request } = begin(), whole = encode(answer(request));
        if (bit >= 0) whole[at]! ^= 1 << bit;
        client.hear(bit < 0 ? whole.subarray(0, at) : whole);
        client.wait(4_000_000);
        endOf(asked);
        assert.equal(client.session.questions.size, 0);
      }
    }
  }
  const { client } = begin(), random = seeded(5);
  for (let i = 0; i < 20_000; i++) {
    client.hear(Uint8Array.from({ length: random() * 40 }, () => random() * 256));
  }
});
