import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { bytes, FakeSpace, hex, join, type Stage } from "../../fakes.ts";
import { connect, frame, lines, text } from "../peer.ts";

type Members = Record<string, unknown>;

function json(target = "/", options: Parameters<typeof connect>[1] = {}): Stage {
  return connect(target, { subprotocol: "json", ...options });
}

/** Sends operations and returns what came back. */
function ask(stage: Stage, ...operations: Members[]): Members[] {
  stage.feed(join(operations.map((each) => text(JSON.stringify(each)))));
  return answers(stage);
}

function answers(stage: Stage): Members[] {
  return lines(stage.take()).map((line) => {
    assert.match(line, /^text /);
    return JSON.parse(line.slice(5));
  });
}

Deno.test("JsonMode publishes and acknowledges", () => {
  const stage = json();
  stage.now = 99;
  const answer = ask(stage, {
    op: "publish",
    id: 1,
    topic: "a/b",
    payload: "21.5",
    qos: 1,
    retain: true,
    contentType: "text/plain",
  });
  assert.deepEqual(answer, [{ op: "ack", id: 1 }]);
  const { topic, payload, qos, retain, time, contentType, origin } = stage.space.published[0]!;
  assert.deepEqual(
    { topic, payload, qos, retain, time, contentType },
    {
      topic: "a/b",
      payload: bytes("21.5"),
      qos: 1,
      retain: true,
      time: 99,
      contentType: "text/plain",
    },
  );
  assert.equal(origin, stage);
});

Deno.test("JsonMode publishes base64, and nothing at all", () => {
  const stage = json();
  ask(stage, { op: "publish", topic: "a", payload: "AP+A", encoding: "base64" });
  ask(stage, { op: "publish", topic: "a", retain: true });
  assert.deepEqual(stage.space.published.map(({ payload }) => payload), [hex("00ff80"), hex("")]);
});

Deno.test("JsonMode acknowledges only what has an id", () => {
  const stage = json();
  assert.deepEqual(ask(stage, { op: "publish", topic: "a", payload: "x" }), []);
  assert.deepEqual(ask(stage, { op: "subscribe", topic: "a" }), []);
  assert.deepEqual(ask(stage, { op: "unsubscribe", id: "u", topic: "a" }), [{
    op: "ack",
    id: "u",
  }]);
});

Deno.test("JsonMode delivers what it subscribed to as envelopes", () => {
  const stage = json();
  assert.deepEqual(ask(stage, { op: "subscribe", id: 1, filter: "a/+", qos: 1 }), [
    { op: "ack", id: 1 },
  ]);
  for (const [payload, qos] of [[bytes("é"), 2], [hex("ff"), 0]] as const) {
    stage.space.publish(new Publication("a/b", payload, { qos, time: 7, contentType: "a/b" }));
  }
  stage.turn();
  const common = { topic: "a/b", retain: false, time: 7, contentType: "a/b" };
  assert.deepEqual(answers(stage), [
    { ...common, payload: "é", qos: 1 },
    { ...common, payload: "/w==", qos: 0, encoding: "base64" },
  ]);
});

Deno.test("JsonMode delivers nothing after it unsubscribed", () => {
  const stage = json();
  ask(stage, { op: "subscribe", filter: "a" }, { op: "unsubscribe", filter: "a" });
  stage.space.publish(new Publication("a", bytes("x")));
  stage.turn();
  assert.deepEqual(answers(stage), []);
});

Deno.test("JsonMode sends stored values after the acknowledgement", () => {
  const space = new FakeSpace();
  space.publish(new Publication("a", bytes("1"), { retain: true, qos: 2, time: 5 }));
  const stage = json("/", { space });
  assert.deepEqual(ask(stage, { op: "subscribe", id: 1, filter: "#", qos: 1 }), [
    { op: "ack", id: 1 },
    { topic: "a", payload: "1", qos: 1, retain: true, time: 5 },
  ]);
});

Deno.test("JsonMode is subscribed to the topic of its path from the start", () => {
  const space = new FakeSpace();
  space.publish(new Publication("a/b", bytes("1"), { retain: true, qos: 1 }));
  const stage = json("/topics/a/%2B?qos=1", { space });
  assert.deepEqual(answers(stage), [{ topic: "a/b", payload: "1", qos: 1, retain: true, time: 0 }]);
  assert.deepEqual(ask(json("/topics/"), { op: "unsubscribe", id: 1, topic: "x" }), [
    { op: "ack", id: 1 },
  ]);
});

