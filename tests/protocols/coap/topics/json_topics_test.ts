import assert from "node:assert/strict";
import { Block } from "../../../../protocols/coap/blocks/block.ts";
import { Code, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { mergePatch, pointedAt } from "../../../../protocols/coap/topics/merge_patch.ts";
import { brief, FakeDatagrams, request } from "../fake_datagrams.ts";

const block2 = (number: number) => new Option(Options.block2, new Block(number, false, 6).encode());
const format = (number: number) => new Option(Options.contentFormat, uint(number));

/** A topic that holds JSON, and what is answered about it. */
function topic(payload: string | undefined, number = 50, maxPayloadBytes = 1 << 20) {
  const stage = new FakeDatagrams({ maxPayloadBytes });
  const ask = (code: number, payload: string, number: number, more: Option[] = []) =>
    stage.ask(request(code, "/topics/t", { payload, options: [format(number), ...more] }))
      .map(brief).join(" | ");
  if (payload !== undefined) ask(Code.put, payload, number);
  const read = () => stage.ask(request(Code.get, "/topics/t")).map(brief).join(" | ");
  return { stage, read, ask };
}

// The table of RFC 7396, appendix A.
const merges: readonly [unknown, unknown, unknown][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [["a", "b"], ["c", "d"], ["c", "d"]],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

for (const [target, patch, result] of merges) {
  const [before, change] = [JSON.stringify(target), JSON.stringify(patch)];
  Deno.test(`mergePatch() changes ${before} by ${change} as RFC 7396 says`, () => {
    assert.equal(JSON.stringify(mergePatch(target, patch)), JSON.stringify(result));
  });
}

Deno.test("A patch of __proto__ is a member like any other", () => {
  const patch = JSON.parse('{"__proto__":{"polluted":1}}');
  assert.equal(JSON.stringify(mergePatch({}, patch)), '{"__proto__":{"polluted":1}}');
  assert.equal(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("pointedAt() finds what a pointer of RFC 6901 names", () => {
  const document = { "a/b": 1, "m~n": 2, list: [10, 20], "": 0 };
  assert.equal(pointedAt(document, ""), document);
  for (
    const [pointer, value] of [
      ["/a~1b", 1],
      ["/m~0n", 2],
      ["/list/1", 20],
      ["/", 0],
      ["/list/01", undefined],
      ["/list/2", undefined],
      ["/toString", undefined],
      ["list", undefined],
    ] as const
  ) assert.equal(pointedAt(document, pointer), value, pointer);
});

Deno.test("FETCH answers what pointers name, and nothing else", () => {
  const { ask } = topic('{"a":{"b":[1,2]},"c":"d"}');
  assert.equal(ask(Code.fetch, '["/a/b/1","/c","/none"]', 50), '2.05 {"/a/b/1":2,"/c":"d"}');
  assert.equal(ask(Code.fetch, "[]", 50), "2.05 {}");
  for (const bad of ["{}", "[1]", '["a"]', "nothing"]) {
    assert.match(ask(Code.fetch, bad, 50), /^4\.22/, bad);
  }
  assert.match(ask(Code.fetch, "[]", 0), /^4\.15/);
  assert.match(topic(undefined).ask(Code.fetch, "[]", 50), /^4\.04/);
  assert.match(topic("text", 0).ask(Code.fetch, "[]", 50), /^4\.09/);
});

const observe = (value: number) => new Option(Options.observe, uint(value));

Deno.test("FETCH with Observe tells what pointers name each time that it changes (RFC 8132 §2.4)", () => {
  const { stage, ask } = topic(undefined);
  assert.equal(ask(Code.fetch, '["/a"]', 50, [observe(0)]), "2.05", "nothing is there yet");
  stage.tell("t", '{"a":1,"b":2}', true, "application/json");
  assert.deepEqual(stage.take().map(brief), ['NON 2.05 {"/a":1}']);
  assert.equal(ask(Code.fetch, '["/b"]', 50, [observe(0)]), '2.05 {"/b":2}', "in its place");
  stage.tell("t", '{"b":3}', true, "application/json");
  assert.deepEqual(stage.take().map(brief), ['NON 2.05 {"/b":3}']);
  assert.equal(ask(Code.fetch, '["/b"]', 50, [observe(1)]), '2.05 {"/b":3}');
  assert.equal(stage.session.load.observers, 0);
  assert.match(ask(Code.fetch, "{}", 50, [observe(0)]), /^4\.22/);
  assert.equal(stage.session.load.observers, 0);
});

Deno.test("FETCH with Observe ends with the reason when a topic holds no JSON any more", () => {
  const { stage, ask } = topic('{"a":1}');
  assert.equal(ask(Code.fetch, '["/a"]', 50, [observe(0)]), '2.05 {"/a":1}');
  stage.tell("t", "text", true, "text/plain");
  assert.deepEqual(stage.take().map(brief), ["CON 4.09"]);
  assert.equal(stage.session.load.observers, 0);
});

Deno.test("The rest of a long notification for a FETCH is of what that began with", () => {
  const { stage } = topic(undefined), pointers = '["/a"]';
  const fetch = (...options: Option[]) =>
    stage.ask(request(Code.fetch, "/topics/t", {
      payload: pointers,
      options: [format(50), ...options],
    }))[0]!;
  fetch(observe(0));
  const tell = (digit: string) =>
    stage.tell("t", JSON.stringify({ a: digit.repeat(1500) }), true, "application/json");
  const second = () => {
    const [first] = stage.take(), { payload } = fetch(block2(1));
    return brief(first!).length > 1000 && new TextDecoder().decode(payload).slice(-4);
  };
  for (const digit of ["1", "2", "3"]) {
    tell(digit);
    assert.equal(second(), `${digit}${digit}"}`);
  }
});

Deno.test("PATCH and iPATCH change what a topic holds", () => {
  for (const code of [Code.patch, Code.ipatch]) {
    const { ask, read } = topic('{"a":1,"b":2}');
    assert.equal(ask(code, '{"a":null,"c":{"d":3}}', 52), "2.04");
    assert.equal(read(), '2.05 {"b":2,"c":{"d":3}}');
    assert.match(ask(code, "{", 52), /^4\.00/);
    assert.match(ask(code, "{}", 50), /^4\.15/);
    assert.equal(read(), '2.05 {"b":2,"c":{"d":3}}');
  }
  assert.match(topic("text", 0).ask(Code.patch, "{}", 52), /^4\.09/);
});

Deno.test("A value or patch of too many levels is refused, and nothing else happens", () => {
  const levels = 400, deep = '{"a":'.repeat(levels) + "1" + "}".repeat(levels);
  const { ask, read } = topic('{"b":2}');
  assert.match(ask(Code.patch, deep.slice(0, 900), 52), /^4\.00/);
  const patch = '{"a":'.repeat(150) + "1" + "}".repeat(150);
  assert.match(ask(Code.patch, patch, 52), /^4\.22/);
  assert.equal(read(), '2.05 {"b":2}');
});

Deno.test("No-Response keeps the answers back that are not wanted", () => {
  const { stage } = topic(undefined);
  const put = (value: number, payload: string) =>
    stage.ask(request(Code.put, "/topics/t", {
      payload,
      options: [new Option(Options.noResponse, uint(value))],
    })).map(brief);
  assert.deepEqual(put(0, "1"), ["2.01"]);
  // 2 is for answers of class 2 (RFC 7967 §2.1); the message is acknowledged all the same.
  assert.ok(!put(2, "2").some((each) => each.startsWith("2.04")));
  assert.deepEqual(put(8, "3"), ["2.04"]);
});

Deno.test("FETCH answers no more than a body may have, however often it asks for the same", () => {
  const value = JSON.stringify({ a: "x".repeat(900), b: "y".repeat(900) });
  const { ask } = topic(value, 50, 3_000);
  const twice = ask(Code.fetch, JSON.stringify(Array(100).fill("/a")), 50, [block2(0)]);
  assert.match(twice, /^2\.05 {"\/a":"x+"}$/);
  assert.match(ask(Code.fetch, '["/a","/b"]', 50, [block2(0)]), /^2\.05 /);
  assert.equal(
    ask(Code.fetch, '["","/a","/b"]', 50, [block2(0)]),
    "4.22",
  );
});

Deno.test("PATCH makes of a value no more than a body may have", () => {
  const { ask, read } = topic(JSON.stringify({ a: "x".repeat(500) }), 50, 1_000);
  assert.match(ask(Code.patch, JSON.stringify({ b: "y".repeat(400) }), 52), /^2\.04/);
  assert.equal(
    ask(Code.patch, JSON.stringify({ c: "z".repeat(400) }), 52),
    "4.13",
  );
  assert.match(read(), /^2\.05 {"a":"x+","b":"y+"}$/);
});

Deno.test("What an observer selects by is held, and counts among its bytes", () => {
  const stage = new FakeDatagrams({ maxObserverBytesPerUser: 1_000 });
  const observe = (token: number, pointer: string) => {
    const options = [format(50), new Option(Options.observe, uint(0))];
    const parts = { token: Uint8Array.of(token), payload: JSON.stringify([pointer]), options };
    const [answer] = stage.ask(request(Code.fetch, "/topics/t", parts));
    return answer!.options.some(({ number }) => number === Options.observe);
  };
  stage.ask(request(Code.put, "/topics/t", { payload: "{}", options: [format(50)] }));
  assert.deepEqual(
    [observe(1, `/${"x".repeat(500)}`), observe(2, `/${"y".repeat(500)}`), observe(3, "/z")],
    [true, false, true],
  );
});

Deno.test("A value of which many observe parts is read once for all of them", () => {
  const stage = new FakeDatagrams({ maxBurst: 1_000 }), { parse } = JSON;
  stage.ask(request(Code.put, "/topics/t", { payload: '{"a":1}', options: [format(50)] }));
  const options = [format(50), new Option(Options.observe, uint(0))];
  for (let each = 0; each < 100; each++) {
    const parts = { token: Uint8Array.of(1), payload: '["/a"]', options };
    stage.ask(request(Code.fetch, "/topics/t", parts), `192.0.2.1:${1_000 + each}`);
  }
  let readings = 0;
  JSON.parse = (text) => {
    if (text === '{"a":2}') readings++;
    return parse(text);
  };
  try {
    stage.tell("t", '{"a":2}', true, "application/json");
    assert.equal(stage.take().length, 100);
  } finally {
    JSON.parse = parse;
  }
  assert.equal(readings, 1);
});
