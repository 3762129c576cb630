import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { answers, ask, request, stage, statuses } from "../client.ts";

function message(topic: string, payload: string, retain = true) {
  return new Publication(topic, new TextEncoder().encode(payload), { retain });
}

Deno.test("A long poll waits for the first value of a topic", () => {
  const on = stage();
  on.feed(request("GET /topics/a", { Prefer: "wait=30" }));
  on.wait(29_000);
  assert.equal(on.take().length, 0);
  on.publish(message("a", "1"));
  on.turn();
  const [answer] = answers(on.take());
  assert.deepEqual(
    [answer!.status, answer!.body, answer!.fields["preference-applied"]],
    [200, "1", "wait=30"],
  );
  assert.equal(on.space.subscriptions.get(on)!.size, 0);
  assert.equal(ask(on, "GET /topics/a").body, "1");
});

Deno.test("A long poll waits for another value than the one the client has", () => {
  const on = stage();
  const { etag } = ask(on, "PUT /topics/a", {}, "1").fields;
  on.feed(request("GET /topics/a", { Prefer: "wait=30", "If-None-Match": etag! }));
  assert.equal(on.take().length, 0);
  on.publish(message("a", "2", false));
  on.turn();
  assert.equal(answers(on.take())[0]!.body, "2");
});

Deno.test("A long poll answers at once when there is news", () => {
  const on = stage();
  ask(on, "PUT /topics/a", {}, "1");
  assert.equal(ask(on, "GET /topics/a", { Prefer: "wait=30" }).body, "1");
  const fields = { Prefer: "wait=30", "If-None-Match": '"x"' };
  assert.equal(ask(on, "GET /topics/a", fields).status, 200);
});

Deno.test("A long poll ends with 304 or 404 when nothing comes, and the connection goes on", () => {
  const on = stage();
  const { etag } = ask(on, "PUT /topics/a", {}, "1").fields;
  on.feed(request("GET /topics/a", { Prefer: "wait=30", "If-None-Match": etag! }));
  on.wait(30_000);
  const [unchanged] = answers(on.take());
  assert.deepEqual([unchanged!.status, unchanged!.fields["preference-applied"]], [304, "wait=30"]);
  on.feed(request("GET /topics/b", { Prefer: "wait=2" }));
  on.wait(1999);
  assert.deepEqual(statuses(on), []);
  on.wait(1);
  assert.deepEqual(statuses(on), [404]);
  assert.equal(on.closed, false);
});

Deno.test("A long poll answers 404 when the value is cleared", () => {
  const on = stage();
  const { etag } = ask(on, "PUT /topics/a", {}, "1").fields;
  on.feed(request("GET /topics/a", { Prefer: "wait=30", "If-None-Match": etag! }));
  on.publish(message("a", ""));
  on.turn();
  assert.deepEqual(statuses(on), [404]);
});

Deno.test("A long poll takes a minute at most", () => {
  const on = stage();
  on.feed(request("GET /topics/a", { Prefer: "wait=3600" }));
  on.wait(60_000);
  assert.equal(answers(on.take())[0]!.fields["preference-applied"], "wait=60");
});

Deno.test("A long poll is cut short on shutdown, and forgotten when the client goes away", () => {
  const on = stage();
  on.feed(request("GET /topics/a", { Prefer: "wait=30" }));
  on.session.shutdown(on.now);
  assert.deepEqual(statuses(on), [404]);
  assert.equal(on.closed, true);
  const gone = stage();
  gone.feed(request("GET /topics/a", { Prefer: "wait=30" }));
  gone.end();
  assert.equal(gone.space.subscriptions.has(gone), false);
});

Deno.test("Prefer is understood in its forms, and otherwise ignored", () => {
  const waits = (prefer: string) => {
    const on = stage();
    on.feed(request("GET /topics/a", { Prefer: prefer }));
    return on.take().length === 0;
  };
  for (const prefer of ["wait=5", 'Wait = "5"', "respond-async, wait=5", "wait=5; foo=1, bar"]) {
    assert.equal(waits(prefer), true, prefer);
  }
  for (const prefer of ["wait", "wait=0", "wait=x", "wait=-5", "await=5", "wait=5s", "foo"]) {
    assert.equal(waits(prefer), false, prefer);
  }
});
