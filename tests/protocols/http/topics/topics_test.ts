import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { topicToPath } from "../../../../protocols/topic.ts";
import { answers, ask, input, NOON, request, stage } from "../client.ts";

const DATE = "Tue, 05 May 2026 12:00:00 GMT";

Deno.test("PUT sets the value of a topic and GET reads it", () => {
  const on = stage();
  assert.equal(ask(on, "PUT /topics/a", {}, "1").status, 201);
  assert.equal(ask(on, "PUT /topics/a", {}, "21.5").status, 204);
  const { status, fields, body } = ask(on, "GET /topics/a");
  assert.deepEqual([status, body], [200, "21.5"]);
  assert.deepEqual(fields, {
    date: DATE,
    "content-type": "text/plain;charset=utf-8",
    etag: fields.etag,
    "last-modified": DATE,
    "cache-control": "no-cache",
    vary: "accept",
    "x-content-type-options": "nosniff",
    "content-length": "4",
  });
});

Deno.test("PUT, POST and DELETE publish what they say", () => {
  const on = stage();
  ask(on, "PUT /topics/a/b", { "Content-Type": "text/x" }, "1");
  ask(on, "POST /topics/a/b?qos=2", { "Content-Type": "text/y" }, "2");
  ask(on, "POST /topics/a/b?qos=0");
  ask(on, "DELETE /topics/a/b");
  const found = on.space.published.map((
    { topic, qos, retain, time, contentType, payload },
  ) => [topic, qos, retain, time, contentType, new TextDecoder().decode(payload)]);
  assert.deepEqual(found, [
    ["a/b", 1, true, NOON, "text/x", "1"],
    ["a/b", 2, false, NOON, "text/y", "2"],
    ["a/b", 0, false, NOON, undefined, ""],
    ["a/b", 1, true, NOON, undefined, ""],
  ]);
});

Deno.test("POST is 204 whether anybody follows or not, and so is DELETE whether a value is there or not", () => {
  const on = stage();
  assert.equal(ask(on, "POST /topics/a", {}, "1").status, 204);
  assert.equal(ask(on, "GET /topics/a").status, 404);
  assert.equal(ask(on, "DELETE /topics/a").status, 204);
  assert.equal(ask(on, "DELETE /topics/a", { "if-match": "*" }).status, 412);
  assert.equal(on.space.published.length, 1);
  ask(on, "PUT /topics/a", {}, "1");
  assert.equal(ask(on, "DELETE /topics/a").status, 204);
  assert.equal(ask(on, "GET /topics/a").status, 404);
});

Deno.test("/topics/ carries payloads of all byte values and sizes untouched", () => {
  const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
  for (const step of [Infinity, 1, 100]) {
    const on = stage();
    const head = "PUT /topics/a HTTP/1.1\r\nHost: a\r\nContent-Length: 256\r\n\r\n";
    on.feed(input(head, all), step);
    const chunked = "PUT /topics/b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n";
    on.feed(input(chunked, all.subarray(0, 128), "\r\n80\r\n", all.subarray(128)), step);
    on.feed("\r\n0\r\n\r\n", step);
    on.take();
    for (const topic of ["a", "b"]) {
      assert.deepEqual(on.retained(topic)!.payload, all);
      on.feed(request(`GET /topics/${topic}`));
      assert.deepEqual(on.take().slice(-256), all);
    }
    assert.equal(ask(on, "HEAD /topics/a").fields["content-type"], "application/octet-stream");
  }
  const on = stage();
  assert.equal(ask(on, "PUT /topics/large", {}, "x".repeat(1 << 20)).status, 201);
  assert.equal(ask(on, "GET /topics/large").body.length, 1 << 20);
  assert.equal(ask(on, "PUT /topics/large", {}, "x".repeat(1 + (1 << 20))).status, 413);
});

Deno.test("/topics/ maps every topic to a path and back", () => {
  const topics = [
    "a",
    "a/b c/é",
    "/",
    "//a//",
    "100%",
    "a?b",
    "$x/y",
    "a.b/..",
    "☃/\n",
    "a:b",
  ];
  for (const topic of topics) {
    const on = stage();
    assert.equal(ask(on, `PUT /topics/${topicToPath(topic)}`, {}, "1").status, 201, topic);
    assert.equal(on.space.published[0]!.topic, topic);
    assert.equal(ask(on, `GET /topics/${topicToPath(topic)}`).body, "1");
  }
});

Deno.test("/topics/ refuses what is no topic", () => {
  const faulty = [
    "%23",
    "a/+",
    "a/%2B/b",
    "a%00",
    "a%",
    "%ff",
    "%C3%28",
    "x/".repeat(128) + "x",
  ];
  for (const path of faulty) {
    const on = stage();
    for (const method of ["PUT", "POST", "DELETE", "GET"]) {
      const { status, body } = ask(on, `${method} /topics/${path}`, {}, "1");
      assert.equal(status, 400, `${method} ${path}`);
      assert.match(body, /^Cannot /);
    }
    assert.equal(on.space.published.length, 0);
  }
});

