import assert from "node:assert/strict";
import { Code, CON, NON, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { Publication } from "../../../../protocols/publication.ts";
import { bytes, hex } from "../../fakes.ts";
import { brief, FakeDatagrams, request, type RequestParts, valueOf } from "../fake_datagrams.ts";

function format(number: number): Option {
  return new Option(Options.contentFormat, uint(number));
}

/** The answer to one request, in short. */
function asked(stage: FakeDatagrams, code: number, uri: string, parts?: RequestParts): string {
  return stage.ask(request(code, uri, parts)).map(brief).join(" | ");
}

for (const root of ["/topics", "/ps"]) {
  Deno.test(`CoapSession creates, changes, reads and clears a state of ${root}`, () => {
    const stage = new FakeDatagrams();
    assert.equal(asked(stage, Code.get, `${root}/a/b`), "4.04");
    assert.equal(asked(stage, Code.put, `${root}/a/b`, { payload: "21" }), "2.01");
    assert.equal(asked(stage, Code.put, `${root}/a/b`, { payload: "22" }), "2.04");
    assert.equal(asked(stage, Code.get, `${root}/a/b`), "2.05 22");
    assert.equal(asked(stage, Code.delete, `${root}/a/b`), "2.02");
    assert.equal(asked(stage, Code.get, `${root}/a/b`), "4.04");
    assert.equal(asked(stage, Code.delete, `${root}/a/b`), "2.02");
    const kinds = stage.space.published.map(({ topic, retain, qos, payload }) =>
      `${topic} ${retain} ${qos} ${payload.length}`
    );
    assert.deepEqual(kinds, ["a/b true 1 2", "a/b true 1 2", "a/b true 1 0", "a/b true 1 0"]);
  });
}

Deno.test("CoapSession publishes an event on POST and stores nothing", () => {
  const stage = new FakeDatagrams();
  assert.equal(asked(stage, Code.post, "/topics/door", { payload: "open" }), "2.04");
  const [event] = stage.space.published;
  assert.equal(event?.text(), "open");
  assert.equal(event?.retain, false);
  assert.equal(event?.time, stage.now);
  assert.equal(asked(stage, Code.get, "/topics/door"), "4.04");
});

Deno.test("CoapSession chooses QoS 1 for CON and 0 for NON, unless the query chooses", () => {
  const stage = new FakeDatagrams();
  for (const type of [CON, NON]) {
    for (const query of ["", "?qos=0", "?qos=1", "?qos=2"]) {
      stage.ask(request(Code.post, `/topics/t${query}`, { type }));
    }
  }
  assert.deepEqual(stage.space.published.map(({ qos }) => qos), [1, 0, 1, 2, 0, 0, 1, 2]);
});

Deno.test("CoapSession retains as the query says", () => {
  const stage = new FakeDatagrams();
  assert.equal(asked(stage, Code.put, "/topics/t?retain=0", { payload: "x" }), "2.04");
  assert.equal(asked(stage, Code.get, "/topics/t"), "4.04");
  assert.equal(asked(stage, Code.post, "/topics/t?retain=1", { payload: "x" }), "2.04");
  assert.equal(asked(stage, Code.get, "/topics/t"), "2.05 x");
});

const refused: [code: number, uri: string, answer: string, parts?: RequestParts][] = [
  [Code.post, "/topics/t?qos=3", "4.00"],
  [Code.post, "/topics/t?retain=maybe", "4.00"],
  [Code.post, "/topics/t?reply=5", "4.00"],
  [Code.post, "/topics/t?reply=soon", "4.00"],
  [Code.get, "/topics/a/+/c", "4.00"],
  [Code.get, "/topics/#", "4.00"],
  [Code.put, "/topics/a/#", "4.00"],
  [Code.delete, "/topics/+", "4.00"],
  [Code.put, `/topics/${"a/".repeat(128)}a`, "4.00"],
  [Code.get, `/topics/${"a/".repeat(128)}a`, "4.00"],
  [Code.get, "/nowhere", "4.04"],
  [Code.put, "/", "4.04"],
  [Code.put, "/topics", "4.05"],
  [8, "/topics/t", "4.05"],
  [31, "/topics/t", "4.05"],
  [Code.post, "/.well-known/core", "4.05"],
  [Code.get, "/topics/t", "5.05", { options: [new Option(Options.proxyUri, bytes("coap://h"))] }],
  [Code.get, "/topics/t", "5.05", { options: [new Option(Options.proxyScheme, bytes("http"))] }],
  [Code.get, "/topics/t", "4.02", { options: [new Option(9, hex("00"))] }],
  [Code.get, "/topics/t", "4.02", { options: [new Option(2049, hex(""))] }],
  [Code.get, "/topics/t", "4.02", { options: [new Option(Options.accept, hex("000000"))] }],
  [Code.get, "/topics/t", "4.02", {
    options: [new Option(Options.accept, hex("")), new Option(Options.accept, hex("32"))],
  }],
  [Code.get, "/topics/t", "4.02", { options: [new Option(Options.ifNoneMatch, hex("01"))] }],
  [Code.get, "/topics/t", "4.00", { options: [new Option(Options.uriPath, hex("c328"))] }],
  [Code.get, "/topics/t", "4.00", { options: [new Option(Options.uriQuery, hex("ff"))] }],
  [Code.put, "/topics/t", "4.00", { options: [new Option(Options.block1, hex("0a"))] }],
  [Code.put, "/topics/t", "4.08", { options: [new Option(Options.block1, hex("12"))] }],
  [Code.put, "/topics/t", "4.13", { payload: new Uint8Array(2 ** 20 + 1) }],
];

for (const [code, uri, answer, parts] of refused) {
  const options = parts?.options?.map(({ number }) => number).join() ?? "no";
  const name = `${code} ${uri.slice(0, 32)} with options ${options}`;
  Deno.test(`CoapSession answers ${name} with ${answer} and a reason`, () => {
    const stage = new FakeDatagrams();
    const [message] = stage.ask(request(code, uri, parts));
    assert.equal(message && brief(message), answer);
    assert(message!.payload.length > 10, "a diagnostic payload");
    assert.equal(stage.space.published.length, 0);
  });
}

Deno.test("CoapSession says how much it would take beside 4.13", () => {
  const stage = new FakeDatagrams({ maxPayloadBytes: 1152 });
  const [answer] = stage.ask(request(Code.put, "/topics/t", { payload: new Uint8Array(1153) }));
  assert.equal(uintOf(valueOf(answer!, Options.size1)!), 1152);
  const fits = request(Code.put, "/topics/t", { payload: new Uint8Array(1152) });
  assert.equal(stage.ask(fits).map(brief).join(), "2.01");
  const read = stage.ask(request(Code.get, "/topics/t", { token: new Uint8Array(8) }))[0]!;
  assert.equal(read.payload.length, 1152);
});

Deno.test("CoapSession overlooks what is elective, and the names of its own host", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "x");
  const options = [
    new Option(Options.uriHost, bytes("example.org")),
    new Option(Options.uriPort, uint(5683)),
    new Option(Options.maxAge, uint(1)),
    new Option(2048, bytes("?")),
    new Option(Options.observe, hex("01020304")),
    new Option(Options.block2, hex("02")),
  ];
  assert.equal(asked(stage, Code.get, "/topics/t?c=client", { options }), "2.05 x");
});

