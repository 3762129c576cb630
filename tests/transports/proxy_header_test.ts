import assert from "node:assert/strict";
import { readProxyHeader } from "../../transports/proxy_header.ts";
import { randoms } from "../protocols/websocket/peer.ts";

const text = (line: string) => new TextEncoder().encode(line);
const SIGNATURE = "0d0a0d0a000d0a515549540a";
const block = (hex: string) => Uint8Array.fromHex(SIGNATURE + hex);

const cases: [name: string, bytes: Uint8Array, client: string | undefined][] = [
  ["version 1, IPv4", text("PROXY TCP4 192.0.2.7 10.0.0.1 50112 80\r\n"), "192.0.2.7:50112"],
  ["version 1, IPv6", text("PROXY TCP6 2001:db8::7 ::1 50112 80\r\n"), "[2001:db8::7]:50112"],
  ["version 1, IPv4 in IPv6", text("PROXY TCP6 ::ffff:192.0.2.7 ::1 0 80\r\n"), "192.0.2.7:0"],
  [
    "version 2, IPv4 in IPv6",
    block("21210024" + "0".repeat(20) + "ffffc0000207" + "0".repeat(31) + "1" + "c3c00050"),
    "192.0.2.7:50112",
  ],
  ["version 1, unknown", text("PROXY UNKNOWN\r\n"), undefined],
  ["version 1, unknown with addresses", text("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), undefined],
  [
    "version 2, IPv4",
    block("2111000c" + "c0000207" + "0a000001" + "c3c0" + "0050"),
    "192.0.2.7:50112",
  ],
  [
    "version 2, IPv6 and more",
    block(
      "21210027" + "20010db8000000000000000000000007" + "0".repeat(31) + "1" + "c3c00050" +
        "040000",
    ),
    "[2001:db8::7]:50112",
  ],
  ["version 2, a check", block("20000000"), undefined],
  ["version 2, a Unix socket", block("21310004" + "00000000"), undefined],
];
for (const [name, bytes, client] of cases) {
  Deno.test(`readProxyHeader() reads ${name}, and nothing behind it`, () => {
    const more = new Uint8Array(bytes.length + 5);
    more.set(bytes);
    assert.deepEqual(readProxyHeader(more), { length: bytes.length, client });
    for (let cut = 0; cut < bytes.length; cut++) {
      assert.equal(readProxyHeader(bytes.subarray(0, cut)), undefined, `${cut} bytes`);
    }
  });

  Deno.test(`readProxyHeader() survives ${name} with any byte changed`, () => {
    for (let at = 0; at < bytes.length; at++) {
      for (const flip of [1, 0x20, 0x80, 0xff]) {
        const changed = bytes.slice();
        changed[at]! ^= flip;
        survives(changed);
      }
    }
  });
}

function survives(bytes: Uint8Array): void {
  try {
    readProxyHeader(bytes);
  } catch (error) {
    assert.match((error as Error).message, /^Cannot read the PROXY header: /);
  }
}

Deno.test("readProxyHeader() survives random bytes behind each beginning", () => {
  const random = randoms(7);
  for (let round = 0; round < 20_000; round++) {
    const rest = Uint8Array.from({ length: random(60) }, () => random(256));
    for (const start of [text("PROXY TCP4 "), block("21"), text("")]) {
      const bytes = new Uint8Array(start.length + rest.length);
      bytes.set(start);
      bytes.set(rest, start.length);
      survives(bytes);
    }
  }
});

const refused: [name: string, bytes: Uint8Array][] = [
  ["another protocol", text("GET / HTTP/1.1\r\n")],
  ["a line that never ends", text("PROXY TCP4 " + "1".repeat(120))],
  ["an address that is none", text("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n")],
  ["numbers that are no address", text("PROXY TCP4 999.1.1.1 1.2.3.4 1 2\r\n")],
  ["colons that are no address", text("PROXY TCP6 :::: ::1 1 2\r\n")],
  ["an address of the other family", text("PROXY TCP4 ::1 1.2.3.4 1 2\r\n")],
  ["a port of the proxy that is none", text("PROXY TCP4 1.2.3.4 1.2.3.4 1 70000\r\n")],
  ["a port that is none", text("PROXY TCP4 1.2.3.4 1.2.3.4 70000 2\r\n")],
  ["an unknown version", block("31110000")],
  ["an unknown command", block("22110000")],
  ["addresses that are cut off", block("21110004" + "c0000207")],
  ["a block without bounds", block("2111ffff")],
];
for (const [name, bytes] of refused) {
  Deno.test(`readProxyHeader() refuses ${name}`, () => {
    assert.throws(() => readProxyHeader(bytes), /^Error: Cannot read the PROXY header: /);
  });
}
