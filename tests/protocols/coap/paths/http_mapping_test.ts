import assert from "node:assert/strict";
import { Answer } from "../../../../protocols/coap/messages/answer.ts";
import { Code, Message, Option, readTail } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { Etags } from "../../../../protocols/coap/paths/etags.ts";
import { answerOf } from "../../../../protocols/coap/paths/http_answer.ts";
import { headOf, methodOf } from "../../../../protocols/coap/paths/http_request.ts";
import type { RequestHead } from "../../../../protocols/http/messages/message.ts";
import { bytes, hex } from "../../fakes.ts";
import { read, segments } from "./path_requests.ts";

const etags = new Etags();

function head(code: number, options: Option[] = [], path = ["a"]): RequestHead {
  return headOf(read(segments(code, path, [], options)), etags) as RequestHead;
}

/** The answer to a request, as code, options by number, and text. */
function map(
  status: number,
  fields: Record<string, string> = {},
  { body = "", code = Code.get as number, options = [] as Option[] } = {},
): [code: string, options: [number, Uint8Array][], text: string] {
  const request = read(segments(code, ["a", "b"], [], options));
  const asked = { request, head: headOf(request, etags) as RequestHead, etags };
  const answer = answerOf({ status, fields: Object.entries(fields) }, bytes(body), asked);
  const message = new Message(0, answer.code, 0);
  readTail(message, answer.options, 0, 64);
  const dotted = `${answer.code >> 5}.${`${answer.code & 31}`.padStart(2, "0")}`;
  const found = message.options.map(({ number, value }): [number, Uint8Array] => [number, value]);
  return [dotted, found, new TextDecoder().decode(answer.payload)];
}

