import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { Answer, FakeGrant, hook } from "../../hooked.ts";
import { answers, ask, NOON, request, stage } from "../client.ts";

const EVENTS = { Accept: "text/event-stream" };

/** A session that follows `path`, and what it sends from now on. */
function following(path: string, fields = {}, prepare = (_: ReturnType<typeof stage>) => {}) {
  const on = stage();
  prepare(on);
  on.feed(request(`GET ${path}`, { ...EVENTS, ...fields }));
  return on;
}

/** The data of all events sent, and everything else that is not empty. */
function events(text: string): unknown[] {
  const body = text.slice(text.includes("\r\n\r\n") ? text.indexOf("\r\n\r\n") + 4 : 0);
  return body.split("\n\n").filter((each) => each !== "").map((event) => {
    const data = /^id: [-\w]+\ndata: (.*)$/.exec(event);
    return data === null ? event : JSON.parse(data[1]!);
  });
}

function message(topic: string, payload: string, retain = false) {
  const bytes = new TextEncoder().encode(payload);
  return new Publication(topic, bytes, { qos: 1, retain, time: NOON });
}

Deno.test("An event stream begins with the stored value and goes on with each message", () => {
  const on = following("/topics/a/b", {}, (on) => on.publish(message("a/b", "1", true)));
  on.publish(message("a/b", "2"));
  on.publish(message("a/c", "3"));
  on.publish(message("a/b", "4", true));
  on.turn();
  const text = on.takeText();
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*content-type: text\/event-stream\r\n/s);
  assert.match(text, /connection: close\r\n\r\n/);
  const common = { topic: "a/b", qos: 1, time: NOON };
  assert.deepEqual(events(text), [
    "retry: 2000",
    { ...common, payload: "1", retain: true },
    { ...common, payload: "2", retain: false },
    { ...common, payload: "4", retain: false },
  ]);
});

Deno.test("An event stream follows all that a filter selects", () => {
  const on = following("/topics/a/%23", {}, (on) => {
    on.publish(message("a/b", "1", true));
    on.publish(message("b", "2", true));
  });
  on.publish(message("a/c/d", "3"));
  on.turn();
  const topics = events(on.takeText()).slice(1).map((each) => (each as { topic: string }).topic);
  assert.deepEqual(topics, ["a/b", "a/c/d"]);
});

Deno.test("An event stream has payloads that are not UTF-8 in base64, and the media type", () => {
  const on = following("/topics/a");
  const options = { time: NOON, contentType: "image/x" };
  on.publish(new Publication("a", Uint8Array.of(255, 0), options));
  on.turn();
  assert.deepEqual(events(on.takeText())[1], {
    topic: "a",
    payload: "/wA=",
    encoding: "base64",
    qos: 0,
    retain: false,
    time: NOON,
    contentType: "image/x",
  });
});

Deno.test("An event stream does not repeat the stored value that the client saw last", () => {
  const store = (on: ReturnType<typeof stage>) => on.publish(message("a", "1", true));
  const id = /id: (\S+)/.exec(following("/topics/a", {}, store).takeText())![1]!;
  const again = following("/topics/a", { "Last-Event-ID": id }, store);
  assert.deepEqual(events(again.takeText()), ["retry: 2000"]);
  const other = following("/topics/a", { "Last-Event-ID": "x" }, store);
  assert.equal(events(other.takeText()).length, 2);
});

Deno.test("An event stream says that it is alive when nothing else was sent for a while", () => {
  const on = following("/topics/a");
  on.take();
  on.wait(10_000);
  on.publish(message("a", "1"));
  on.turn();
  on.take();
  on.wait(14_999);
  assert.equal(on.takeText(), "");
  on.wait(1);
  assert.equal(on.takeText(), ":\n\n");
  on.wait(15_000);
  assert.equal(on.takeText(), ":\n\n");
});

