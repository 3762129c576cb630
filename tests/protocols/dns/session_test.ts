import assert from "node:assert/strict";
import { decodeMessage, type DnsMessage, encodeMessage } from "../../../protocols/dns/message.ts";
import { dns, type DnsOptions } from "../../../protocols/dns/session.ts";
import { answerOf, type Asking, DnsTable } from "../../../protocols/dns/table.ts";
import type { DatagramSession, DatagramWire, Session } from "../../../protocols/session.ts";
import { FakeMember } from "../fake_member.ts";
import { FakeSpace, hex, join, Stage } from "../fakes.ts";

const FROM = "192.0.2.9:4000";
const zones = [{
  name: "home.example",
  records: [{ name: "www.home.example", ttl: 60, type: "A", address: "192.0.2.1" } as const],
}];

class Datagrams extends FakeMember implements DatagramWire {
  override readonly name = "dns";
  readonly maxBytes = 1232;
  readonly sent: Uint8Array[] = [];
  readonly session: DatagramSession;

  constructor(options: DnsOptions = {}, space = new FakeSpace()) {
    super(space);
    this.session = dns({ zones, ...options })(this as DatagramWire, this, 0);
  }

  send(bytes: Uint8Array): boolean {
    return this.sent.push(bytes.slice()) > 0;
  }

  deliver = () => true;
  post = () => true;

  ask(query: Uint8Array): DnsMessage | undefined {
    const view = query.slice();
    this.session.receive(view, FROM, 0);
    view.fill(0xdb);
    const sent = this.sent.shift();
    return sent && decodeMessage(sent);
  }
}

function query(name: string, more: Partial<DnsMessage> = {}): Uint8Array {
  return encodeMessage({
    id: 7,
    recursionDesired: true,
    questions: [{ name, type: "A" }],
    answers: [],
    authorities: [],
    additionals: [],
    ...more,
  });
}

const edns = { udpBytes: 4096, version: 0, flags: 0x8000, options: new Uint8Array() };
const known = query("www.home.example");

Deno.test("DNS answers again from memory, with the id and the case of each question", () => {
  const server = new Datagrams();
  for (const id of [1, 2, 65_535]) {
    for (const name of ["www.home.example", "WWW.home.example"]) {
      const reply = server.ask(query(name, { id }))!;
      assert.deepEqual([reply.id, reply.rcode, reply.authoritative], [id, 0, true]);
      assert.deepEqual([reply.answers[0]?.name, reply.questions[0]?.name], [name, name]);
    }
  }
});

const reactions: [name: string, query: Uint8Array, rcode: number | undefined][] = [
  ["a datagram shorter than a header", known.subarray(0, 11), undefined],
  ["a reply", query("www.home.example", { response: true }), undefined],
  ["an opcode that is not QUERY", query("www.home.example", { opcode: 2 }), 4],
  ["no question", query("a", { questions: [] }), 1],
  ["two questions", query("a", { questions: Array(2).fill({ name: "a", type: "A" }) }), 1],
  ["a question that is cut", known.subarray(0, 20), 1],
  ["bytes behind the question", join([known, hex("00")]), 1],
  ["another class", query("a", { questions: [{ name: "a", type: "A", class: 3 }] }), 5],
  ["a transfer", query("a", { questions: [{ name: "home.example", type: "AXFR" }] }), 5],
  ["a name of others", query("elsewhere.example"), 5],
  ["EDNS1", query("www.home.example", { edns: { ...edns, version: 1 } }), 16],
];
for (const [name, bytes, rcode] of reactions) {
  Deno.test(`DNS answers ${name} with ${rcode ?? "nothing"}`, () => {
    const reply = new Datagrams().ask(bytes);
    assert.equal(reply?.rcode, rcode);
    if (reply) assert.deepEqual([reply.id, reply.response, reply.answers], [7, true, []]);
  });
}

Deno.test("EDNS0 is answered with EDNS0, and nothing else is", () => {
  const server = new Datagrams();
  const reply = server.ask(query("www.home.example", { edns }));
  assert.deepEqual(reply?.edns, { ...edns, udpBytes: 1232 });
  assert.equal(server.ask(known)?.edns, undefined);
});

Deno.test("Every cut and every flipped byte of a question gets a reply or none, never a crash", () => {
  const server = new Datagrams();
  for (let at = 0; at < known.length; at++) {
    server.ask(known.subarray(0, at));
    for (const flip of [1, 0x80, 0xc0, 0xff]) {
      const changed = known.slice();
      changed[at]! ^= flip;
      server.ask(changed);
    }
  }
  assert.equal(server.ask(known)?.rcode, 0);
});

