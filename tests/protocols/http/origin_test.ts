import assert from "node:assert/strict";
import { Fields } from "../../../protocols/http/message.ts";
import { faultOfOrigin } from "../../../protocols/http/origin.ts";

interface Case {
  origin?: string;
  host?: string;
  from?: string;
  allowed?: string[];
  proxied?: boolean;
}

const local = "127.0.0.1:50000", remote = "192.0.2.1:50000";

const accepted: [name: string, given: Case][] = [
  ["a client that is not a browser", {}],
  ["a page on the same machine", { origin: "http://localhost:3000" }],
  ["a page on 127.0.0.1", { origin: "http://127.0.0.1:5173" }],
  ["a page on [::1]", { origin: "http://[::1]:5173" }],
  ["a page on a name below localhost", { origin: "https://app.localhost" }],
  ["a page of the gateway's host", {
    origin: "https://gw.example",
    host: "gw.example",
    from: remote,
  }],
  ["its host at another port", {
    origin: "http://gw.example:81",
    host: "gw.example:80",
    from: remote,
  }],
  ["its address, from the same machine", { origin: "http://10.0.0.7", host: "10.0.0.7:8080" }],
  ["its host behind a proxy", { origin: "https://gw.example", host: "gw.example", proxied: true }],
  ["a listed origin", { origin: "https://app.example", allowed: ["https://app.example"] }],
  ["null when it is listed", { origin: "null", allowed: ["null"] }],
  ["anything when all are listed", { origin: "https://evil.example", allowed: ["*"] }],
];

const refused: [name: string, given: Case][] = [
  ["a page on the web", { origin: "https://evil.example" }],
  ["a page on the web, from elsewhere", { origin: "https://evil.example", from: remote }],
  ["a sandboxed frame or a file", { origin: "null" }],
  ["a name that begins like the loopback", { origin: "http://127.0.0.1.evil.example" }],
  ["a name that ends like localhost", { origin: "http://evillocalhost" }],
  ["a name rebound to this machine", { origin: "http://evil.example", host: "evil.example" }],
  ["an origin that is not a URL", { origin: "evil" }],
  ["another than the listed origin", {
    origin: "https://b.example",
    allowed: ["https://a.example"],
  }],
  ["two origins", { origin: "http://localhost, https://evil.example" }],
  ["a page when there is no Host", { origin: "http://undefined", host: "", from: remote }],
];

function faultOf(given: Case): string | undefined {
  const { origin, host = "127.0.0.1:8080", from: address = local, allowed = [], proxied } = given;
  const fields = new Fields(host === "" ? [] : [["host", host]]);
  if (origin !== undefined) fields.append("origin", origin);
  if (proxied) fields.append("x-forwarded-for", "192.0.2.7");
  return faultOfOrigin(fields, { address, allowed });
}

for (const [name, given] of accepted) {
  Deno.test(`faultOfOrigin lets in ${name}`, () => assert.equal(faultOf(given), undefined));
}

for (const [name, given] of refused) {
  Deno.test(`faultOfOrigin keeps out ${name}`, () => {
    assert.match(faultOf(given) ?? "", /^Cannot serve a page of /);
  });
}