Deno.test("CoapSession carries the Content-Format both ways", () => {
  const stage = new FakeDatagrams();
  const cases: [number, string][] = [
    [0, "text/plain; charset=utf-8"],
    [50, "application/json"],
    [60, "application/cbor"],
    [65001, "application/coap-payload;cf=65001"],
  ];
  for (const [number, mediaType] of cases) {
    stage.ask(request(Code.put, "/topics/t", { payload: "1", options: [format(number)] }));
    assert.equal(stage.space.published.at(-1)?.contentType, mediaType);
    const [answer] = stage.ask(request(Code.get, "/topics/t"));
    assert.equal(uintOf(valueOf(answer!, Options.contentFormat)!), number);
  }
  stage.tell("t", "<p>", true, "text/html");
  const [answer] = stage.ask(request(Code.get, "/topics/t"));
  assert.equal(valueOf(answer!, Options.contentFormat), undefined);
});

Deno.test("CoapSession answers 4.06 when Accept names another format than the value has", () => {
  const stage = new FakeDatagrams();
  const accept = (number: number) => ({ options: [new Option(Options.accept, uint(number))] });
  stage.tell("typed", "{}", true, "application/json");
  stage.tell("untyped", "{}");
  assert.equal(asked(stage, Code.get, "/topics/typed", accept(50)), "2.05 {}");
  assert.equal(asked(stage, Code.get, "/topics/typed", accept(60)), "4.06");
  assert.equal(asked(stage, Code.get, "/topics/untyped", accept(60)), "2.05 {}");
});