Deno.test("Handlers are asked in turn, later answers come later, and too many wait in vain", () => {
  const space = new FakeSpace();
  const asked: Asking[] = [];
  const table = space.shared(DnsTable);
  table.add((asking) => asking.reply(undefined));
  const remove = table.add((asking) => void asked.push(asking));
  const server = new Datagrams({ limits: { maxPendingOfSocket: 2 } }, space);
  for (const name of ["a", "b", "c"]) assert.equal(server.ask(query(name)), undefined);
  assert.deepEqual(asked.map(({ question }) => question.name), ["a", "b"]);
  assert.equal(space.counts.get("dns.dropped"), 1);
  for (const asking of asked.splice(0)) {
    asking.reply(answerOf([{ type: "A", address: "192.0.2.5" }], asking.question));
    asking.reply(answerOf("SERVFAIL", asking.question));
  }
  assert.deepEqual(server.sent.map((each) => decodeMessage(each).answers[0]?.name), ["a", "b"]);
  remove();
  server.sent.length = 0;
  assert.equal(server.ask(query("a"))?.rcode, 5);
});

function framed(...queries: Uint8Array[]): Uint8Array {
  return join(queries.flatMap((each) => [Uint8Array.of(each.length >> 8, each.length), each]));
}

function replies(stage: Stage): number[] {
  const ids: number[] = [];
  const all = stage.take();
  for (let at = 0; at < all.length;) {
    const length = all[at]! << 8 | all[at + 1]!;
    ids.push(decodeMessage(all.subarray(at + 2, at + 2 + length)).id);
    at += 2 + length;
  }
  return ids;
}

function stream(space = new FakeSpace(), options: DnsOptions = {}): Stage {
  return new Stage<Session>(dns({ zones, ...options }), space);
}

Deno.test("DNS by TCP answers questions that come together, and byte by byte", () => {
  const three = framed(...[1, 2, 3].map((id) => query("www.home.example", { id })));
  for (const step of [1, 7, Infinity]) {
    const stage = stream();
    stage.feed(three, step);
    assert.deepEqual(replies(stage), [1, 2, 3]);
  }
});

Deno.test("DNS by TCP is not truncated", () => {
  const records = Array.from({ length: 300 }, (_, n) => ({
    name: "big.example",
    ttl: 1,
    type: "A" as const,
    address: `192.0.${n >> 8}.${n & 255}`,
  }));
  const options = { zones: [{ name: "big.example", records }] };
  const stage = stream(undefined, options);
  stage.feed(framed(query("big.example")));
  const reply = decodeMessage(stage.take().subarray(2));
  assert.deepEqual([reply.truncated, reply.answers.length], [false, 300]);
  assert.equal(new Datagrams(options).ask(query("big.example"))?.truncated, true);
});

Deno.test("DNS by TCP reads no more than so many questions ahead of their answers", () => {
  const space = new FakeSpace();
  const asked: Asking[] = [];
  space.shared(DnsTable).add((asking) => void asked.push(asking));
  const stage = stream(space, { limits: { maxPendingOfStream: 2 } });
  stage.feed(framed(...[1, 2, 3].map((id) => query("other.example", { id }))));
  assert.deepEqual([asked.length, stage.paused], [2, true]);
  stage.wait(60_000);
  assert.equal(stage.closed, false);
  asked[1]!.reply(answerOf([], asked[1]!.question));
  stage.turn();
  assert.deepEqual([replies(stage), asked.length], [[2], 3]);
});

Deno.test("DNS by TCP hangs up on silence, and after the last answer when it is to stop", () => {
  const silent = stream();
  silent.wait(9_999);
  assert.equal(silent.closed, false);
  silent.wait(1);
  assert.equal(silent.closed, true);

  const space = new FakeSpace();
  const asked: Asking[] = [];
  space.shared(DnsTable).add((asking) => void asked.push(asking));
  const busy = stream(space);
  busy.feed(framed(query("other.example")));
  busy.session.shutdown(0);
  assert.equal(busy.closed, false);
  asked[0]!.reply(answerOf("REFUSED", asked[0]!.question));
  busy.turn();
  assert.deepEqual([replies(busy), busy.closed], [[7], true]);
});
