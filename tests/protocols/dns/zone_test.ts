import assert from "node:assert/strict";
import { formatRecord, parseRecord } from "../../../protocols/dns/text.ts";
import { type Found, Zones } from "../../../protocols/dns/zone.ts";

const lines = [
  "@ NS ns",
  "ns A 192.0.2.53",
  "www 60 IN A 192.0.2.1",
  "www AAAA 2001:db8::1",
  "files CNAME www",
  "out CNAME www.elsewhere.example.",
  "one CNAME two",
  "two CNAME one",
  '*.wild TXT "any; \\"thing\\"" more ; a comment',
  "deep.down.here A 192.0.2.9",
  "sub NS ns.sub",
  "ns.sub A 192.0.2.77",
  "@ 1h MX 10 www",
  "_mqtt._tcp SRV 0 5 1883 www",
  "7 PTR www",
  '@ CAA 0 issue "ca.example"',
  "x TYPE65280 \\# 2 0a0b",
];
const zones = new Zones([{ name: "home.example", records: lines.map(read) }]);

function read(line: string) {
  return parseRecord(line, { zone: "home.example", ttl: 300 });
}

function ask(name: string, type = "A"): Found {
  return zones.answer({ name, type })!;
}

function shown(found: Found): string[] {
  return found.answers.map(formatRecord);
}

const answered: [question: string, type: string, answers: string[]][] = [
  ["WWW.home.example", "A", ["WWW.home.example. 60 IN A 192.0.2.1"]],
  ["www.home.example", "AAAA", ["www.home.example. 300 IN AAAA 2001:db8::1"]],
  ["files.home.example", "A", [
    "files.home.example. 300 IN CNAME www.home.example.",
    "www.home.example. 60 IN A 192.0.2.1",
  ]],
  ["files.home.example", "CNAME", ["files.home.example. 300 IN CNAME www.home.example."]],
  ["out.home.example", "A", ["out.home.example. 300 IN CNAME www.elsewhere.example."]],
  ["q.wild.home.example", "TXT", ['q.wild.home.example. 300 IN TXT "any; \\"thing\\"" "more"']],
  ["home.example", "MX", ["home.example. 3600 IN MX 10 www.home.example."]],
  ["_mqtt._tcp.home.example", "SRV", [
    "_mqtt._tcp.home.example. 300 IN SRV 0 5 1883 www.home.example.",
  ]],
  ["7.home.example", "PTR", ["7.home.example. 300 IN PTR www.home.example."]],
  ["home.example", "CAA", ['home.example. 300 IN CAA 0 issue "ca.example"']],
  ["x.home.example", "TYPE65280", ["x.home.example. 300 IN TYPE65280 \\# 2 0a0b"]],
  ["home.example", "SOA", [
    "home.example. 3600 IN SOA ns.home.example. hostmaster.home.example. 1 86400 7200 3600000 3600",
  ]],
];
for (const [name, type, answers] of answered) {
  Deno.test(`A zone answers ${name} ${type} with authority`, () => {
    const found = ask(name, type);
    assert.deepEqual(shown(found), answers);
    assert.deepEqual([found.rcode, found.authoritative], ["NOERROR", true]);
  });
}

const absent: [name: string, type: string, rcode: string][] = [
  ["nope.home.example", "A", "NXDOMAIN"],
  ["a.www.home.example", "A", "NXDOMAIN"],
  ["www.home.example", "MX", "NOERROR"],
  ["down.here.home.example", "A", "NOERROR"],
  ["q.wild.home.example", "A", "NOERROR"],
];
for (const [name, type, rcode] of absent) {
  Deno.test(`A zone says ${rcode} and its SOA for ${name} ${type}`, () => {
    const found = ask(name, type);
    assert.deepEqual([found.rcode, found.answers], [rcode, []]);
    assert.deepEqual(found.authorities.map((each) => each.type), ["SOA"]);
  });
}

Deno.test("A zone refers to the servers of a part that another has", () => {
  const found = ask("host.sub.home.example");
  assert.deepEqual([found.authoritative, found.answers], [false, []]);
  assert.deepEqual(found.authorities.map(formatRecord), [
    "sub.home.example. 300 IN NS ns.sub.home.example.",
  ]);
  assert.deepEqual(found.additionals.map(formatRecord), [
    "ns.sub.home.example. 300 IN A 192.0.2.77",
  ]);
});

Deno.test("Aliases in a circle end in SERVFAIL, and other names belong to no zone", () => {
  assert.equal(ask("one.home.example").rcode, "SERVFAIL");
  assert.equal(zones.answer({ name: "example", type: "A" }), undefined);
  assert.equal(zones.answer({ name: "away.example", type: "A" }), undefined);
});

Deno.test("A question for anything gets one set of records", () => {
  assert.deepEqual(shown(ask("www.home.example", "ANY")), ["www.home.example. 60 IN A 192.0.2.1"]);
});

Deno.test("Every record that was read reads the same when it is shown", () => {
  for (const line of lines) assert.deepEqual(read(formatRecord(read(line))), read(line), line);
});

const wrong: [line: string, says: RegExp][] = [
  ["", /give NAME TYPE DATA/],
  ["www A", /give NAME TYPE DATA/],
  ["www A 1.2.3", /give one such as 192\.0\.2\.1/],
  ["www A 192.0.2.1 192.0.2.2", /"192\.0\.2\.2" is too much/],
  ["@ MX mail", /"mail" is no number/],
  ["@ MX 10", /a word is missing/],
  ["www NOPE x", /Cannot use "NOPE" as a DNS type/],
  ["a..b A 192.0.2.1", /a label is empty/],
  ['@ CAA 0 "is sue" "ca.example"', /"is sue" is no tag of CAA: give letters and digits/],
  ['@ CAA 0 "" "ca.example"', /"" is no tag of CAA/],
  [`@ CAA 0 ${"a".repeat(256)} x`, /is no tag of CAA: .* at most 255, as in issue/],
  ["x TYPE65280 \\# 3 0102", /give \\# SIZE HEX/],
];
for (const [line, says] of wrong) {
  Deno.test(`The record ${JSON.stringify(line)} is refused`, () => {
    assert.throws(() => read(line), says);
  });
}

Deno.test("Zones that contradict themselves are refused", () => {
  const make = (...records: string[]) => () =>
    new Zones([{ name: "home.example", records: records.map(read) }]);
  assert.throws(make("www CNAME a", "www A 192.0.2.1"), /an alias has nothing else/);
  assert.throws(make("www.other. A 192.0.2.1"), /it is not below it/);
  const zone = { name: "home.example", records: [] };
  assert.throws(() => new Zones([zone, zone]), /two zones/);
});
