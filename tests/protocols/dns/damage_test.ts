import assert from "node:assert/strict";
import { ipv4Bytes, ipv4Text, ipv6Bytes, ipv6Text } from "../../../protocols/dns/addresses.ts";
import { decodeMessage, encodeMessage } from "../../../protocols/dns/message.ts";
import { canonical, isWithin, labelsOf, parentOf } from "../../../protocols/dns/names.ts";
import { formatRecord, parseRecord } from "../../../protocols/dns/text.ts";
import { survive } from "../harm.ts";

const lines = [
  "www 60 IN A 192.0.2.1",
  "www AAAA 2001:db8::1",
  'a TXT "any; \\"thing\\"" more ; a comment',
  "@ 1h MX 10 mail",
  "_mqtt._tcp SRV 0 5 1883 www.",
  '@ CAA 0 issue "ca.example"',
  "@ SOA ns hostmaster 1 2 3 4 5",
  "x TYPE65280 \\# 2 0a0b",
  "a\\.b\\032c CNAME d",
];

Deno.test("parseRecord() reads a damaged line as a record that can be sent, read and shown, or refuses it", () => {
  survive(lines, (line) => {
    const record = parseRecord(line, { zone: "home.example", ttl: 300 });
    assert.ok(formatRecord(record).includes(` IN ${record.type} `));
    const sections = { questions: [], answers: [record], authorities: [], additionals: [] };
    decodeMessage(encodeMessage({ id: 1, ...sections }));
  }, TypeError);
});

Deno.test("Damaged names have labels that a message can carry, and one canonical form, or are refused", () => {
  survive(["WWW.home.Example.", "a\\.b\\032c.d", "\\255\\000x.y"], (name) => {
    const labels = labelsOf(name);
    assert.ok(labels.every(({ length }) => length > 0 && length <= 63));
    assert.ok(labels.reduce((sum, { length }) => sum + 1 + length, 1) <= 255);
    const plain = canonical(name);
    assert.equal(canonical(plain), plain);
    assert.equal(labelsOf(plain).length, labels.length);
    const parent = parentOf(plain);
    assert.equal(parent === undefined, labels.length === 0);
    if (parent !== undefined) assert.ok(isWithin(plain, parent));
  }, TypeError);
});

Deno.test("Damaged addresses are read as what they say, or not at all", () => {
  survive(["192.0.2.17", "0.0.0.255"], (text) => {
    const bytes = ipv4Bytes(text);
    if (bytes !== undefined) assert.equal(ipv4Text(bytes), text);
  });
  survive(["2001:db8::1:0:7", "::ffff:192.0.2.1", "1:2:3:4:5:6:7:8", "::"], (text) => {
    const bytes = ipv6Bytes(text);
    if (bytes === undefined) return;
    assert.equal(bytes.length, 16);
    assert.deepEqual(ipv6Bytes(ipv6Text(bytes)), bytes);
  });
});
