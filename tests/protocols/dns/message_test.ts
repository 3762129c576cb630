import assert from "node:assert/strict";
import { decodeMessage, type DnsMessage, encodeMessage } from "../../../protocols/dns/message.ts";
import type { DnsData, DnsRecord } from "../../../protocols/dns/record.ts";
import { ProtocolError } from "../../../protocols/session.ts";
import { seeded } from "../coap/fake_datagrams.ts";
import { hex, join } from "../fakes.ts";

const www = { name: "www.home.example", ttl: 300 };
const data: DnsData[] = [
  { type: "A", address: "192.0.2.1" },
  { type: "AAAA", address: "2001:db8::1" },
  { type: "AAAA", address: "::ffff:c000:201" },
  { type: "CNAME", target: "other.home.example" },
  { type: "NS", target: "" },
  { type: "PTR", target: "a\\.b.\\000.example" },
  { type: "MX", preference: 10, exchange: "mail.home.example" },
  { type: "TXT", text: ["one", "", "zwölf", Uint8Array.of(0xff)] },
  { type: "SRV", priority: 1, weight: 2, port: 1883, target: "www.home.example" },
  {
    type: "SOA",
    primary: "ns.home.example",
    mailbox: "me.home.example",
    serial: 4294967295,
    refresh: 1,
    retry: 2,
    expire: 3,
    minimum: 4,
  },
  { type: "CAA", flags: 128, tag: "issue", value: "ca.example" },
  { type: "TYPE65280", bytes: Uint8Array.of(1, 2, 3) },
  { type: "TYPE99", bytes: new Uint8Array() },
];

function messageOf(answers: DnsRecord[], more: Partial<DnsMessage> = {}): DnsMessage {
  return {
    id: 0x1234,
    response: true,
    opcode: 0,
    authoritative: true,
    truncated: false,
    recursionDesired: true,
    recursionAvailable: false,
    checkingDisabled: false,
    rcode: 0,
    questions: [{ name: "www.home.example", type: "A" }],
    answers,
    authorities: [],
    additionals: [],
    ...more,
  };
}

const edns = { udpBytes: 1232, version: 0, flags: 0x8000, options: Uint8Array.of(0, 10, 0, 1, 7) };
const cases: [name: string, message: DnsMessage][] = [
  ...data.map((each): [string, DnsMessage] => [each.type, messageOf([{ ...www, ...each }])]),
  ["all", messageOf(data.map((each) => ({ ...www, ...each })))],
  ["EDNS0 with an option", messageOf([], { edns })],
  ["an extended response code", messageOf([], { edns, rcode: 16 })],
  ["another class", messageOf([{ ...www, class: 3, type: "TYPE1", bytes: hex("0102") }])],
];

for (const [name, message] of cases) {
  Deno.test(`A message with ${name} goes there and back`, () => {
    assert.deepEqual(decodeMessage(encodeMessage(message)), message);
  });

  Deno.test(`A message with ${name}, cut or flipped, is a message or a format error`, () => {
    const bytes = encodeMessage(message);
    for (let end = 0; end < bytes.length; end++) {
      assert.throws(() => decodeMessage(bytes.subarray(0, end)), {
        name: "ProtocolError",
        code: 1,
      });
    }
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [0x01, 0x80, 0xff, 0xc0]) {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        tryDecode(changed);
      }
    }
  });
}

Deno.test("Random bytes are a message or a format error, and what is read can be written", () => {
  const seed = 20_261_121;
  console.log(`seed ${seed}`);
  const random = seeded(seed);
  for (let round = 0; round < 20_000; round++) {
    const bytes = Uint8Array.from({ length: 12 + random() * 60 }, () => random() * 256);
    // Few records, so that some are reached.
    bytes.set([0, 1, 0, random() * 3, 0, 0, 0, 0], 4);
    const message = tryDecode(bytes);
    if (message) assert.deepEqual(decodeMessage(encodeMessage(message)), message, `round ${round}`);
  }
});

const header = hex("1234 0100 0001 0000 0000 0000");
const wrong: [name: string, digits: string, says: RegExp][] = [
  ["a pointer to itself", "c00c 0001 0001", /points to 12, which is not before it/],
  ["a pointer forward", "c012 0001 0001 00", /points to 18, which is not before it/],
  ["a loop of two", "01 61 c00c 0001 0001", /points to 12, which is not before it/],
  ["a label of 64 bytes", "40" + "61".repeat(64) + "00 0001 0001", /no kind 0x40/],
  ["a label of the reserved kind", "80 00 0001 0001", /no kind 0x80/],
  ["a name of 256 bytes", ("3f" + "61".repeat(63)).repeat(4) + "00 0001 0001", /more than 255/],
  ["bytes behind it", "00 0001 0001 00", /1 bytes follow it/],
];
for (const [name, digits, says] of wrong) {
  Deno.test(`A message with ${name} is a format error`, () => {
    const bytes = join([header, hex(digits)]);
    assert.throws(() => decodeMessage(bytes), (error: Error) => says.test(error.message));
  });
}