Deno.test("CoapSession answers 2.03 to the ETag of the value, and 2.05 to any other", () => {
  const stage = new FakeDatagrams();
  stage.tell("t", "x");
  const [first] = stage.ask(request(Code.get, "/topics/t"));
  const etag = valueOf(first!, Options.etag)!;
  assert.equal(etag.length, 8);
  const options = [new Option(Options.etag, hex("01")), new Option(Options.etag, etag)];
  const [valid] = stage.ask(request(Code.get, "/topics/t", { options }));
  assert.equal(brief(valid!), "2.03");
  assert.deepEqual(valueOf(valid!, Options.etag), etag);
  stage.tell("t", "y");
  assert.equal(asked(stage, Code.get, "/topics/t", { options }), "2.05 y");
  stage.tell("t", "x", true, "text/plain");
  assert.equal(asked(stage, Code.get, "/topics/t", { options }), "2.05 x");
});

Deno.test("CoapSession makes If-Match and If-None-Match a condition of every change", () => {
  const stage = new FakeDatagrams();
  const ifMatch = (etag: Uint8Array) => ({ options: [new Option(Options.ifMatch, etag)] });
  const ifNone = { options: [new Option(Options.ifNoneMatch, hex(""))] };
  for (const code of [Code.put, Code.post, Code.delete]) {
    assert.equal(asked(stage, code, "/topics/t", ifMatch(hex(""))), "4.12");
  }
  assert.equal(stage.space.published.length, 0);
  assert.equal(asked(stage, Code.put, "/topics/t", { ...ifNone, payload: "x" }), "2.01");
  assert.equal(asked(stage, Code.put, "/topics/t", { ...ifNone, payload: "y" }), "4.12");
  const etag = valueOf(stage.ask(request(Code.get, "/topics/t"))[0]!, Options.etag)!;
  assert.equal(asked(stage, Code.put, "/topics/t", { ...ifMatch(etag), payload: "y" }), "2.04");
  assert.equal(asked(stage, Code.put, "/topics/t", { ...ifMatch(etag), payload: "z" }), "4.12");
  assert.equal(asked(stage, Code.delete, "/topics/t", ifMatch(etag)), "4.12");
  assert.equal(asked(stage, Code.delete, "/topics/t", ifMatch(hex(""))), "2.02");
});

Deno.test("CoapSession says for how long a value that expires is fresh", () => {
  const stage = new FakeDatagrams();
  const ages: [expirySeconds: number, maxAge: number | undefined][] = [
    [10, 7],
    [62, 59],
    [63, undefined],
    [1, 0],
  ];
  for (const [expirySeconds, maxAge] of ages) {
    const options = { retain: true, time: stage.now - 3000, properties: { expirySeconds } };
    stage.publish(new Publication("t", bytes("x"), options));
    const [answer] = stage.ask(request(Code.get, "/topics/t"));
    const value = valueOf(answer!, Options.maxAge);
    assert.equal(value && uintOf(value), maxAge);
    assert.equal(brief(answer!), "2.05 x");
  }
});

Deno.test("CoapSession says 5.03 when a publication was thrown away", () => {
  const stage = new FakeDatagrams();
  stage.space.outcome = "overloaded";
  for (const code of [Code.put, Code.post, Code.delete]) {
    const [answer] = stage.ask(request(code, "/topics/t", { payload: "x" }));
    assert.equal(brief(answer!), "5.03");
    assert.equal(uintOf(valueOf(answer!, Options.maxAge)!), 1);
  }
  stage.space.outcome = "closing";
  assert.equal(asked(stage, Code.post, "/topics/t"), "5.03");
});

Deno.test("CoapSession reads every topic name from its path", () => {
  const stage = new FakeDatagrams();
  for (const topic of ["a/b c/é", "/a", "a/", "a//b", "$x/y", "100%", "a&b?c"]) {
    stage.space.publish(new Publication(topic, bytes(topic), { retain: true }));
    const options = ["topics", ...topic.split("/")].map((level) =>
      new Option(Options.uriPath, bytes(level))
    );
    const message = request(Code.get, "", { options });
    assert.equal(stage.ask(message).map(brief).join(), `2.05 ${topic}`);
  }
});

Deno.test("CoapSession passes every byte of a payload on", () => {
  const stage = new FakeDatagrams();
  const payload = Uint8Array.from({ length: 256 }, (_, index) => index);
  stage.ask(request(Code.put, "/topics/t", { payload }));
  assert.deepEqual(stage.space.published[0]?.payload, payload);
  assert.deepEqual(stage.ask(request(Code.get, "/topics/t"))[0]?.payload, payload);
});