Deno.test("JsonMode sends many stored values no faster than they are read", () => {
  const space = new FakeSpace();
  for (let index = 0; index < 10; index++) {
    space.publish(new Publication(`a/${index}`, bytes(`${index}`), { retain: true }));
  }
  const stage = connect("/", { subprotocol: "json", space, room: 2 });
  stage.feed(
    join(["a/#", "a/3"].map((filter) => text(JSON.stringify({ op: "subscribe", filter })))),
  );
  const seen: unknown[] = [];
  for (let round = 0; round < 10; round++) {
    assert(stage.sent.length <= 3);
    seen.push(...answers(stage).map(({ payload }) => payload));
    stage.full = false;
    stage.session.drained(stage.now);
  }
  assert.deepEqual(seen, [..."0123456789", "3"]);
});

const faults: [name: string, sent: string, reason: RegExp][] = [
  ["what is not JSON", "{", /^Cannot read the message: it is not JSON$/],
  ["an array", "[]", /must be a JSON object/],
  ["null", "null", /must be a JSON object/],
  ["no operation", "{}", /^Cannot do nothing: "op" is publish, subscribe or unsubscribe$/],
  ["an unknown operation", '{"op":"fly"}', /^Cannot do "fly"/],
  ["an operation of Object's", '{"op":"toString"}', /^Cannot do "toString"/],
  ["an id that is an object", '{"op":"publish","id":{}}', /^Cannot use "id"/],
  ["an id that is too long", `{"op":"publish","id":"${"x".repeat(257)}"}`, /^Cannot use "id"/],
  ["no topic", '{"op":"publish"}', /^Cannot use "topic": a text is required$/],
  ["an empty topic", '{"op":"publish","topic":""}', /empty topic/],
  ["a topic with a wildcard", '{"op":"publish","topic":"a/#"}', /it has a wildcard/],
  ["a topic with NUL", '{"op":"publish","topic":"a\\u0000"}', /NUL/],
  ["a topic with half a character", '{"op":"publish","topic":"\\ud800"}', /not Unicode/],
  ["a topic of 65,536 bytes", `{"op":"publish","topic":"${"é".repeat(32768)}"}`, /65535 bytes/],
  ["a topic of 129 levels", `{"op":"publish","topic":"${"/".repeat(128)}"}`, /129 levels/],
  ["a filter that is none", '{"op":"subscribe","filter":"a#"}', /must fill its level/],
  ["a filter that is a number", '{"op":"subscribe","filter":1}', /^Cannot use "filter"/],
  ["a number as payload", '{"op":"publish","topic":"a","payload":1}', /^Cannot read "payload"/],
  [
    "base64 that is none",
    '{"op":"publish","topic":"a","payload":"*","encoding":"base64"}',
    /^Cannot read "payload"/,
  ],
  ["QoS 3", '{"op":"publish","topic":"a","qos":3}', /^Cannot use "qos": 3 is not 0, 1 or 2$/],
  ["retain as text", '{"op":"publish","topic":"a","retain":"yes"}', /^Cannot use "retain"/],
  [
    "a content type that would end a header field",
    '{"op":"publish","topic":"a","contentType":"a/b\\r\\nx: y"}',
    /^Cannot use "contentType"/,
  ],
];

for (const [name, sent, reason] of faults) {
  Deno.test(`JsonMode answers ${name} with an error and stays open`, () => {
    const stage = json();
    stage.feed(text(sent));
    const [answer, ...others] = answers(stage);
    assert.equal(answer!.op, "error");
    assert.match(answer!.reason as string, reason);
    assert.deepEqual(others, []);
    assert(!stage.closed);
  });
}

Deno.test("JsonMode names the operation that failed", () => {
  assert.equal(ask(json(), { op: "publish", id: "p1" })[0]!.id, "p1");
});

Deno.test("JsonMode answers a binary frame with an error", () => {
  const stage = json();
  stage.feed(frame(2, "{}"));
  assert.match(answers(stage)[0]!.reason as string, /^Cannot read a binary frame/);
});

Deno.test("JsonMode tells when a publication was accepted by nobody", () => {
  for (
    const [outcome, reason] of [["overloaded", /overloaded/], ["closing", /shutting/]] as const
  ) {
    const stage = json();
    stage.space.outcome = outcome;
    const [answer] = ask(stage, { op: "publish", id: 1, topic: "a" });
    assert.equal(answer!.op, "error");
    assert.match(answer!.reason as string, reason);
  }
});

