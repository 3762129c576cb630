import assert from "node:assert/strict";
import type { Exchange } from "../../../protocols/http/exchange.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import type { Stage } from "../fakes.ts";
import { bytes } from "../fakes.ts";
import { answers, ask, request, stage, statuses } from "./client.ts";

/** Has the next request for `/later` wait for the test. */
function later(on: Stage): () => Exchange {
  let found: Exchange | undefined;
  on.shared(Handlers).add("/later", (exchange) => found = exchange as Exchange);
  return () => found!;
}

Deno.test("HttpSession answers one request after the other on one connection", () => {
  const on = stage();
  assert.equal(ask(on, "PUT /topics/a", {}, "1").status, 201);
  assert.equal(ask(on, "GET /topics/a").body, "1");
  assert.equal(ask(on, "GET /topics/b").status, 404);
  assert.equal(on.closed, false);
  assert.equal(on.space.counts.get("http.requests"), 3);
});

Deno.test("HttpSession answers pipelined requests in order, whole and byte by byte", () => {
  const conversation = request("PUT /topics/a", {}, "1") + request("GET /topics/a") +
    request("HEAD /topics/a") +
    request("POST /topics/a", { "Transfer-Encoding": "chunked" }) + "1\r\n2\r\n0\r\nA: b\r\n\r\n" +
    request("GET /missing") + "\r\n" + request("DELETE /topics/a") + request("GET /topics/a") +
    request("BREW /topics/a", {}, "x".repeat(100)) + request("OPTIONS *");
  const sent = [Infinity, 1, 2, 3, 7, 50].map((step) => {
    const on = stage();
    on.feed(conversation, step);
    const values = on.space.published.map(({ topic, retain, payload }) => [topic, retain, payload]);
    return { text: on.takeText(), closed: on.closed, values, due: on.current.deadline };
  });
  for (const each of sent) assert.deepEqual(each, sent[0]);
  const found = [...sent[0]!.text.matchAll(/HTTP\/1.1 (\d+)/g)].map(([, status]) => Number(status));
  assert.deepEqual(found, [201, 200, 200, 204, 404, 204, 404, 405, 204]);
});

Deno.test("HttpSession does not look at a request before the answer to the one before", () => {
  const on = stage();
  const exchange = later(on);
  on.feed(request("GET /later") + request("PUT /topics/a", {}, "1"));
  assert.equal(on.space.published.length, 0);
  exchange().post(() => exchange().respond({ status: 200 }, "done"));
  on.turn();
  assert.deepEqual(statuses(on), [200, 201]);
});

Deno.test("HttpSession reads on only so far while an answer is outstanding", () => {
  const on = stage({ limits: { pipelinedBytes: 1000 } });
  const exchange = later(on);
  on.feed(request("GET /later") + request("GET /topics/a").repeat(10));
  assert.equal(on.paused, false);
  on.feed(request("GET /topics/a").repeat(30));
  assert.equal(on.paused, true);
  exchange().post(() => exchange().respond({ status: 200 }));
  on.turn();
  assert.equal(on.paused, false);
  assert.deepEqual(statuses(on), [200, ...Array(40).fill(404)]);
});

Deno.test("HttpSession answers no more while its answers are not taken", () => {
  const on = stage();
  on.full = true;
  on.feed(request("GET /topics/a").repeat(3));
  assert.deepEqual(statuses(on), []);
  on.full = false;
  on.session.drained(on.now);
  assert.deepEqual(statuses(on), [404, 404, 404]);
});

Deno.test("HttpSession stops using input when a publication makes it pause", () => {
  const on = stage();
  on.publish = (publication) => {
    on.paused = true;
    return on.space.publish(publication);
  };
  on.feed(request("POST /topics/a", {}, "1") + request("POST /topics/a", {}, "2"));
  assert.equal(on.space.published.length, 1);
  on.resume();
  assert.equal(on.space.published.length, 2);
  assert.deepEqual(statuses(on), [204, 204]);
});

Deno.test("HttpSession keeps HTTP/1.0 open only when asked to", () => {
  const on = stage();
  const kept = ask(on, "GET / HTTP/1.0", { Connection: "keep-alive" });
  assert.equal(kept.fields.connection, "keep-alive");
  assert.equal(on.closed, false);
  assert.equal(ask(on, "GET / HTTP/1.0").fields.connection, "close");
  assert.equal(on.closed, true);
});

Deno.test("HttpSession ends a connection with the last request that its limit allows", () => {
  const on = stage({ limits: { keptRequests: 2 } });
  assert.equal(ask(on, "GET /").fields.connection, undefined);
  assert.equal(on.closed, false);
  assert.equal(ask(on, "GET /").fields.connection, "close");
  assert.equal(on.closed, true);
});

Deno.test("HttpSession closes when the client wants that", () => {
  const on = stage();
  assert.equal(ask(on, "GET /", { Connection: "foo , Close" }).fields.connection, "close");
  assert.equal(on.closed, true);
});

Deno.test("HttpSession answers HEAD with the fields of GET and no body", () => {
  const on = stage();
  ask(on, "PUT /topics/a", { "Content-Type": "text/x" }, "12345");
  for (const path of ["/topics/a", "/", "/topics/", "/nowhere", "/topics/b"]) {
    const { fields } = ask(on, `GET ${path}`);
    assert.deepEqual(ask(on, `HEAD ${path}`).fields, fields, path);
  }
  on.feed(request("HEAD /topics/a"));
  assert(on.takeText().endsWith("\r\n\r\n"));
});

