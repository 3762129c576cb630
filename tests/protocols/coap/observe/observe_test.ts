import assert from "node:assert/strict";
import { ACK, Code, Message, Option, RST } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { hex } from "../../fakes.ts";
import { brief, FakeDatagrams, request, type RequestParts, valueOf } from "../fake_datagrams.ts";

function observe(
  stage: FakeDatagrams,
  uri: string,
  parts: RequestParts = {},
  from?: string,
): Message {
  const options = [new Option(Options.observe, hex("")), ...parts.options ?? []];
  const [answer] = stage.ask(request(Code.get, uri, { ...parts, options }), from);
  return answer!;
}

function sequenceOf(message: Message): number | undefined {
  const value = valueOf(message, Options.observe);
  return value && uintOf(value);
}

Deno.test("Observation begins with the value, and notifies with token, id and sequence of its own", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "1");
  const token = hex("0a0b0c");
  const first = observe(stage, "/topics/t", { token });
  assert.deepEqual([brief(first), sequenceOf(first)], ["2.05 1", 1]);
  stage.tell("t", "2", true, "application/json");
  stage.tell("t", "3");
  const notifications = stage.take();
  assert.deepEqual(notifications.map(brief), ["NON 2.05 2", "NON 2.05 3"]);
  assert.deepEqual(notifications.map(sequenceOf), [2, 3]);
  for (const each of notifications) assert.deepEqual(each.token, token);
  assert.notEqual(notifications[0]!.id, notifications[1]!.id);
  const [typed, untyped] = notifications;
  assert.deepEqual(valueOf(typed!, Options.contentFormat), uint(50));
  assert.equal(valueOf(untyped!, Options.contentFormat), undefined);
  const [read] = stage.ask(request(Code.get, "/topics/t"));
  assert.deepEqual(valueOf(untyped!, Options.etag), valueOf(read!, Options.etag));
});

Deno.test("Observation of a topic without a value begins with nothing, then notifies", () => {
  for (const root of ["topics", "ps"]) {
    const stage = new FakeDatagrams();
    const first = observe(stage, `/${root}/t`);
    assert.deepEqual([brief(first), sequenceOf(first)], ["2.05", 1]);
    stage.tell("t", "event", false);
    assert.deepEqual(stage.take().map(brief), ["NON 2.05 event"]);
  }
});

Deno.test("Observation of a filter begins with the newest value and follows all its topics", () => {
  for (const path of ["/topics/a/+/c", "/topics/a/%2B/c", "/topics/a/#", "/topics/a/%23"]) {
    const stage = new FakeDatagrams();
    stage.now += 1;
    stage.tell("a/new/c", "newest");
    stage.now -= 1;
    stage.tell("a/old/c", "older");
    assert.equal(brief(observe(stage, path)), "2.05 newest");
    stage.tell("a/b/c", "1", false);
    stage.tell("x/b/c", "2", false);
    assert.deepEqual(stage.take().map(brief), ["NON 2.05 1"], path);
  }
});

Deno.test("Observation sends the newest value only when several come in one turn", () => {
  const stage = new FakeDatagrams();
  observe(stage, "/topics/t");
  stage.tellInOneTurn("t", ["1", "2", "3"]);
  const notification = stage.takeOne();
  assert.deepEqual([brief(notification), sequenceOf(notification)], ["NON 2.05 3", 2]);
  assert.equal(stage.space.counts.get("coap.conflated"), 2);
});

Deno.test("Observation answers 2.03 when the observer has the value already", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "1");
  const etag = valueOf(observe(stage, "/topics/t"), Options.etag)!;
  const again = observe(stage, "/topics/t", { options: [new Option(Options.etag, etag)] });
  assert.equal(brief(again), "2.03");
  assert.equal(sequenceOf(again), 2);
  assert.deepEqual(valueOf(again, Options.etag), etag);
});

Deno.test("Observation is replaced by a registration with the same token, and counts on", () => {
  const stage = new FakeDatagrams();
  observe(stage, "/topics/a");
  stage.tell("a", "1");
  stage.take();
  assert.equal(sequenceOf(observe(stage, "/topics/b")), 3);
  assert.equal(stage.session.load.observers, 1);
  stage.tell("a", "2");
  assert.deepEqual(stage.take(), []);
  stage.tell("b", "3");
  assert.equal(sequenceOf(stage.takeOne()), 4);
});

Deno.test("Observation ends on GET with Observe 1 and the same token, and not with another", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "1");
  observe(stage, "/topics/t");
  const cancel = (token: Uint8Array) =>
    stage.ask(
      request(Code.get, "/topics/t", { token, options: [new Option(Options.observe, uint(1))] }),
    )[0]!;
  assert.equal(brief(cancel(hex("08"))), "2.05 1");
  assert.equal(stage.session.load.observers, 1);
  const answer = cancel(hex("07"));
  assert.deepEqual([brief(answer), sequenceOf(answer)], ["2.05 1", undefined]);
  assert.equal(stage.session.load.observers, 0);
  assert.equal(stage.space.subscriptions.size, 0);
  stage.tell("t", "2");
  assert.deepEqual(stage.take(), []);
});

Deno.test("Observation ends when its notification is reset", () => {
  const stage = new FakeDatagrams();
  observe(stage, "/topics/t");
  stage.tell("t", "1");
  const { id } = stage.takeOne();
  stage.ask(new Message(RST, 0, id), "192.0.2.2:5000");
  stage.ask(new Message(RST, 0, id + 1 & 0xffff));
  stage.ask(new Message(ACK, 0, id));
  assert.equal(stage.session.load.observers, 1);
  stage.ask(new Message(RST, 0, id));
  assert.equal(stage.session.load.observers, 0);
  assert.equal(stage.space.subscriptions.size, 0);
});

