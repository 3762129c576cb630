import assert from "node:assert/strict";
import { Code } from "../../../../protocols/coap/messages/codec.ts";
import { type Delivery, Publication } from "../../../../protocols/publication.ts";
import { bytes, hex } from "../../fakes.ts";
import { body } from "../blocks/transfers.ts";
import { brief, seeded } from "../fake_datagrams.ts";
import { ClientNetwork, SERVER, wish } from "./client_network.ts";

const idle = { peers: 0, observers: 0, replies: 0, timers: 0, transfers: 0 };

function assertIdle({ stage, clients }: ClientNetwork): void {
  const { peers, observers, replies, timers, transfers } = stage.session.load;
  assert.deepEqual({ peers, observers, replies, timers, transfers }, idle);
  for (const { questions } of clients) assert.equal(questions.size, 0);
}

Deno.test("CoapClientSession asks and hears the answer", () => {
  const net = new ClientNetwork(undefined);
  const put = net.ask(wish(Code.put, "/topics/t", { payload: "21" }));
  const get = net.ask(wish(Code.get, "/topics/t"));
  const none = net.ask(wish(Code.get, "/topics/none", { isConfirmable: false }));
  net.run(100);
  assert.deepEqual(put.answers.map(({ code }) => code), [Code.created]);
  assert.equal(get.text, "21");
  assert.deepEqual(none.answers.map(({ code }) => code), [Code.notFound]);
  assert.equal(net.sent, 3);
});

Deno.test("CoapClientSession moves bodies of any length in blocks of any size", () => {
  for (const szx of [0, 2, 6, undefined]) {
    const net = new ClientNetwork(undefined), payload = body(3000);
    const put = net.ask(wish(Code.put, "/topics/t", { payload, szx }));
    net.run(1000);
    assert.deepEqual(put.answers.map(({ code }) => code), [Code.created]);
    const get = net.ask(wish(Code.get, "/topics/t", { szx }));
    net.run(1000);
    assert.deepEqual(get.answers[0]!.payload, payload);
  }
});

Deno.test("CoapClientSession keeps two bodies for one resource apart by Request-Tag", () => {
  const clients = new ClientNetwork(undefined, 1, { nstart: 2 });
  const bodies = [body(3000).fill(1), body(3000).fill(2)];
  const heard = bodies.map((payload) => clients.ask(wish(Code.put, "/topics/t", { payload })));
  clients.run(1000);
  assert.deepEqual(heard.flatMap(({ answers }) => answers.map(brief)), ["2.01", "2.04"]);
  assert.deepEqual(clients.stage.space.values.get("t")!.payload, bodies[1]);
});

Deno.test("CoapClientSession refuses an answer that is longer than was wanted", () => {
  const net = new ClientNetwork(undefined);
  net.stage.tell("t", body(3000));
  const get = net.ask(wish(Code.get, "/topics/t", { maxBytes: 2000 }));
  net.run(1000);
  assert.match(get.errors.join(), /it has more than 2000 bytes/);
});

Deno.test("CoapClientSession gives up a server that is not there", () => {
  const net = new ClientNetwork(undefined, 1, { maxRetransmit: 2 });
  net.stage.feed = () => {};
  const get = net.ask(wish(Code.get, "/topics/t"));
  net.run(60_000);
  assert.deepEqual(get.errors, [`No answer from ${SERVER}: the request was not acknowledged`]);
  const late = net.ask(wish(Code.get, "/topics/t", { isConfirmable: false, timeoutMs: 500 }));
  net.run(500);
  assert.deepEqual(late.errors, [`No answer from ${SERVER} within 500 ms`]);
  assert.equal(net.clients[0]!.questions.size, 0);
});

Deno.test("CoapClientSession waits for an answer that comes separately", () => {
  const net = new ClientNetwork(undefined);
  const asked: Publication[] = [];
  const deliver = ({ publication }: Delivery) => asked.push(publication) > 0;
  net.stage.subscribe("ask", { qos: 1 }, { name: "responder", deliver });
  const ask = net.ask(wish(Code.post, "/topics/ask?reply=20s"));
  net.run(10_000);
  assert.equal(ask.answers.length, 0);
  const { responseTopic } = asked[0]!.properties!;
  net.stage.space.publish(new Publication(responseTopic!, bytes("now")));
  net.stage.turn();
  net.run(10);
  assert.equal(ask.text, "now");
  assert.equal(net.clients[0]!.questions.size, 0);
});

