import assert from "node:assert/strict";
import { Code, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import { Refusal } from "../../../../protocols/identity.ts";
import { bytes, hex } from "../../fakes.ts";
import { hook } from "../../hooked.ts";
import { brief, FakeDatagrams, request, seeded } from "../fake_datagrams.ts";
import {
  configured,
  date,
  type Given,
  locationOf,
  named,
  observe,
  payloadOf,
  send,
  told,
} from "./pubsub_stage.ts";

const complete = { 0: "a/b", 1: "/ps/a/b", 2: "core.ps.data", 7: 86400 };

function listed(stage: FakeDatagrams, uri: string): string {
  const [answer] = stage.ask(request(Code.get, uri));
  return brief(answer!);
}

Deno.test("the topic collection makes a topic, and says where it is and what it is", () => {
  const stage = new FakeDatagrams();
  const answer = send(stage, Code.post, "/pubsub", named("a/b"));
  assert.deepEqual(told(answer), ["2.01", complete]);
  assert.equal(locationOf(answer), "/pubsub/a/b");
  assert.deepEqual(told(send(stage, Code.get, "/pubsub/a/b")), ["2.05", complete]);
  assert.deepEqual([...stage.space.values.keys()], ["$pubsub/a/b"]);
});

Deno.test("a topic keeps all that its creator says", () => {
  const more: Given = {
    1: "/ps/a/b",
    3: 110,
    4: "temperature",
    5: date(2_000_000_000),
    6: 100,
    7: 3600,
    8: bytes("[]"),
  };
  const stage = configured("a/b", more);
  assert.deepEqual(told(send(stage, Code.get, "/pubsub/a/b")), ["2.05", named("a/b", more)]);
});

const refused: [name: string, given: Given | Uint8Array, code: string, reason: RegExp][] = [
  ["no name", { 2: "core.ps.data" }, "4.00", /needs a topic-name/],
  ["no resource type", { 0: "a" }, "4.00", /resource-type has to be "core.ps.data"/],
  ["another resource type", { 0: "a", 2: "core.ps.conf" }, "4.00", /has to be "core.ps.data"/],
  ["data elsewhere", named("a", { 1: "/ps/b" }), "4.00", /topic-data has to be "\/ps\/a"/],
  ["a name of bytes", { 0: bytes("a"), 2: "core.ps.data" }, "4.00", /topic-name: it is text/],
  ["a format that is none", named("a", { 3: 65536 }), "4.00", /an integer from 0 to 65535/],
  ["a date as text", named("a", { 5: "2030-01-01" }), "4.00", /seconds since 1970 with tag 1/],
  ["a date without a tag", named("a", { 5: 2e9 }), "4.00", /expiration-date/],
  ["a date in the past", named("a", { 5: date(999) }), "4.00", /has passed already/],
  ["a negative number of subscribers", named("a", { 6: -1 }), "4.00", /max-subscribers/],
  ["a check that never pauses", named("a", { 7: 0 }), "4.00", /observer-check: it is an integer/],
  ["a yes to initialize", named("a", { 3: 0, 8: true }), "4.00", /initialize: it is a byte string/],
  ["a value without a format", named("a", { 8: bytes("1") }), "4.00", /needs a topic-content-f/],
  ["a filter", named("a", { 9: [1] }), "4.00", /conf-filter is for FETCH/],
  ["an unknown property", named("a", { 10: 1 }), "4.00", /no property 10/],
  ["a wildcard", named("a/+"), "4.00", /wildcard/],
  ["an empty name", named(""), "4.00", /empty topic/],
  ["a topic of the gateway", named("$SYS/x"), "4.03", /Topics with \$/],
  ["a level that no path can have", named("a".repeat(256)), "4.00", /up to 255 bytes/],
  ["an array", hex("80"), "4.00", /no CBOR map/],
  ["nothing", hex(""), "4.00", /Cannot read/],
  ["a property by its name", hex("a16a746f7069632d6e616d656161"), "4.00", /no property topic-name/],
];
for (const [name, given, code, reason] of refused) {
  Deno.test(`the topic collection refuses ${name}`, () => {
    const stage = new FakeDatagrams();
    const [was, said] = told(send(stage, Code.post, "/pubsub", given));
    assert.equal(was, code);
    assert.match(String(said), reason);
    assert.equal(stage.space.values.size, 0);
  });
}

Deno.test("the topic collection refuses a name that is in use", () => {
  const stage = configured("a");
  assert.deepEqual(told(send(stage, Code.post, "/pubsub", named("a"))), [
    "4.00",
    'The topic-name "a" is in use',
  ]);
});

Deno.test("the topic collection wants its own format, and has its own methods", () => {
  const stage = configured("a");
  const [other] = stage.ask(request(Code.post, "/pubsub", { payload: payloadOf(named("b")) }));
  assert.equal(brief(other!), "4.15");
  for (const [code, uri] of [[Code.put, "/pubsub"], [Code.patch, "/pubsub/a"]] as const) {
    assert.equal(told(send(stage, code, uri, named("b")))[0], "4.05");
  }
  assert.equal(brief(stage.ask(request(Code.delete, "/pubsub"))[0]!), "4.05");
  const accept = [new Option(Options.accept, uint(50))];
  for (const uri of ["/pubsub", "/pubsub/a"]) {
    assert.equal(brief(stage.ask(request(Code.get, uri, { options: accept }))[0]!), "4.06");
  }
});

Deno.test("the topic collection lists its topics, and discovery lists it", () => {
  const stage = configured("a/b");
  send(stage, Code.post, "/pubsub", named("é"));
  stage.tell("a/b", "1");
  const both = '</pubsub/a/b>;rt="core.ps.conf",</pubsub/%C3%A9>;rt="core.ps.conf"';
  assert.equal(listed(stage, "/pubsub"), `2.05 ${both}`);
  assert.equal(listed(stage, "/pubsub?rt=core.ps.conf"), `2.05 ${both}`);
  assert.equal(listed(stage, "/pubsub?rt=core.ps.data"), '2.05 </ps/a/b>;rt="core.ps.data";obs');
  assert.equal(
    listed(stage, "/.well-known/core?rt=core.ps.coll"),
    '2.05 </pubsub>;rt="core.ps.coll";ct=40',
  );
  assert.equal(
    listed(stage, "/.well-known/core?rt=core.ps.conf&href=/pubsub/a/*"),
    '2.05 </pubsub/a/b>;rt="core.ps.conf";ct=606',
  );
});

Deno.test("the topic collection lists the topics that FETCH describes", () => {
  const stage = configured("a", { 4: "temperature", 6: 5 });
  send(stage, Code.post, "/pubsub", named("b", { 4: "temperature" }));
  const filters: [filter: Given, code: string, links: string][] = [
    [{ 4: "temperature" }, "2.05", '</pubsub/a>;rt="core.ps.conf",</pubsub/b>;rt="core.ps.conf"'],
    [{ 4: "temperature", 6: 5 }, "2.05", '</pubsub/a>;rt="core.ps.conf"'],
    [{ 0: "b", 7: 86400 }, "2.05", '</pubsub/b>;rt="core.ps.conf"'],
    [{ 6: 6 }, "2.05", ""],
    [{ 6: "6" }, "4.00", "Cannot use this max-subscribers: it is an integer from 0 to 4294967295"],
  ];
  for (const [filter, ...answer] of filters) {
    assert.deepEqual(told(send(stage, Code.fetch, "/pubsub", filter)), answer);
  }
});

Deno.test("FETCH of a topic answers the properties that it names", () => {
  const stage = configured("a", { 3: 112, 6: 5 });
  assert.deepEqual(told(send(stage, Code.fetch, "/pubsub/a", { 9: [1, 3, 8] })), [
    "2.05",
    { 1: "/ps/a", 3: 112 },
  ]);
  for (const filter of [{ 9: [9] }, { 9: ["topic-data"] }, { 9: 1 }, { 0: "a" }, {}] as Given[]) {
    assert.equal(told(send(stage, Code.fetch, "/pubsub/a", filter))[0], "4.00");
  }
});

Deno.test("POST and PUT replace a configuration, iPATCH changes it", () => {
  for (const code of [Code.post, Code.put]) {
    const stage = configured("a", { 4: "x", 6: 5 });
    assert.deepEqual(told(send(stage, code, "/pubsub/a", { 7: 60 })), [
      "2.04",
      { 0: "a", 1: "/ps/a", 2: "core.ps.data", 7: 60 },
    ]);
    const same = named("a", { 1: "/ps/a", 3: 50 });
    assert.deepEqual(told(send(stage, code, "/pubsub/a", same)), ["2.04", { ...same, 7: 86400 }]);
  }
  const stage = configured("a", { 4: "x", 6: 5 });
  assert.deepEqual(told(send(stage, Code.ipatch, "/pubsub/a", { 6: 7 })), [
    "2.04",
    { 0: "a", 1: "/ps/a", 2: "core.ps.data", 4: "x", 6: 7, 7: 86400 },
  ]);
});

Deno.test("name, data and resource type of a topic stay what they are", () => {
  const stage = configured("a");
  for (const code of [Code.post, Code.put, Code.ipatch]) {
    for (const change of [{ 0: "b" }, { 1: "/ps/b" }, { 2: "x" }, { 5: date(1) }] as Given[]) {
      assert.equal(told(send(stage, code, "/pubsub/a", change))[0], "4.00");
    }
  }
  assert.deepEqual(told(send(stage, Code.get, "/pubsub/a"))[1], {
    ...complete,
    0: "a",
    1: "/ps/a",
  });
});

Deno.test("a change is made only on the configuration that its sender knows", () => {
  const stage = configured("a");
  const [answer] = stage.ask(request(Code.get, "/pubsub/a"));
  const etag = answer!.options.find(({ number }) => number === Options.etag)!.value;
  const [same] = stage.ask(
    request(Code.get, "/pubsub/a", { options: [new Option(Options.etag, etag)] }),
  );
  assert.equal(brief(same!), "2.03");
  const options = [new Option(Options.ifMatch, etag)];
  assert.equal(told(send(stage, Code.ipatch, "/pubsub/a", { 6: 1 }, { options }))[0], "2.04");
  assert.equal(told(send(stage, Code.ipatch, "/pubsub/a", { 6: 2 }, { options }))[0], "4.12");
  assert.equal(told(send(stage, Code.delete, "/pubsub/a", {}, { options }))[0], "4.12");
});

Deno.test("nobody reads or changes the configuration of a topic that has none", () => {
  const stage = new FakeDatagrams();
  stage.tell("$pubsub/b", "no configuration");
  for (const topic of ["a", "b"]) {
    for (const code of [Code.get, Code.fetch, Code.post, Code.put, Code.ipatch]) {
      assert.equal(told(send(stage, code, `/pubsub/${topic}`, { 9: [1] }))[0], "4.04");
    }
    assert.equal(told(send(stage, Code.delete, `/pubsub/${topic}`))[0], "2.02");
  }
  assert.equal(listed(stage, "/pubsub"), "2.05");
});

Deno.test("configuring a topic takes what publishing to it takes, reading what subscribing takes", () => {
  const stage = configured("a");
  send(stage, Code.post, "/pubsub", named("secret"));
  const asked = new Set<string>();
  hook(stage, {
    authorize({ action, topic, retain }) {
      asked.add(`${action} ${topic} ${retain}`);
      return topic === "a" && action !== "publish";
    },
  });
  for (const code of [Code.post, Code.put, Code.ipatch, Code.delete]) {
    assert.equal(told(send(stage, code, "/pubsub/a", { 6: 1 }))[0], "4.03");
  }
  assert.equal(told(send(stage, Code.post, "/pubsub", named("b")))[0], "4.03");
  assert.equal(told(send(stage, Code.get, "/pubsub/a"))[0], "2.05");
  for (const code of [Code.get, Code.fetch]) {
    assert.equal(told(send(stage, code, "/pubsub/secret", { 9: [1] }))[0], "4.03");
  }
  assert.equal(listed(stage, "/pubsub"), '2.05 </pubsub/a>;rt="core.ps.conf"');
  assert.equal(told(send(stage, Code.fetch, "/pubsub", { 0: "secret" }))[1], "");
  assert.deepEqual([...asked].sort(), [
    "deliver a true",
    "deliver secret true",
    "publish a true",
    "publish b true",
    "subscribe a false",
    "subscribe secret false",
  ]);
});

Deno.test("what initialize says is published as its sender may publish", () => {
  const stage = new FakeDatagrams();
  hook(stage, {
    published: ({ payload }) =>
      payload.length < 3 ? undefined : new Refusal("Two bytes", "invalid"),
  });
  const given = named("a", { 3: 50, 8: bytes("[1,2]") });
  assert.equal(told(send(stage, Code.post, "/pubsub", given))[0], "4.00");
  assert.equal(stage.space.values.size, 0);
  assert.equal(told(send(stage, Code.post, "/pubsub", { ...given, 8: bytes("[]") }))[0], "2.01");
  assert.equal(stage.space.values.get("a")!.text(), "[]");
});

Deno.test("a store that is full takes no configuration", () => {
  const stage = configured("a");
  stage.space.outcome = "overloaded";
  assert.equal(told(send(stage, Code.post, "/pubsub", named("b")))[0], "5.03");
  assert.equal(told(send(stage, Code.ipatch, "/pubsub/a", { 6: 1 }))[0], "5.03");
  assert.equal(told(send(stage, Code.delete, "/pubsub/a"))[0], "5.03");
});

Deno.test("the topic collection answers every cut, flipped and random configuration", () => {
  const whole = payloadOf(named("a", { 3: 50, 5: date(2e9), 6: 2, 8: bytes("[]"), 9: [1, 2] }));
  const random = seeded(606);
  const inputs = [...whole].flatMap((_, at) => {
    const flipped = whole.slice();
    flipped[at]! ^= 1 << Math.floor(random() * 8);
    return [whole.subarray(0, at), flipped];
  });
  for (let round = 0; round < 2000; round++) {
    inputs.push(Uint8Array.from({ length: random() * 30 }, () => random() * 256));
  }
  const stage = configured("z");
  for (const input of inputs) {
    for (const [code, uri] of [[Code.post, "/pubsub"], [Code.fetch, "/pubsub/z"]] as const) {
      assert.match(told(send(stage, code, uri, input))[0], /^(2\.0[15]|4\.0[03])$/);
    }
  }
  assert.equal(observe(stage, "/ps/z", 1), "4.04");
});