Deno.test("/topics/ takes a topic of 65,535 bytes and not one more", () => {
  const on = stage({ limits: { requestLineBytes: 1 << 18 } });
  assert.equal(ask(on, `POST /topics/${"a".repeat(65_535)}`).status, 204);
  assert.equal(ask(on, `POST /topics/${"a".repeat(65_536)}`).status, 400);
  assert.equal(ask(on, `POST /topics/${"%E2%98%83".repeat(21_846)}`).status, 400);
});

Deno.test("/topics/ refuses a QoS that is none, and an empty value", () => {
  const on = stage();
  for (const qos of ["3", "-1", "x", "01"]) {
    assert.equal(ask(on, `PUT /topics/a?qos=${qos}`, {}, "1").status, 400, qos);
    assert.equal(ask(on, `DELETE /topics/a?qos=${qos}`).status, 400, qos);
    const { body } = ask(on, `POST /topics/a?qos=${qos}`);
    assert.equal(body, `Cannot use qos ${JSON.stringify(qos)}: give 0, 1 or 2\n`);
  }
  assert.equal(ask(on, "PUT /topics/a").status, 400);
  assert.equal(on.space.published.length, 0);
});

Deno.test("/topics/ tells the truth about overload and shutdown", () => {
  const on = stage();
  ask(on, "PUT /topics/a", {}, "1");
  on.space.outcome = "overloaded";
  for (const method of ["PUT", "POST", "DELETE"]) {
    const { status, fields, body } = ask(on, `${method} /topics/a`, {}, "2");
    assert.deepEqual([status, fields["retry-after"]], [503, "1"]);
    assert.match(body, /^Cannot publish/);
  }
  assert.equal(on.closed, false);
  on.space.outcome = "closing";
  const { status, fields } = ask(on, "POST /topics/a", {}, "2");
  assert.deepEqual([status, fields.connection], [503, "close"]);
  assert.equal(on.closed, true);
});

Deno.test("/topics/ says which methods it knows", () => {
  const on = stage();
  const allow = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
  const refused = ask(on, "PATCH /topics/a", {}, "1");
  assert.deepEqual([refused.status, refused.fields.allow], [405, allow]);
  const options = ask(on, "OPTIONS /topics/a");
  assert.deepEqual([options.status, options.fields.allow], [204, allow]);
  assert.equal(ask(on, "PUT /topics/", {}, "1").fields.allow, "GET, HEAD, OPTIONS");
  assert.equal(ask(on, "OPTIONS /topics/").status, 204);
});

Deno.test("GET passes on the media type, except one that no field can hold", () => {
  const on = stage();
  const get = (contentType: string | undefined, payload: string) => {
    const bytes = new TextEncoder().encode(payload);
    on.publish(new Publication("a", bytes, { retain: true, contentType }));
    return ask(on, "GET /topics/a").fields["content-type"];
  };
  assert.equal(get("application/json", "1"), "application/json");
  assert.equal(get(undefined, "ü"), "text/plain;charset=utf-8");
  assert.equal(get("", "ü"), "text/plain;charset=utf-8");
  for (const evil of ["a\r\nset-cookie: b=c", "a\0", "snow/☃", "x".repeat(300)]) {
    assert.equal(get(evil, "1"), "text/plain;charset=utf-8", evil);
  }
});

Deno.test("GET lets browsers run nothing that somebody has published", () => {
  const on = stage();
  const policy = (contentType: string) => {
    on.publish(new Publication("a", new Uint8Array(1), { retain: true, contentType }));
    return ask(on, "GET /topics/a").fields["content-security-policy"];
  };
  const active = [
    "text/html",
    "TEXT/HTML; a=b",
    "image/svg+xml",
    "text/xml",
    "text/plain, text/html",
  ];
  for (const type of [...active, " ", "multipart/x-mixed-replace;boundary=a"]) {
    assert.equal(policy(type), "sandbox", type);
  }
  for (const type of ["text/plain;charset=utf-8", "application/json", "image/png"]) {
    assert.equal(policy(type), undefined, type);
  }
});

Deno.test("GET has no Last-Modified for a value whose time nobody knows", () => {
  const on = stage();
  on.publish(new Publication("a", new Uint8Array(1), { retain: true }));
  assert.equal(ask(on, "GET /topics/a").fields["last-modified"], undefined);
});

Deno.test("GET gives the date of the answer, not that of an earlier one", () => {
  const on = stage();
  ask(on, "PUT /topics/a", {}, "1");
  ask(on, "GET /topics/a");
  on.wait(2000);
  const { fields } = ask(on, "GET /topics/a");
  assert.equal(fields.date, "Tue, 05 May 2026 12:00:02 GMT");
  assert.equal(fields["last-modified"], DATE);
});

Deno.test("/topics/ keeps no more of a request than the topic and the value", () => {
  const on = stage();
  on.feed(request("PUT /topics/a", {}, "1") + request("PUT /topics/b", {}, "2"));
  assert.equal(answers(on.take()).length, 2);
  assert.equal(on.retained("a")!.payload.buffer.byteLength, 1);
});