Deno.test("An event stream takes stored values as the client takes them", () => {
  const on = following("/topics/%23", {}, (on) => {
    for (let count = 0; count < 10; count++) on.publish(message(`a/${count}`, "1", true));
    let room = 4;
    const send = on.send.bind(on);
    on.send = (piece) => {
      on.full = --room <= 0;
      return send(piece);
    };
  });
  assert.equal(events(on.takeText()).length, 1 + 2);
  on.full = false;
  on.session.drained(on.now);
  assert.equal(events(on.takeText()).length, 1);
});

Deno.test("An event stream asks for the QoS in the query", () => {
  const qos = (path: string) => {
    const on = following(path);
    return on.space.subscriptions.get(on)!.get("a")!.qos;
  };
  assert.equal(qos("/topics/a"), 1);
  assert.equal(qos("/topics/a?qos=0"), 0);
  assert.equal(ask(stage(), "GET /topics/a?qos=7", EVENTS).status, 400);
});

Deno.test("An event stream ends with the client, its input, or the gateway", () => {
  const gone = following("/topics/a");
  gone.end();
  assert.equal(gone.space.subscriptions.has(gone), false);
  const ended = following("/topics/a");
  ended.session.inputEnded(ended.now);
  assert.equal(ended.closed, true);
  const stopped = following("/topics/a");
  stopped.session.shutdown(stopped.now);
  assert.equal(stopped.closed, true);
  assert.equal(stopped.space.subscriptions.get(stopped)!.size, 0);
});

Deno.test("An event stream that has to end at once has sent what is stored, and leaves nothing", async () => {
  const on = stage(), grant = new FakeGrant(), allowed = new Answer<boolean>();
  hook(on, { authenticate: () => ({ user: "ann", grant }), authorize: () => allowed.promise });
  on.publish(message("a", "1", true));
  on.feed(request("GET /topics/a", EVENTS));
  on.session.inputEnded(on.now);
  await allowed.give(true, on);
  assert.equal(on.closed, true);
  assert.equal(events(on.takeText()).length, 2);
  assert.deepEqual([grant.size, on.space.subscriptions.get(on)!.size], [0, 0]);
});

Deno.test("An event stream that nobody can be sent is not taken for a subscription", () => {
  const on = stage(), subscribed: string[] = [];
  hook(on, { subscribed: ({ filter }) => void subscribed.push(filter) });
  on.accepts = false;
  on.feed(request("GET /topics/a", EVENTS));
  assert.equal(on.closed, true);
  assert.deepEqual(subscribed, []);
});

Deno.test("An event stream hangs up on a client that is hopelessly behind", () => {
  const on = following("/topics/a");
  on.accepts = false;
  on.publish(message("a", "1"));
  on.turn();
  assert.equal(on.closed, true);
});

Deno.test("HEAD of an event stream is its head alone", () => {
  const on = stage();
  on.feed(request("HEAD /topics/a", EVENTS));
  assert.equal(answers(on.take(), true)[0]!.fields["content-type"], "text/event-stream");
  assert.equal(on.space.subscriptions.has(on), false);
});

Deno.test("Only who prefers events gets them", () => {
  for (
    const [accept, expected] of [
      ["text/event-stream", "text/event-stream"],
      ["application/json, text/event-stream;q=0.5", "text/event-stream"],
      ["text/event-stream, */*;q=0.1", "text/event-stream"],
      ["text/event-stream;q=0", "text/plain;charset=utf-8"],
      ["*/*", "text/plain;charset=utf-8"],
      ["text/plain, text/event-stream;q=0.5", "text/plain;charset=utf-8"],
    ] as const
  ) {
    const on = stage();
    ask(on, "PUT /topics/a", {}, "1");
    on.feed(request("GET /topics/a", { Accept: accept }));
    assert.equal(answers(on.take())[0]!.fields["content-type"], expected, accept);
  }
});

Deno.test("A filter can be followed and not read, and must be one", () => {
  const on = stage();
  assert.equal(ask(on, "GET /topics/a/%23").status, 400);
  assert.equal(ask(on, "GET /topics/%23/a", EVENTS).status, 400);
  assert.equal(ask(on, "GET /topics/a+", EVENTS).status, 400);
  assert.equal(on.closed, false);
});