Deno.test("HttpSession tells a client that waits to go on", () => {
  const on = stage();
  on.feed("PUT /topics/a HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 1\r\n\r\n");
  assert.equal(on.takeText(), "HTTP/1.1 100 Continue\r\n\r\n");
  on.feed("1");
  assert.deepEqual(statuses(on), [201]);
});

Deno.test("HttpSession refuses a body before it is sent, and then closes", () => {
  const on = stage();
  const fields = { Expect: "100-continue", "Content-Length": "5000000" };
  const refused = ask(on, "PUT /topics/a", fields);
  assert.deepEqual([refused.status, refused.fields.connection], [413, "close"]);
  assert.equal(on.closed, true);
  const other = stage();
  const wrong = { Expect: "100-continue", "Content-Length": "5" };
  assert.equal(ask(other, "PUT /topics/a/%23", wrong).status, 400);
  assert.equal(other.closed, true);
});

Deno.test("HttpSession meets no other expectation", () => {
  const on = stage();
  assert.equal(ask(on, "GET /", { Expect: "tea" }).status, 417);
  assert.equal(ask(on, "GET / HTTP/1.1", { Expect: "100-continue" }).status, 200);
});

Deno.test("HttpSession reads past a short body that nobody wants", () => {
  const on = stage();
  assert.equal(ask(on, "POST /nowhere", {}, "x".repeat(1000)).status, 404);
  assert.equal(ask(on, "GET /").status, 200);
});

Deno.test("HttpSession closes behind a long body that nobody wants", () => {
  const on = stage();
  assert.equal(ask(on, "POST /nowhere", { "Content-Length": "9999999" }).status, 404);
  assert.equal(on.closed, true);
  const other = stage();
  assert.equal(ask(other, "POST /nowhere", { "Transfer-Encoding": "chunked" }).status, 404);
  assert.equal(other.closed, true);
});

Deno.test("HttpSession refuses a chunked body that grows too long", () => {
  const on = stage({ limits: { bodyBytes: 10 } });
  on.feed(request("PUT /topics/a", { "Transfer-Encoding": "chunked" }) + "8\r\n12345678\r\n");
  assert.deepEqual(statuses(on), []);
  on.feed("8\r\n12345678\r\n");
  assert.deepEqual(statuses(on), [413]);
  assert.equal(on.closed, true);
  assert.equal(on.space.published.length, 0);
});

Deno.test("HttpSession refuses what breaks the rules, says why, and closes", () => {
  for (
    const [text, status] of [
      ["GET / HTTP/1.1\r\n\r\n", 400],
      ["GET / HTTP/3.0\r\n\r\n", 505],
      [request("PUT /topics/a", { "Transfer-Encoding": "gzip" }), 501],
      [request("PUT /topics/a", { "Transfer-Encoding": "chunked" }) + "x", 400],
      [request("PUT /topics/a", { "Content-Length": "1", "Transfer-Encoding": "chunked" }), 400],
    ] as const
  ) {
    const on = stage();
    on.feed(text);
    const [answer] = answers(on.take());
    assert.equal(answer!.status, status);
    assert.equal(answer!.fields.connection, "close");
    assert.match(answer!.body, /^Cannot .*\n$/);
    assert.equal(on.closed, true);
    assert.equal(on.session.deadline, Infinity);
  }
});

Deno.test("HttpSession answers everything that came before a fault", () => {
  const on = stage();
  on.feed(request("GET /") + request("GET /topics/a") + "GET / HTTP/1.1\n");
  assert.deepEqual(statuses(on), [200, 404, 400]);
});

Deno.test("HttpSession does not publish half a body", () => {
  const on = stage();
  on.feed("PUT /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
  on.session.inputEnded(on.now);
  assert.equal(on.closed, true);
  assert.equal(on.space.published.length, 0);
});

Deno.test("HttpSession finishes its answers when the client sends no more", () => {
  const on = stage();
  const exchange = later(on);
  on.feed(request("GET /later") + request("GET /") + "GET /unfinished HTT");
  on.session.inputEnded(on.now);
  assert.equal(on.closed, false);
  exchange().post(() => exchange().respond({ status: 200 }));
  on.turn();
  assert.deepEqual(statuses(on), [200, 200]);
  assert.equal(on.closed, true);
});

Deno.test("HttpSession closes at once when it is idle and the client sends no more", () => {
  const on = stage();
  ask(on, "GET /");
  on.session.inputEnded(on.now);
  assert.equal(on.closed, true);
});

Deno.test("HttpSession closes at once on shutdown when it is idle, else after its answer", () => {
  const idle = stage();
  idle.session.shutdown(idle.now);
  assert.equal(idle.closed, true);
  const busy = stage();
  const exchange = later(busy);
  busy.feed(request("GET /later") + request("GET /"));
  busy.session.shutdown(busy.now);
  assert.equal(busy.closed, false);
  exchange().post(() => exchange().respond({ status: 200 }));
  busy.turn();
  const found = answers(busy.take());
  assert.deepEqual(found.map(({ fields }) => fields.connection), ["close"]);
  assert.equal(busy.closed, true);
});

Deno.test("HttpSession hangs up when the client is hopelessly behind", () => {
  const on = stage();
  on.accepts = false;
  on.feed(request("GET /"));
  assert.equal(on.closed, true);
});

Deno.test("HttpSession tells operators what it does", () => {
  const on = stage();
  assert.equal(on.session.label, "http");
  later(on);
  on.feed(bytes(request("GET /later?x")));
  assert.equal(on.session.label, "http GET /later");
});