Deno.test("Observation of a topic in /ps ends with 4.04 when its value is cleared", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "1");
  observe(stage, "/ps/t", { token: hex("01") });
  observe(stage, "/topics/t", { token: hex("02") }, "192.0.2.2:5000");
  stage.ask(request(Code.delete, "/topics/t"), "192.0.2.3:5000");
  assert.equal(stage.session.load.observers, 1);
  stage.tell("t", "2");
  const [next] = stage.take();
  assert.deepEqual([next!.token, brief(next!)], [hex("02"), "NON 2.05 2"]);
});

Deno.test("Observation says its last word until it is acknowledged", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "1");
  observe(stage, "/ps/t");
  stage.tell("t", "");
  const last = stage.takeOne();
  assert.deepEqual([brief(last), sequenceOf(last)], ["CON 4.04", undefined]);
  assert.equal(stage.session.load.observers, 0);
  stage.wait(2000);
  assert.deepEqual(stage.takeOne(), last);
  stage.ask(new Message(ACK, 0, last.id));
  assert.equal(stage.session.load.timers, 0);
});

Deno.test("Observation in /topics goes on with an empty payload when the value is cleared", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "1");
  observe(stage, "/topics/t");
  stage.tell("t", "");
  assert.equal(brief(stage.takeOne()), "NON 2.05");
  assert.equal(stage.session.load.observers, 1);
});

Deno.test("Observation ends with an error when the value cannot be sent", () => {
  const accept = [new Option(Options.accept, uint(50))];
  const cases: [answer: string, payload: Uint8Array, type: string][] = [
    ["CON 4.06", hex("31"), "text/plain"],
  ];
  for (const [answer, payload, type] of cases) {
    const stage = new FakeDatagrams();
    observe(stage, "/topics/t", { options: accept });
    stage.tell("t", payload, true, type);
    assert.equal(brief(stage.takeOne()), answer);
    assert.equal(stage.session.load.observers, 0);
    assert.equal(brief(observe(stage, "/topics/t", { options: accept })), answer.slice(4));
    assert.equal(stage.session.load.observers, 0);
  }
});

Deno.test("Observation is refused a registration beyond the limits, but not the value", () => {
  const stage = new FakeDatagrams({ maxObserversPerPeer: 2, maxObservers: 3 });
  stage.tell("t", "1");
  const tokens = [1, 2, 3].map((token) => Uint8Array.of(token));
  const sequences = tokens.map((token) => sequenceOf(observe(stage, "/topics/t", { token })));
  assert.deepEqual(sequences, [1, 1, undefined]);
  assert.equal(sequenceOf(observe(stage, "/topics/t", {}, "192.0.2.2:1")), 1);
  const refused = observe(stage, "/topics/t", {}, "192.0.2.3:1");
  assert.deepEqual([brief(refused), sequenceOf(refused)], ["2.05 1", undefined]);
  assert.equal(stage.space.counts.get("coap.observer.refused"), 2);
  assert.equal(stage.session.load.observers, 3);
});

Deno.test("CoapSession tells its observers when it shuts down, and forgets them", () => {
  const stage = new FakeDatagrams();
  observe(stage, "/topics/t", { token: hex("01") });
  observe(stage, "/topics/t", { token: hex("02") }, "192.0.2.2:1");
  stage.take();
  stage.session.shutdown(stage.now);
  const last = stage.take();
  assert.deepEqual(last.map(brief), ["NON 5.03", "NON 5.03"]);
  assert.deepEqual(last.map(sequenceOf), [undefined, undefined]);
  assert.deepEqual(last.map(({ token }) => token), [hex("01"), hex("02")]);
  assert.equal(stage.space.subscriptions.size, 0);
});

Deno.test("CoapSession forgets its observers when its socket is gone", () => {
  const stage = new FakeDatagrams();
  observe(stage, "/topics/t");
  stage.session.ended();
  assert.equal(stage.space.subscriptions.size, 0);
  assert.equal(stage.session.load.observers, 0);
});

Deno.test("One address has so many observations, whatever its ports", () => {
  const stage = new FakeDatagrams({ maxObserversPerUser: 3 });
  const isObserved = (from: string, token: number) =>
    sequenceOf(observe(stage, "/topics/t", { token: Uint8Array.of(token) }, from)) !== undefined;
  for (const port of [1, 2, 3]) assert.ok(isObserved(`192.0.2.1:${port}`, 1));
  assert.ok(!isObserved("192.0.2.1:4", 1));
  assert.ok(!isObserved("192.0.2.1:1", 2));
  assert.ok(isObserved("192.0.2.1:1", 1), "the same again is no other");
  assert.ok(isObserved("192.0.2.2:1", 1));
  const end = [new Option(Options.observe, uint(1))];
  stage.ask(
    request(Code.get, "/topics/t", { token: Uint8Array.of(1), options: end }),
    "192.0.2.1:2",
  );
  assert.ok(isObserved("192.0.2.1:4", 1));
});

Deno.test("The paths that one address observes have so many bytes", () => {
  const stage = new FakeDatagrams({ maxObserverBytesPerUser: 500 });
  const observed = [200, 200, 10].map((length, at) =>
    sequenceOf(observe(stage, `/topics/${"x".repeat(length)}`, { token: Uint8Array.of(at) }))
  );
  assert.deepEqual(observed, [1, undefined, 1]);
});