Deno.test("CoapClientSession repeats a request with the Echo that a server asks for", () => {
  const net = new ClientNetwork(undefined), [client] = net.clients;
  const seen: string[] = [];
  net.stage.feed = (datagram) => {
    seen.push(datagram.toHex());
    const id = [...datagram.subarray(2, 4)], token = [...datagram.subarray(4, 7)];
    const code = seen.length === 1 ? [0x63, 0x81] : [0x63, 0x45];
    // 4.01 with Echo (option 252) of one byte; then 2.05.
    const options = seen.length === 1 ? [0xd1, 252 - 13, 0xee] : [];
    const answer = Uint8Array.of(...code, ...id, ...token, ...options);
    net.network.after(1, () => client!.receive(answer, SERVER, net.network.now));
  };
  const get = net.ask(wish(Code.get, "/a"));
  net.run(100);
  assert.deepEqual(get.answers.map(({ code }) => code), [Code.content]);
  assert.equal(seen.length, 2);
  assert(seen[1]!.endsWith("d1e4ee"), "Echo follows Uri-Path");
});

Deno.test("CoapClientSession believes only whom it has asked", () => {
  const net = new ClientNetwork(undefined), [client] = net.clients;
  net.stage.feed = () => {};
  const get = net.ask(wish(Code.get, "/a"));
  const forged = hex("5345 0001 090001 ff 78");
  client!.receive(forged, "192.0.2.66:5683", net.network.now);
  assert.equal(get.answers.length, 0);
  client!.receive(forged, SERVER, net.network.now);
  assert.equal(get.text, "x");
});

Deno.test("CoapClientSession resets what it did not ask for, and pings", () => {
  const net = new ClientNetwork(undefined), [client] = net.clients;
  const sent: string[] = [];
  net.stage.feed = (datagram) => void sent.push(datagram.toHex());
  const say = (digits: string) => client!.receive(hex(digits), SERVER, net.network.now);
  say("4000 0007"); // a ping
  say("4145 0008 aa"); // an answer to nobody
  say("4001 0009"); // a request
  say("5045 000a"); // NON, to nobody: silence
  say("5045 000b 6101"); // a notification to nobody
  say("6000 000c"); // acknowledges nothing
  net.run(10);
  assert.deepEqual(sent, ["70000007", "70000008", "70000009", "7000000b"]);
});

Deno.test("Subscription hears what a resource is, and each time that it changes", () => {
  const net = new ClientNetwork(undefined);
  net.stage.tell("t", "1");
  const { heard, subscription } = net.follow(wish(Code.get, "/topics/t"));
  net.run(10);
  for (const text of ["2", "3"]) {
    net.stage.tell("t", text);
    net.run(10);
  }
  assert.deepEqual(heard.answers.map(({ payload }) => new TextDecoder().decode(payload)), [
    "1",
    "2",
    "3",
  ]);
  subscription.cancel(net.network.now);
  net.run(10);
  net.stage.tell("t", "4");
  net.run(300_000);
  assert.equal(heard.text, "3");
  assertIdle(net);
});

Deno.test("Subscription fetches the rest of values that take more than one message", () => {
  const net = new ClientNetwork(undefined), values = [body(3000), body(5000).reverse()];
  net.stage.tell("t", values[0]!);
  const { heard } = net.follow(wish(Code.get, "/topics/t"));
  net.run(100);
  net.stage.tell("t", values[1]!);
  net.run(100);
  assert.deepEqual(heard.answers.map(({ payload }) => payload), values);
});

Deno.test("Subscription ends with what a server says last", () => {
  const net = new ClientNetwork(undefined);
  net.stage.tell("t", "1");
  const refused = net.follow(wish(Code.get, "/nowhere"));
  const cleared = net.follow(wish(Code.get, "/ps/t"));
  net.run(10);
  assert(refused.heard.isFinished);
  assert(!cleared.heard.isFinished);
  net.ask(wish(Code.delete, "/ps/t"));
  net.run(10_000);
  assert.deepEqual(cleared.heard.answers.map(({ code }) => code), [Code.content, Code.notFound]);
  assert(cleared.heard.isFinished);
});

