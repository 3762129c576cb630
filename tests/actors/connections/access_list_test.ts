import assert from "node:assert/strict";
import { AccessList, ipBytes } from "../../../actors/connections/access_list.ts";

const cases: [list: string, allowed: string[], denied: string[]][] = [
  ["-0.0.0.0/0,+192.168/16", ["192.168.0.1", "192.168.255.255"], ["192.167.0.1", "10.0.0.1"]],
  ["+10.0.0.0/8", ["10.1.2.3"], ["11.0.0.1", "[::1]"]],
  ["+0.0.0.0/0,-10/8,+10.0.0.7", ["10.0.0.7", "1.2.3.4"], ["10.0.0.8"]],
  ["+0.0.0.0/0,+::/0,-127.0.0.1", ["[::1]", "127.0.0.2"], ["127.0.0.1"]],
  ["+fd00::/8", ["[fd12::1]"], ["[fe80::1]", "127.0.0.1"]],
  ["+2001:db8::/33", ["[2001:db8:7fff::1]"], ["[2001:db8:8000::1]"]],
  ["+127.0.0.0/8", ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]"], ["[::ffff:8.8.8.8]"]],
  ["-1.2.3.4", [], ["1.2.3.4", "1.2.3.5"]],
  [" +1.2.3.4 , -5.6.7.8 ", ["1.2.3.4"], ["5.6.7.8"]],
];
for (const [text, allowed, denied] of cases) {
  Deno.test(`AccessList ${text} lets in whom its last fitting rule allows`, () => {
    const list = new AccessList(text);
    for (const host of allowed) assert.equal(list.allows(`${host}:1`), true, host);
    for (const host of denied) assert.equal(list.allows(`${host}:1`), false, host);
    for (const host of denied) assert.equal(list.allows(`${host}:2`), false, host);
  });
}

Deno.test("AccessList lets in who has no IP address", () => {
  assert.equal(new AccessList("+10/8").allows("/run/meerkat.sock"), true);
});

const faults: [list: string, fault: RegExp][] = [
  ["", /begins with \+ or -/],
  ["192.168/16", /begins with \+ or -/],
  ["+192.168", /"192.168" is no IP address/],
  ["+192.168.0.0/33", /0 to 32 bits/],
  ["+::/129", /0 to 128 bits/],
  ["+10/-1", /0 to 32 bits/],
  ["+10/8/8", /0 to 32 bits/],
  ["+256/8", /no IP address/],
  ["+01.2.3.4", /no IP address/],
  ["+1:2:3/16", /no IP address/],
  ["+1::2::3", /no IP address/],
  ["+10/8,", /begins with \+ or -/],
];
for (const [text, fault] of faults) {
  Deno.test(`AccessList refuses "${text}"`, () => {
    assert.throws(() => new AccessList(text), (error) => {
      assert.ok(error instanceof TypeError);
      assert.match(error.message, fault);
      return true;
    });
  });
}

const addresses: [text: string, hex: string | undefined][] = [
  ["::", "0".repeat(32)],
  ["::1", "0".repeat(31) + "1"],
  ["1::", "0001" + "0".repeat(28)],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["::ffff:1.2.3.4", "00000000000000000000ffff01020304"],
  ["1.2.3.4", "00000000000000000000ffff01020304"],
  ["fe80::1%eth0", "fe80" + "0".repeat(27) + "1"],
  ["1:2:3:4:5:6:7:8:9", undefined],
  ["1:2:3:4:5:6:7::8", undefined],
  ["12345::", undefined],
  ["1.2.3", undefined],
  ["1.2.3.4.5", undefined],
  ["localhost", undefined],
];
for (const [text, hex] of addresses) {
  Deno.test(`ipBytes() reads ${text}`, () => assert.equal(ipBytes(text)?.toHex(), hex));
}
