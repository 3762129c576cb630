import assert from "node:assert/strict";
import { formatAddress, parseAddress } from "../../transports/address.ts";

for (
  const [host, port, text] of [
    ["127.0.0.1", 1883, "127.0.0.1:1883"],
    ["::1", 0, "[::1]:0"],
    ["localhost", 65_535, "localhost:65535"],
    ["2001:db8::ff", 9, "[2001:db8::ff]:9"],
  ] as const
) {
  Deno.test(`formatAddress() and parseAddress() agree about ${text}`, () => {
    assert.equal(formatAddress(host, port), text);
    assert.deepEqual(parseAddress(text), { host, port });
  });
}

Deno.test("formatAddress() shows an IPv4 address that IPv6 carries as IPv4", () => {
  assert.equal(formatAddress("::ffff:192.0.2.7", 80), "192.0.2.7:80");
  assert.equal(formatAddress("::ffff:0:1", 80), "[::ffff:0:1]:80");
});