Deno.test("Subscription asks anew when what it knows is not fresh any more", () => {
  const net = new ClientNetwork(undefined);
  net.stage.tell("t", "1");
  const { heard } = net.follow(wish(Code.get, "/topics/t"));
  net.run(10);
  // The server has forgotten everybody.
  for (const receiver of [...net.stage.space.subscriptions.keys()]) {
    (receiver as unknown as { failed(): void }).failed();
  }
  net.stage.tell("t", "2");
  net.run(60_000);
  assert.equal(heard.text, "1");
  net.run(10_000);
  assert.equal(heard.text, "2");
  net.stage.tell("t", "3");
  net.run(10);
  assert.equal(heard.text, "3");
});

for (const seed of [1, 2, 3, 4, 5]) {
  Deno.test(`Client and server over a bad network: each request is carried out once (seed ${seed})`, () => {
    const net = new ClientNetwork(seed, 4), asked: { heard: ReturnType<typeof net.ask> }[] = [];
    for (const [index, client] of net.clients.entries()) {
      for (let round = 0; round < 20; round++) {
        const payload = round % 5 === 0
          ? body(300 + round).map((byte) => byte ^ index)
          : `${round}`;
        const uri = `/topics/${index}/${round}`;
        net.network.after(round * 400, () => {
          asked.push({ heard: net.ask(wish(Code.post, uri, { payload, szx: 2 }), client) });
        });
      }
    }
    net.run(2_000_000);
    assert.equal(asked.length, 80);
    for (const { heard: { answers, errors } } of asked) {
      assert.equal(answers.length + errors.length, 1, "every exchange ends");
    }
    const answered = asked.filter(({ heard }) => heard.answers[0]?.code === Code.changed).length;
    const topics = net.stage.space.published.map(({ topic }) => topic);
    assert(answered >= 70 && topics.length >= answered, `only ${answered} are answered`);
    assert.equal(new Set(topics).size, topics.length, "nothing is carried out twice");
    net.run(300_000);
    assertIdle(net);
  });

  Deno.test(`Client and server over a bad network: followers have the last value (seed ${seed})`, () => {
    const net = new ClientNetwork(seed, 6);
    net.stage.tell("t", "0");
    const all = net.clients.map((client) => net.follow(wish(Code.get, "/topics/t"), client));
    net.run(60_000);
    for (let value = 1; value <= 100; value++) {
      net.stage.tell("t", value === 100 ? body(700) : String(value));
      net.run(100);
    }
    net.run(400_000);
    for (const { heard } of all) {
      assert.deepEqual(heard.errors, []);
      assert.deepEqual(heard.answers.at(-1)!.payload, body(700));
    }
    for (const { subscription } of all) subscription.cancel(net.network.now);
    net.run(100_000);
    // Whoever asked to be told once more before it went is asked whether it is still there.
    net.stage.tell("t", "end");
    net.run(400_000);
    assertIdle(net);
  });
}

Deno.test("CoapClientSession survives whatever a server says", () => {
  const seed = 7252,
    random = seeded(seed),
    net = new ClientNetwork(undefined),
    [client] = net.clients;
  net.stage.feed = () => {};
  for (let round = 0; round < 20_000; round++) {
    if (round % 50 === 0) {
      net.ask(wish(Code.get, "/a", { timeoutMs: 10, szx: 1 }));
      net.follow(wish(Code.get, "/b", { timeoutMs: 10 }));
    }
    const datagram = Uint8Array.from({ length: 7 + random() * 30 }, () => random() * 256);
    datagram[0] = 0x40 | (random() * 4) << 4 | 3;
    if (random() < 0.8) datagram.set([9, 0, round / 25 & 255], 4);
    client!.receive(datagram, SERVER, net.network.now);
    net.run(1);
  }
  net.run(1_000_000);
  assert(client!.questions.size <= 500, `seed ${seed}`);
});
