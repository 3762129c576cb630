import assert from "node:assert/strict";
import { Code, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint, uintOf } from "../../../../protocols/coap/messages/options.ts";
import { FakeDatagrams, request, valueOf } from "../fake_datagrams.ts";

const collections = '</topics>;rt="core.ps";ct=40,</ps>;rt="core.ps";ct=40,' +
  '</pubsub>;rt="core.ps.coll";ct=40';

function listed(stage: FakeDatagrams, uri: string, accept?: number): string {
  const options = accept === undefined ? [] : [new Option(Options.accept, uint(accept))];
  const [answer] = stage.ask(request(Code.get, uri, { options }));
  if (answer!.code !== Code.content) return String(answer!.code);
  assert.equal(uintOf(valueOf(answer!, Options.contentFormat)!), accept ?? 40);
  return new TextDecoder().decode(answer!.payload);
}

function stageWithValues(): FakeDatagrams {
  const stage = new FakeDatagrams();
  stage.tell("a/b", "{}", true, "application/json");
  stage.tell('é "<>",;', "x");
  stage.tell("$SYS/uptime", "1");
  return stage;
}

Deno.test("CoapSession lists the collections and the topics that hold a value", () => {
  const stage = stageWithValues();
  const topics = '</topics/a/b>;rt="core.ps.data";ct=50;obs,' +
    '</topics/%C3%A9%20%22%3C%3E%22%2C%3B>;rt="core.ps.data";obs';
  assert.equal(listed(stage, "/.well-known/core"), `${collections},${topics}`);
  assert.equal(listed(stage, "/topics"), topics);
  assert.equal(listed(stage, "/topics/"), topics);
  assert.equal(listed(stage, "/ps", 40), topics.replaceAll("/topics/", "/ps/"));
});

Deno.test("CoapSession lists names as JSON where that is accepted, and nothing else", () => {
  const stage = stageWithValues();
  assert.deepEqual(JSON.parse(listed(stage, "/topics/", 50)), ["a/b", 'é "<>",;']);
  assert.equal(listed(stage, "/topics/", 60), String(Code.notAcceptable));
  assert.equal(listed(stage, "/.well-known/core", 50), String(Code.notAcceptable));
});

Deno.test("CoapSession lists what the queries select", () => {
  const stage = stageWithValues();
  const queries: [query: string, links: number][] = [
    ["rt=core.ps", 2],
    ["rt=core.ps.data", 2],
    ["rt=core.*", 5],
    ["rt=core.ps.coll", 1],
    ["href=/topics/a/*", 1],
    ["href=/topics/a/b", 1],
    ["href=/topics/a", 0],
    ["ct=50", 1],
    ["rt=core.ps&ct=50", 0],
    ["title=x", 0],
  ];
  for (const [query, links] of queries) {
    const text = listed(stage, `/.well-known/core?${query}`);
    assert.equal(text.split(",<").filter((link) => link !== "").length, links, query);
  }
});

Deno.test("CoapSession lists whole entries only, as many as a body may have", () => {
  const stage = new FakeDatagrams({ maxPayloadBytes: 1200 });
  for (let index = 0; index < 500; index++) stage.tell(`plant/${index}`, "1");
  for (const uri of ["/.well-known/core", "/topics/"]) {
    const text = listed(stage, uri);
    assert(text.endsWith(";obs"));
    assert(text.length > 350 && text.length <= 1200);
  }
  assert(JSON.parse(listed(stage, "/topics", 50)).length > 25);
});

Deno.test("CoapSession looks at a bounded number of values to make a list", () => {
  const stage = new FakeDatagrams({ maxScanned: 3 });
  for (let index = 0; index < 5; index++) stage.tell(`plant/${index}`, "1");
  assert.equal(JSON.parse(listed(stage, "/topics", 50)).length, 3);
});