Deno.test("JsonMode bounds the subscriptions of a client", () => {
  const stage = json("/", { limits: { maxSubscriptions: 2 } });
  const subscribe = (id: number, topic: string) => ({ op: "subscribe", id, topic });
  const [first, second, third] = ask(
    stage,
    subscribe(1, "a"),
    subscribe(2, "b"),
    subscribe(3, "c"),
  );
  assert.deepEqual([first!.op, second!.op, third!.op], ["ack", "ack", "error"]);
  assert.equal(ask(stage, subscribe(4, "a"))[0]!.op, "ack");
  ask(stage, { op: "unsubscribe", topic: "a" });
  assert.equal(ask(stage, subscribe(5, "c"))[0]!.op, "ack");
});

Deno.test("JsonMode does the same in pieces as whole", () => {
  const input = join([
    text('{"op":"subscribe","id":1,"topic":"a"}'),
    frame(1, '{"op":"publish","id":2,', { final: false }),
    frame(9, "p"),
    frame(0, '"topic":"a","payload":"é"}'),
    text("nonsense"),
  ]);
  const whole = json(), pieces = json();
  whole.feed(input);
  pieces.feed(input, 1);
  const seen = lines(whole.take()), alike = lines(pieces.take());
  // A delivery is a turn of its own, so it comes later when all is read at once.
  assert.deepEqual(alike.sort(), seen.sort());
  assert.equal(seen.length, 5);
});

Deno.test("JsonMode lets others have a turn while it looks for stored values in vain", () => {
  const stage = json();
  let taken = 0;
  stage.space.search = function* () {
    for (; taken < 1_000; taken++) yield undefined;
    yield new Publication("needle", bytes("v"), { retain: true });
  };
  stage.session.receive(text('{"op":"subscribe","id":1,"topic":"+/x"}'), 0);
  assert.ok(taken <= 256, `${taken} steps at once`);
  stage.turn();
  assert.deepEqual(answers(stage).map(({ op, topic }) => topic ?? op), ["ack", "needle"]);
});

Deno.test("JsonMode looks a past up for each operation in a turn of its own", () => {
  const stage = json();
  let questions = 0;
  stage.history = (filter) => {
    questions++;
    return [new Publication(filter, bytes("old"))];
  };
  const operations = Array.from(
    { length: 20 },
    (_, at) => ({ op: "subscribe", topic: `t/${at}`, since: 1 }),
  );
  const input = join(operations.map((each) => text(JSON.stringify(each))));
  stage.session.receive(input, 5);
  assert.ok(questions <= 2, `${questions} at once`);
  stage.turn();
  assert.equal(questions, 20);
  const told = answers(stage);
  assert.deepEqual(
    told.map(({ topic, retain }) => `${topic} ${retain}`),
    operations.map(({ topic }) => `${topic} false`),
  );
});

Deno.test("JsonMode refuses filters of too many bytes", () => {
  const stage = json("/", { limits: { maxSubscriptionBytes: 500 } });
  const filters = ["x", "y", "x"].map((each) => each.repeat(300));
  const wish = (op: string, topic: string) => ask(stage, { op, id: 1, topic })[0]!.op;
  assert.deepEqual(filters.map((each) => wish("subscribe", each)), ["ack", "error", "ack"]);
  assert.equal(wish("unsubscribe", filters[0]!), "ack");
  assert.equal(wish("subscribe", filters[1]!), "ack");
});

for (const [name, subprotocol] of [["JsonMode", "json"], ["RawMode", undefined]] as const) {
  Deno.test(`${name} lets others have a turn after few messages that are much work`, () => {
    const stage = connect("/topics/t", { subprotocol }), { space } = stage;
    const { publish } = space;
    space.publish = (publication) => {
      space.traffic.work += 1_000;
      return publish.call(space, publication);
    };
    const message = text(subprotocol === "json" ? '{"op":"publish","topic":"t"}' : "x");
    const all = join(Array(40).fill(message));
    stage.session.receive(all.slice(), 0);
    assert.equal(space.published.length, 9);
    assert.ok(stage.paused, "nothing is read meanwhile");
    stage.turn();
    assert.ok(!stage.paused);
    stage.feed(all);
    assert.equal(space.published.length, 49);
  });
}