Deno.test("Methods of CoAP have the names of HTTP where there are such", () => {
  const names = ["GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7].map(methodOf), names);
  assert.deepEqual([methodOf(0), methodOf(8), methodOf(31)], [undefined, undefined, undefined]);
});

const requests: [what: string, options: Option[], fields: [string, string][]][] = [
  ["nothing", [], []],
  ["Content-Format", [new Option(Options.contentFormat, uint(50))], [[
    "content-type",
    "application/json",
  ]]],
  ["a format without a name", [new Option(Options.contentFormat, uint(65001))], [[
    "content-type",
    "application/coap-payload;cf=65001",
  ]]],
  ["Accept", [new Option(Options.accept, uint(0))], [["accept", "text/plain; charset=utf-8"]]],
  [
    "If-Match",
    [new Option(Options.ifMatch, bytes("v1")), new Option(Options.ifMatch, hex("00ff"))],
    [
      ["if-match", '"v1", "0x00ff"'],
    ],
  ],
  ["If-Match with nothing", [new Option(Options.ifMatch, hex(""))], [["if-match", "*"]]],
  ["If-None-Match", [new Option(Options.ifNoneMatch, hex(""))], [["if-none-match", "*"]]],
  ["ETag", [new Option(Options.etag, bytes("v1"))], [["if-none-match", '"v1"']]],
];
for (const [what, options, fields] of requests) {
  Deno.test(`A request with ${what} has its fields in HTTP`, () => {
    assert.deepEqual([...head(Code.get, options).fields], [["host", "localhost"], ...fields]);
  });
}

Deno.test("The host of a request is what its Uri-Host and Uri-Port say", () => {
  const host = (name: string) => new Option(Options.uriHost, bytes(name));
  const port = new Option(Options.uriPort, uint(61616));
  assert.equal(
    head(Code.get, [host("gate.example"), port]).fields.get("host"),
    "gate.example:61616",
  );
  assert.equal(head(Code.get, [host("[::1]")]).fields.get("host"), "[::1]");
  const bad = headOf(read(segments(Code.get, [], [], [host("a b/c")])), etags);
  assert.ok(bad instanceof Answer && bad.code === Code.badRequest);
});

Deno.test("A path with dots in place of names is refused: its URL would be another", () => {
  const found = headOf(read(segments(Code.get, ["of", "bob", "..", "ann"])), etags);
  assert.ok(found instanceof Answer && found.code === Code.badRequest);
});

const codes: [method: number, status: number, code: string][] = [
  [Code.get, 200, "2.05"],
  [Code.fetch, 203, "2.05"],
  [Code.post, 200, "2.04"],
  [Code.post, 201, "2.01"],
  [Code.put, 204, "2.04"],
  [Code.patch, 200, "2.04"],
  [Code.ipatch, 204, "2.04"],
  [Code.delete, 200, "2.02"],
  [Code.delete, 204, "2.02"],
  [Code.post, 303, "2.04"],
  [Code.get, 303, "5.02"],
  [Code.get, 301, "5.02"],
  [Code.post, 307, "5.02"],
  [Code.get, 400, "4.00"],
  [Code.get, 401, "4.01"],
  [Code.get, 402, "4.00"],
  [Code.get, 403, "4.03"],
  [Code.get, 404, "4.04"],
  [Code.get, 405, "4.05"],
  [Code.get, 406, "4.06"],
  [Code.get, 408, "4.00"],
  [Code.get, 409, "4.09"],
  [Code.get, 410, "4.04"],
  [Code.put, 412, "4.12"],
  [Code.put, 413, "4.13"],
  [Code.put, 415, "4.15"],
  [Code.put, 418, "4.00"],
  [Code.put, 422, "4.22"],
  [Code.get, 429, "4.29"],
  [Code.get, 500, "5.00"],
  [Code.get, 501, "5.01"],
  [Code.get, 502, "5.02"],
  [Code.get, 503, "5.03"],
  [Code.get, 504, "5.04"],
  [Code.get, 505, "5.00"],
];
for (const [code, status, expected] of codes) {
  Deno.test(`${methodOf(code)} that HTTP answers ${status} is ${expected}`, () => {
    assert.deepEqual(map(status, {}, { code }), [expected, [], ""]);
  });
}

Deno.test("An answer says its ETag, format, age and place", () => {
  const fields = {
    "content-type": "application/json",
    etag: '"v1"',
    "cache-control": "public, max-age=90",
    age: "30",
    location: "c?d=1",
  };
  const options = [
    [4, bytes("v1")],
    [8, bytes("a")],
    [8, bytes("c")],
    [12, uint(50)],
    [14, uint(60)],
    [20, bytes("d=1")],
  ];
  assert.deepEqual(map(201, fields, { body: "{}", code: Code.post }), ["2.01", options, "{}"]);
});

const ages: [control: string, seconds: number | undefined][] = [
  ["max-age=5", 5],
  ["MAX-AGE=5", 5],
  ["max-age=99999999999", undefined],
  ["s-maxage=5", undefined],
  ["no-store", 0],
  ["private, max-age=5", 0],
  ["no-cache", 0],
  ["public", undefined],
  ["max-age=", undefined],
];
for (const [control, seconds] of ages) {
  Deno.test(`Cache-Control ${control} is Max-Age ${seconds ?? "of nothing"}`, () => {
    const options = seconds === undefined ? [] : [[14, uint(seconds)]];
    assert.deepEqual(map(200, { "cache-control": control })[1], options);
  });
}

Deno.test("What the client has already is 2.03, whoever finds that out", () => {
  const options = [new Option(Options.etag, bytes("v1")), new Option(Options.etag, bytes("v2"))];
  const known = ["2.03", [[4, bytes("v2")]], ""];
  assert.deepEqual(map(304, { etag: '"v2"' }, { options }), known);
  assert.deepEqual(map(200, { etag: '"v2"' }, { options, body: "all of it" }), known);
  assert.deepEqual(map(200, { etag: '"v3"' }, { options, body: "new" })[0], "2.05");
  assert.deepEqual(map(304, {}, { options: options.slice(1) }), known);
  assert.equal(map(304, {}, { options })[0], "5.00");
});

Deno.test("What cannot be had in the only format that will do is 4.06, unless it is done already", () => {
  const options = [new Option(Options.accept, uint(50))];
  const fields = { "content-type": "text/plain" };
  assert.equal(map(200, fields, { options, body: "1" })[0], "4.06");
  assert.equal(map(200, { "content-type": "text/html" }, { options, body: "1" })[0], "4.06");
  assert.equal(map(200, { "content-type": "application/json" }, { options, body: "1" })[0], "2.05");
  assert.equal(map(200, {}, { options, body: "1" })[0], "2.05");
  assert.equal(map(200, fields, { options, body: "1", code: Code.post })[0], "2.04");
  assert.equal(map(404, fields, { options, body: "1" })[0], "4.04");
});

Deno.test("A body that is packed has no format: the number would say too little", () => {
  const fields = { "content-type": "application/json", "content-encoding": "gzip" };
  assert.deepEqual(map(200, fields, { body: "?" })[1], []);
});

Deno.test("An error says why in its diagnostic payload, and no more than fits", () => {
  const text = { "content-type": "text/plain;charset=UTF-8" };
  assert.deepEqual(map(404, text, { body: "Not here\r\n" }), ["4.04", [], "Not here"]);
  const [, , long] = map(500, text, { body: "é".repeat(1000) });
  assert.equal(long, "é".repeat(200));
  const problem = { "content-type": "application/json" };
  assert.deepEqual(map(400, problem, { body: '{"a":1}' }), ["4.00", [[12, uint(50)]], '{"a":1}']);
  assert.deepEqual(map(400, problem, { body: "x".repeat(401) }), ["4.00", [], ""]);
  assert.deepEqual(map(404, { "content-type": "text/html" }, { body: "<p>" }), ["4.04", [], ""]);
  assert.deepEqual(map(503, { "retry-after": "7" })[1], [[14, uint(7)]]);
  assert.deepEqual(map(503, { "retry-after": "Fri, 31 Dec 1999 23:59:59 GMT" })[1], []);
});

Deno.test("Entity-tags come back as they were, short ones as they are and long ones by a hash", () => {
  const own = new Etags();
  for (
    const tag of ['"a"', '"12345678"', '"123456789"', 'W/"a"', '""', '"oQNNoU7raWNe2I"', '"é"']
  ) {
    const etag = own.encode(tag);
    assert.ok(etag.length > 0 && etag.length <= 8, tag);
    assert.equal(own.decode(etag), tag);
  }
  assert.deepEqual(own.encode('"abc"'), bytes("abc"));
  assert.equal(own.decode(hex("00ff10")), '"0x00ff10"');
  // A quote would end the tag early.
  assert.equal(own.decode(bytes('a"b')), '"0x612262"');
});

Deno.test("Etags remember a bounded number of entity-tags, those in use the longest", () => {
  const own = new Etags(), first = own.encode('"the first of all"');
  for (let i = 0; i < 9_999; i++) own.encode(`"tag number ${i}"`);
  assert.equal(own.decode(own.encode('"the first of all"')), '"the first of all"');
  for (let i = 0; i < 9_999; i++) own.encode(`"another tag ${i}"`);
  assert.equal(own.decode(first), '"the first of all"');
  own.encode('"one too many"');
  assert.match(own.decode(first), /^"0x/);
  const long = own.encode(`"${"x".repeat(1_000)}"`);
  assert.match(own.decode(long), /^"0x/);
});