Deno.test("A bomb of pointers to pointers is a format error, at once", () => {
  const count = 5_000;
  const pointers = Array.from({ length: count }, (_, i) => {
    const target = i === 0 ? 12 : 12 + 5 + (i - 1) * 12;
    return join([Uint8Array.of(0xc0 | target >> 8, target), hex("0063 0001 00000000 0000")]);
  });
  const first = join([hex("00 0001 0001"), ...pointers.slice(0, 1_000)]);
  const bytes = join([hex("1234 8000 0001 03e8 0000 0000"), first]);
  const before = performance.now();
  assert.throws(() => decodeMessage(bytes), /too many pointers/);
  assert.ok(performance.now() - before < 1_000);
});

Deno.test("Names are compressed, and capitals make no difference to that", () => {
  const message = messageOf([{
    ...www,
    name: "WWW.home.EXAMPLE",
    type: "A",
    address: "192.0.2.1",
  }]);
  const bytes = encodeMessage(message);
  assert.equal(bytes.length, 12 + 18 + 4 + 2 + 10 + 4);
});

Deno.test("What does not fit is left out whole, and said so; the additional silently", () => {
  const record = (n: number): DnsRecord => ({ ...www, type: "A", address: `192.0.2.${n}` });
  const many = Array.from({ length: 100 }, (_, n) => record(n));
  const cut = decodeMessage(encodeMessage(messageOf(many, { edns }), 512));
  assert.deepEqual([cut.truncated, cut.answers.length, cut.edns], [true, 0, edns]);
  const bytes = encodeMessage(messageOf([record(1)], { additionals: many }), 512);
  const less = decodeMessage(bytes);
  assert.ok(bytes.length <= 512 && bytes.length > 490);
  assert.deepEqual([less.truncated, less.answers.length], [false, 1]);
});

Deno.test("Data that does not fit its type cannot be written", () => {
  const attempts: DnsData[] = [
    { type: "A", address: "1.2.3" },
    { type: "AAAA", address: "1::2::3" },
    { type: "TXT", text: ["x".repeat(256)] },
    { type: "CNAME", target: "a..b" },
    { type: "CNAME", target: "x".repeat(64) },
  ];
  for (const each of attempts) {
    assert.throws(() => encodeMessage(messageOf([{ ...www, ...each }])), TypeError);
  }
});

function tryDecode(bytes: Uint8Array): DnsMessage | undefined {
  try {
    return decodeMessage(bytes);
  } catch (error) {
    assert.ok(error instanceof ProtocolError && error.code === 1, String(error));
  }
}

/** A message of 64 KiB whose records all have the name of `labels` labels that comes first. */
function pointing(labels: number): Uint8Array {
  const name = [...Array.from({ length: labels }, () => [1, 0x61]).flat(), 0];
  const question = [...name, 0, 1, 0, 1], record = [0xc0, 12, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0];
  const count = Math.floor((65_535 - 12 - question.length) / record.length);
  const header = [0, 0, 0, 0, 0, 1, count >> 8, count & 0xff, 0, 0, 0, 0];
  return Uint8Array.from([...header, ...question, ...Array(count).fill(record).flat()]);
}

Deno.test("A name that thousands of records point to is read once", () => {
  const msOf = (message: Uint8Array) => {
    const times = [1, 2, 3, 4].map(() => {
      const before = performance.now();
      decodeMessage(message);
      return performance.now() - before;
    });
    return Math.min(...times);
  };
  const answers = decodeMessage(pointing(126)).answers;
  assert.equal(answers.at(-1)!.name, Array(126).fill("a").join("."));
  const [short, long] = [msOf(pointing(1)), msOf(pointing(126))];
  assert.ok(long < 10 * short, `${short} ms with one label, ${long} ms with 126`);
});

Deno.test("A name ends in one that was read before, however it comes there", () => {
  // Names begin at 12, 21 and 29: a.b, x and a pointer to b, a pointer to that, and so on.
  const names = ["0161 0162 00", "0178 c00e", "c015", "0179 c015", "c00e"];
  const found = (count: number, text: string) =>
    decodeMessage(hex(`0000 0000 000${count} 0000 0000 0000 ${text}`)).questions
      .map(({ name }) => name);
  assert.deepEqual(
    found(5, names.map((name) => `${name} 0001 0001`).join("")),
    ["a.b", "x.b", "x.b", "y.x.b", "b"],
  );
  // 253 bytes that were read before leave no room for three more.
  const long = `${"0161".repeat(126)} 00 0001 0001`;
  assert.equal(found(2, `${long} c00c 0001 0001`)[1]!.length, 251);
  assert.throws(() => found(2, `${long} 027a7a c00c 0001 0001`), ProtocolError);
});
