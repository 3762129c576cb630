import assert from "node:assert/strict";
import { Code, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { hook } from "../../hooked.ts";
import { brief, FakeDatagrams, request, type RequestParts } from "../fake_datagrams.ts";
import { locationOf, observe } from "../pubsub/pubsub_stage.ts";

function ask(stage: FakeDatagrams, code: number, uri: string, parts?: RequestParts): string {
  return brief(stage.ask(request(code, uri, parts))[0]!);
}

for (const code of [Code.put, Code.post]) {
  Deno.test(`below /ps method ${code} sets what a topic holds: 2.01 when it held nothing`, () => {
    const stage = new FakeDatagrams();
    assert.equal(ask(stage, code, "/ps/a/b", { payload: "1" }), "2.01");
    assert.equal(ask(stage, code, "/ps/a/b", { payload: "2" }), "2.04");
    assert.equal(ask(stage, Code.get, "/ps/a/b"), "2.05 2");
    assert.equal(ask(stage, Code.delete, "/ps/a/b"), "2.02");
    assert.equal(ask(stage, code, "/ps/a/b", { payload: "3" }), "2.01");
  });
}

Deno.test("below /ps a publication holds for nobody who comes later when it is not retained", () => {
  const stage = new FakeDatagrams();
  for (const retain of ["false", "0"]) {
    assert.equal(ask(stage, Code.post, `/ps/a?retain=${retain}`, { payload: "1" }), "2.04");
    assert.equal(ask(stage, Code.get, "/ps/a"), "4.04");
  }
  assert.equal(ask(stage, Code.post, "/topics/a", { payload: "1" }), "2.04");
  assert.equal(ask(stage, Code.get, "/ps/a"), "4.04");
});

const link = { options: [new Option(Options.contentFormat, uint(40))] };

Deno.test("a node that creates its topic before it publishes hears where that is", () => {
  const stage = new FakeDatagrams();
  const names: [payload: string, code: string, location: string][] = [
    ["<a>;ct=0", "2.01", "/ps/a"],
    ["<a/b>", "2.01", "/ps/a/b"],
    ['</ps/é>;ct=50;title="x"', "2.01", "/ps/é"],
    ["<a>,<b>", "4.00", ""],
    ["<>", "4.00", ""],
    ["a", "4.00", ""],
    ["", "4.00", ""],
    ["<a/+>", "4.00", ""],
    [`<${"a".repeat(256)}>`, "4.00", ""],
  ];
  for (const [payload, code, location] of names) {
    const [answer] = stage.ask(request(Code.post, "/ps", { payload, ...link }));
    assert.deepEqual([brief(answer!), locationOf(answer!)], [code, location], payload);
  }
  assert.equal(ask(stage, Code.put, "/ps/a", { payload: "1" }), "2.01");
  assert.equal(ask(stage, Code.post, "/ps", { payload: "<a>", ...link }), "4.03");
  assert.equal(ask(stage, Code.post, "/ps", { payload: "<b>" }), "4.15");
  assert.equal(ask(stage, Code.post, "/topics", { payload: "<b>", ...link }), "4.05");
  hook(stage, { authorize: ({ action, topic }) => `${action} ${topic}` === "publish b" });
  assert.equal(ask(stage, Code.post, "/ps", { payload: "<b>", ...link }), "2.01");
  assert.equal(ask(stage, Code.post, "/ps", { payload: "<c>", ...link }), "4.03");
});

Deno.test("expiry says for how many seconds a publication is worth something", () => {
  const stage = new FakeDatagrams();
  const cases: [expiry: string, code: string, seconds: number | undefined][] = [
    ["60", "2.01", 60],
    ["4294967295", "2.04", 4294967295],
    ["0", "2.04", undefined],
    ["4294967296", "4.00", undefined],
    ["1m", "4.00", undefined],
    ["", "4.00", undefined],
  ];
  for (const [expiry, code, seconds] of cases) {
    assert.equal(ask(stage, Code.put, `/ps/a?expiry=${expiry}`, { payload: "1" }), code, expiry);
    assert.equal(stage.space.values.get("a")!.properties?.expirySeconds, seconds);
  }
  stage.space.values.clear();
  ask(stage, Code.post, "/ps/a?reply=5s&expiry=9", { payload: "?" });
  assert.equal(stage.space.published.at(-1)!.properties!.expirySeconds, 9);
});

Deno.test("below /ps a wildcard follows many topics, and a deleted one ends its observers", () => {
  const stage = new FakeDatagrams();
  stage.tell("a/b", "1");
  assert.equal(observe(stage, "/ps/a/+", 1), "2.05 1 observed");
  assert.equal(observe(stage, "/ps/%23?qos=1", 2), "2.05 1 observed");
  assert.equal(observe(stage, "/ps/a/b", 3, "192.0.2.2:5000"), "2.05 1 observed");
  const said = stage.ask(request(Code.delete, "/ps/a/b")).map(brief).sort();
  assert.deepEqual(said, ["2.02", "CON 2.05", "CON 4.04", "NON 2.05"]);
});

Deno.test("the longer names of who asks are known as well", () => {
  const seen: unknown[] = [];
  const stage = new FakeDatagrams();
  hook(stage, {
    authenticate({ clientId, username, passwordText }) {
      seen.push([clientId, username, passwordText]);
      return { user: username };
    },
  });
  ask(stage, Code.put, "/ps/a?clientid=7&username=ann&password=x", { payload: "1" });
  ask(stage, Code.get, "/.well-known/core?clientid=7&username=ann&password=x");
  ask(stage, Code.get, "/ps/a?c=8&u=bob");
  assert.deepEqual(seen, [["7", "ann", "x"], ["7", "ann", "x"], ["8", "bob", undefined]]);
});
