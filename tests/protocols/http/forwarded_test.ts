import assert from "node:assert/strict";
import { clientOf } from "../../../protocols/http/forwarded.ts";
import { Fields } from "../../../protocols/http/messages/message.ts";

const trusts = (address: string) => address.startsWith("10.") || address.startsWith("[fd00:");
const proxy = { address: "10.0.0.1:5000", secure: false, certificate: "the proxy" };

const cases: [name: string, header: string | undefined, client: string][] = [
  ["one client", "192.0.2.7", "192.0.2.7:0"],
  ["a client with its port", "192.0.2.7:50112", "192.0.2.7:50112"],
  ["two proxies of ours", "192.0.2.7, 10.0.0.2", "192.0.2.7:0"],
  ["what the client wrote itself", "1.1.1.1, 192.0.2.7, 10.0.0.2", "192.0.2.7:0"],
  ["nobody but proxies", "10.0.0.3, 10.0.0.2", "10.0.0.3:0"],
  ["IPv6", "2001:db8::7", "[2001:db8::7]:0"],
  ["IPv6 with a port", "[2001:db8::7]:443, fd00::1", "[2001:db8::7]:443"],
  ["nonsense behind a client", "192.0.2.7, unknown", "10.0.0.1:5000"],
  ["nonsense before a client", "<script>, 192.0.2.7", "192.0.2.7:0"],
  ["an address that is none behind a client", "192.0.2.7, 999.999.999.999", "10.0.0.1:5000"],
  ["colons behind a client", "192.0.2.7, ::::", "10.0.0.1:5000"],
  ["a port that is none", "192.0.2.7:99999", "10.0.0.1:5000"],
  ["IPv6 in another form", "2001:DB8:0::07", "[2001:db8::7]:0"],
  ["IPv4 in IPv6", "[::ffff:192.0.2.7]:443", "192.0.2.7:443"],
  ["nothing", undefined, "10.0.0.1:5000"],
  ["an empty field", "", "10.0.0.1:5000"],
];
for (const [name, header, client] of cases) {
  Deno.test(`clientOf() finds the client where X-Forwarded-For has ${name}`, () => {
    const fields = new Fields(header === undefined ? [] : [["X-Forwarded-For", header]]);
    assert.equal(clientOf(proxy, fields, trusts).address, client);
  });
}

Deno.test("clientOf() believes nobody who is not trusted", () => {
  const fields = new Fields([["x-forwarded-for", "192.0.2.7"]]);
  const peer = { address: "192.0.2.9:1", secure: true };
  assert.equal(clientOf(peer, fields, trusts), peer);
  assert.equal(clientOf(proxy, fields, undefined), proxy);
});

Deno.test("clientOf() takes the scheme from the proxy, and no certificate", () => {
  const fields = new Fields([["x-forwarded-for", "192.0.2.7"], ["x-forwarded-proto", "HTTPS"]]);
  assert.deepEqual(clientOf(proxy, fields, trusts), { address: "192.0.2.7:0", secure: true });
});
