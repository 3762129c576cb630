import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { FakeSpace, Stage } from "../../fakes.ts";
import { answers, ask, request, stage, statuses } from "../client.ts";

/** A client that gets requests of topic `ask`, and one that has sent one and waits for 5 s. */
function asking() {
  const space = new FakeSpace();
  const responder = new Stage(() => ({
    label: "responder",
    deadline: Infinity,
    receive: (bytes) => bytes.length,
    deliver() {},
    refuse() {},
    tick() {},
    shutdown() {},
    ended() {},
  }), space);
  responder.subscribe("ask", { qos: 1 });
  const on = stage({}, space);
  on.feed(request("POST /topics/ask?reply=5s", { "Content-Type": "text/x" }, "why"));
  const { payload, properties, contentType } = space.published.at(-1)!;
  assert.equal(new TextDecoder().decode(payload), "why");
  assert.equal(contentType, "text/x");
  return { on, responseTopic: properties!.responseTopic!, given: properties!.correlationData! };
}

function reply(topic: string, payload: string, correlationData?: Uint8Array) {
  return new Publication(topic, new TextEncoder().encode(payload), {
    contentType: "text/y",
    properties: correlationData && { correlationData },
  });
}

Deno.test("POST with reply answers with the first reply", () => {
  const { on, responseTopic, given } = asking();
  assert.match(responseTopic, /^\$reply\/[-\w]{16}$/);
  on.publish(reply(responseTopic, "because", given.slice()));
  on.publish(reply(responseTopic, "no, because", given.slice()));
  on.turn();
  const found = answers(on.take());
  assert.equal(found.length, 1);
  assert.deepEqual(
    [found[0]!.status, found[0]!.body, found[0]!.fields["content-type"]],
    [200, "because", "text/y"],
  );
  assert.equal(on.space.subscriptions.get(on)!.size, 0);
  assert.equal(ask(on, "GET /").status, 200);
});

Deno.test("POST with reply takes a reply without correlation data, but not with another's", () => {
  const { on, responseTopic } = asking();
  on.publish(reply(responseTopic, "wrong", Uint8Array.of(1, 2, 3)));
  on.turn();
  assert.equal(on.take().length, 0);
  on.publish(reply(responseTopic, "right"));
  on.turn();
  assert.equal(answers(on.take())[0]!.body, "right");
});

Deno.test("POST with reply is 504 when none comes in time", () => {
  const { on } = asking();
  on.wait(4_999);
  assert.equal(on.take().length, 0);
  on.wait(1);
  assert.deepEqual(statuses(on), [504]);
  assert.equal(on.closed, false);
});

Deno.test("POST with reply is 504 at once when nobody follows the topic", () => {
  const on = stage();
  assert.equal(ask(on, "POST /topics/ask?reply=5s", {}, "why").status, 504);
});

Deno.test("POST with reply is 503 when the request cannot be taken", () => {
  const on = stage();
  on.space.outcome = "overloaded";
  assert.equal(ask(on, "POST /topics/ask?reply=5s", {}, "why").status, 503);
});

Deno.test("POST with reply must say a time", () => {
  for (const time of ["", "5", "5m", "-5s", "5 s", "9999999s"]) {
    const on = stage();
    assert.equal(ask(on, `POST /topics/ask?reply=${time}`, {}, "why").status, 400, time);
    assert.equal(on.space.published.length, 0);
  }
});

Deno.test("Every request has a response topic of its own", () => {
  const on = stage();
  for (let count = 0; count < 3; count++) ask(on, "POST /topics/ask?reply=500ms", {}, "why");
  const topics = on.space.published.map(({ properties }) => properties!.responseTopic);
  assert.equal(new Set(topics).size, 3);
});
