import assert from "node:assert/strict";
import { Fields } from "../../../protocols/http/messages/message.ts";
import { faultOfOrigin, showsLogin } from "../../../protocols/http/origin.ts";

interface Case {
  origin?: string;
  host?: string;
  from?: string;
  allowed?: string[];
  proxied?: boolean;
  /** What the browser says of the page, in `Sec-Fetch-Site`. */
  site?: string;
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
  ["what is asked for in the address line", { site: "none" }],
  ["what the browser takes for the same origin, without Origin", { site: "same-origin" }],
  ["a page of its own that sends no referrer", {
    origin: "null",
    host: "gw.example",
    from: remote,
    site: "same-origin",
  }],
  ["its own page behind a proxy that changes Host", {
    origin: "https://gw.example",
    host: "127.0.0.1:8080",
    site: "same-origin",
  }],
  ["a page of the loopback that the browser takes for another site", {
    origin: "http://localhost:3000",
    site: "cross-site",
  }],
  ["a listed origin of another site", {
    origin: "https://app.example",
    allowed: ["https://app.example"],
    site: "cross-site",
  }],
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
  ["a sandboxed frame of the gateway's own page", {
    origin: "null",
    host: "gw.example",
    from: remote,
    site: "cross-site",
  }],
  ["a page of its own name without TLS, which anybody can write", {
    origin: "http://gw.example",
    host: "gw.example",
    from: remote,
    site: "cross-site",
  }],
  ["a name below its own", {
    origin: "https://blog.gw.example",
    host: "gw.example",
    from: remote,
    site: "same-site",
  }],
  ["a page that does not say which", { site: "cross-site" }],
  ["a page of the same site that does not say which", { site: "same-site" }],
  ["a name rebound to this machine, which the browser takes for the same origin", {
    origin: "http://evil.example:8080",
    host: "evil.example:8080",
    site: "same-origin",
  }],
  ["a page when there is no Host", { origin: "http://undefined", host: "", from: remote }],
];

function faultOf(given: Case): string | undefined {
  const { origin, host = "127.0.0.1:8080", from: address = local, allowed = [], proxied, site } =
    given;
  const fields = new Fields(host === "" ? [] : [["host", host]]);
  if (origin !== undefined) fields.append("origin", origin);
  if (proxied) fields.append("x-forwarded-for", "192.0.2.7");
  if (site !== undefined) fields.append("sec-fetch-site", site);
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

const credentials: [shown: string, fields: [string, string][], certificate?: string][] = [
  ["a cookie", [["cookie", "login=1"]]],
  ["a password that is remembered", [["authorization", "Basic YTpi"]]],
  ["a Digest", [["authorization", 'Digest username="a"']]],
  ["a ticket of the domain", [["authorization", "Negotiate abc"]]],
  ["a client certificate", [], "sensor-7"],
];
for (const [shown, fields, certificate] of credentials) {
  Deno.test(`showsLogin knows ${shown} as something that browsers send of themselves`, () => {
    assert.equal(showsLogin(new Fields(fields), certificate), true);
  });
}

Deno.test("showsLogin knows a token as something that a page must have been given", () => {
  const token: [string, string] = ["authorization", "Bearer abc"];
  assert.equal(showsLogin(new Fields(), undefined), false);
  assert.equal(showsLogin(new Fields([token]), undefined), false);
  assert.equal(showsLogin(new Fields([token, ["cookie", "theme=dark"]]), undefined), false);
});
