import assert from "node:assert/strict";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { answers, ask, request, stage, statuses } from "./client.ts";

Deno.test("HttpSession closes a connection that never asks anything", () => {
  const on = stage();
  on.wait(59_999);
  assert.equal(on.closed, false);
  on.wait(1);
  assert.equal(on.closed, true);
  assert.equal(on.take().length, 0);
});

Deno.test("HttpSession closes a connection that is idle between requests", () => {
  const on = stage();
  on.wait(50_000);
  ask(on, "GET /");
  on.wait(59_999);
  assert.equal(on.closed, false);
  on.wait(1);
  assert.equal(on.closed, true);
});

Deno.test("HttpSession gives a head ten seconds from its first byte, however it dribbles", () => {
  const on = stage();
  const head = request("GET /", { "X-Slow": "x".repeat(100) });
  on.wait(30_000);
  for (let at = 0; at < 9; at++) {
    on.feed(head.slice(at, at + 1));
    on.wait(1000);
  }
  on.wait(999);
  assert.equal(on.closed, false);
  on.wait(1);
  const [answer] = answers(on.take());
  assert.deepEqual([answer!.status, answer!.fields.connection], [408, "close"]);
  assert.equal(on.closed, true);
});

Deno.test("HttpSession counts a pipelined head from when it is looked at", () => {
  const on = stage();
  let finish = () => {};
  on.shared(Handlers).add("/later", (exchange) => {
    finish = () => exchange.respond({ status: 200 });
  });
  on.feed(`${request("GET /later")}GET / HT`);
  on.wait(100_000);
  assert.equal(on.closed, false);
  on.post(() => finish());
  on.turn();
  on.wait(9_999);
  assert.deepEqual(statuses(on), [200]);
  on.wait(1);
  assert.deepEqual(statuses(on), [408]);
});

Deno.test("HttpSession does not blame a client for a head that it does not read", () => {
  const on = stage();
  on.paused = true;
  on.feed("GET / HTTP/1.1\r\n");
  on.wait(100_000);
  assert.equal(on.closed, false);
  on.resume();
  on.feed("Host: a\r\n\r\n");
  assert.deepEqual(statuses(on), [200]);
});

Deno.test("HttpSession gives up a body that does not come", () => {
  const on = stage();
  on.feed("PUT /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  on.wait(9_999);
  assert.equal(on.closed, false);
  on.wait(1);
  assert.deepEqual(statuses(on), [408]);
  assert.equal(on.closed, true);
});

Deno.test("HttpSession gives up a body that dribbles below the rate", () => {
  const on = stage();
  on.feed("PUT /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n");
  for (let second = 0; second < 10; second++) {
    on.wait(1000);
    if (second < 9) on.feed("x");
  }
  // Nine bytes were worth 90 ms.
  on.wait(89);
  assert.equal(on.closed, false);
  on.wait(1);
  assert.deepEqual(statuses(on), [408]);
});

Deno.test("HttpSession takes a slow body that keeps the rate", () => {
  const on = stage();
  on.feed("PUT /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n");
  for (let second = 0; second < 99; second++) {
    on.feed("x".repeat(101));
    on.wait(1000);
  }
  on.feed("x");
  assert.deepEqual(statuses(on), [201]);
});

Deno.test("HttpSession does not count time in which it does not read the body", () => {
  const on = stage();
  on.feed("PUT /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n1");
  on.paused = true;
  on.wait(100_000);
  assert.equal(on.closed, false);
  on.resume();
  on.feed("2");
  assert.deepEqual(statuses(on), [201]);
});

Deno.test("HttpSession gives a client a minute to take what is queued for it", () => {
  const on = stage();
  on.shared(Handlers).add("/large", (exchange) => {
    on.full = true;
    exchange.begin({ status: 200 });
    exchange.write(new Uint8Array(1000));
  });
  on.feed(request("GET /large"));
  on.wait(59_999);
  assert.equal(on.closed, false);
  on.wait(1);
  assert.equal(on.closed, true);
  assert.equal(on.space.counts.get("http.stalled"), 1);
});

Deno.test("HttpSession forgets a stall that is over", () => {
  const on = stage();
  on.shared(Handlers).add("/large", (exchange) => {
    on.full = true;
    exchange.begin({ status: 200 });
    exchange.write(new Uint8Array(1000));
  });
  on.feed(request("GET /large"));
  on.wait(59_000);
  on.full = false;
  on.session.drained(on.now);
  on.wait(100_000);
  assert.equal(on.closed, false);
  assert.equal(on.session.deadline, Infinity);
});

Deno.test("HttpSession gives up a client that sends no more and is told nothing for a minute", () => {
  const on = stage();
  let write = () => {};
  on.shared(Handlers).add("/idle", (exchange) => {
    exchange.begin({ status: 200 });
    write = () => void exchange.write(new Uint8Array(1));
  });
  on.feed(request("GET /idle"));
  on.wait(100_000);
  on.session.inputEnded(on.now);
  on.wait(59_999);
  on.post(() => write());
  on.turn();
  on.wait(59_999);
  assert.equal(on.closed, false);
  on.wait(1);
  assert.equal(on.closed, true);
});
