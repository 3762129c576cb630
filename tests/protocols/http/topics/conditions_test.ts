import assert from "node:assert/strict";
import { ask, NOON, stage } from "../client.ts";

const BEFORE = new Date(NOON - 1000).toUTCString();
const SAME = new Date(NOON).toUTCString();
const AFTER = new Date(NOON + 1000).toUTCString();

/** A session whose topic `a` holds a value, and the tag of it. */
function stored(): [on: ReturnType<typeof stage>, etag: string] {
  const on = stage();
  return [on, ask(on, "PUT /topics/a", {}, "1").fields.etag!];
}

/** Fields, with TAG for the tag of the value, and what GET and PUT answer. */
const cases: readonly (readonly [
  name: string,
  fields: Record<string, string>,
  get: number,
  put: number,
])[] = [
  ["no condition", {}, 200, 204],
  ["If-None-Match with its tag", { "If-None-Match": "TAG" }, 304, 412],
  ["If-None-Match with its weak tag", { "If-None-Match": "W/TAG" }, 304, 412],
  ["If-None-Match with a list", { "If-None-Match": '"x", W/"y,z" ,TAG' }, 304, 412],
  ["If-None-Match with any", { "If-None-Match": "*" }, 304, 412],
  ["If-None-Match with another", { "If-None-Match": '"x"' }, 200, 204],
  ["If-None-Match with nonsense", { "If-None-Match": "x" }, 200, 204],
  ["If-Match with its tag", { "If-Match": "TAG" }, 200, 204],
  ["If-Match with its weak tag", { "If-Match": "W/TAG" }, 412, 412],
  ["If-Match with any", { "If-Match": "*" }, 200, 204],
  ["If-Match with another", { "If-Match": '"x"' }, 412, 412],
  ["If-Modified-Since before", { "If-Modified-Since": BEFORE }, 200, 204],
  ["If-Modified-Since the same second", { "If-Modified-Since": SAME }, 304, 204],
  ["If-Modified-Since after", { "If-Modified-Since": AFTER }, 304, 204],
  ["If-Modified-Since with nonsense", { "If-Modified-Since": "yesterday" }, 200, 204],
  ["If-Unmodified-Since before", { "If-Unmodified-Since": BEFORE }, 412, 412],
  ["If-Unmodified-Since the same second", { "If-Unmodified-Since": SAME }, 200, 204],
  [
    "If-None-Match before If-Modified-Since",
    { "If-None-Match": '"x"', "If-Modified-Since": AFTER },
    200,
    204,
  ],
  [
    "If-Match before If-Unmodified-Since",
    { "If-Match": "TAG", "If-Unmodified-Since": BEFORE },
    200,
    204,
  ],
  ["If-Match and If-None-Match", { "If-Match": "TAG", "If-None-Match": "TAG" }, 304, 412],
];

for (const [name, fields, get, put] of cases) {
  Deno.test(`/topics/ heeds ${name}: GET ${get}, PUT and DELETE ${put}`, () => {
    const [on, etag] = stored();
    const sent = Object.fromEntries(
      Object.entries(fields).map(([field, value]) => [field, value.replace("TAG", etag)]),
    );
    assert.equal(ask(on, "GET /topics/a", sent).status, get);
    assert.equal(ask(on, "HEAD /topics/a", sent).status, get);
    assert.equal(ask(on, "PUT /topics/a", sent, "2").status, put);
    const [other] = stored();
    assert.equal(ask(other, "DELETE /topics/a", sent).status, put);
    assert.equal(other.space.values.size, put === 204 ? 0 : 1);
  });
}

Deno.test("/topics/ sets a value only once with If-None-Match: *", () => {
  const on = stage();
  assert.equal(ask(on, "PUT /topics/a", { "If-None-Match": "*" }, "1").status, 201);
  assert.equal(ask(on, "PUT /topics/a", { "If-None-Match": "*" }, "2").status, 412);
  assert.equal(ask(on, "PUT /topics/b", { "If-Match": "*" }, "2").status, 412);
  assert.equal(ask(on, "GET /topics/a").body, "1");
});

Deno.test("A 304 has the fields that a 200 would have, but no body", () => {
  const [on, etag] = stored();
  const { fields } = ask(on, "GET /topics/a", { "If-None-Match": etag });
  assert.deepEqual(
    [fields.etag, fields["last-modified"], fields["cache-control"], fields.vary],
    [etag, SAME, "no-cache", "accept"],
  );
  assert.equal(fields["content-length"], undefined);
});

Deno.test("The tag of a value depends on its payload and its type", () => {
  const on = stage();
  const tag = (type: Record<string, string>, body: string) =>
    ask(on, "PUT /topics/a", type, body).fields.etag;
  const plain = tag({}, "1");
  assert.match(plain!, /^"[-\w]+"$/);
  assert.notEqual(tag({}, "2"), plain);
  assert.notEqual(tag({ "Content-Type": "text/x" }, "1"), plain);
  assert.equal(tag({}, "1"), plain);
  assert.equal(ask(on, "GET /topics/a").fields.etag, plain);
});
