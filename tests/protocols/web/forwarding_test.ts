import assert from "node:assert/strict";
import {
  endToEnd,
  forwardedFields,
  mappedPath,
  passedOn,
} from "../../../protocols/web/forwarding.ts";

Deno.test("endToEnd() leaves out what ends at this hop, and what Connection names", () => {
  const fields: [string, string][] = [
    ["Accept", "*/*"],
    ["Connection", "keep-alive, X-Own"],
    ["Keep-Alive", "timeout=5"],
    ["X-Own", "1"],
    ["TE", "trailers"],
    ["Transfer-Encoding", "chunked"],
    ["Upgrade", "h2c"],
    ["Proxy-Authorization", "Basic x"],
    ["Expect", "100-continue"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ];
  assert.deepEqual(endToEnd(fields, "keep-alive, X-Own"), [
    ["Accept", "*/*"],
    ["Set-Cookie", "a=1"],
    ["Set-Cookie", "b=2"],
  ]);
});

Deno.test("passedOn() passes on who asks only for those who are trusted, however it is spelt", () => {
  const fields = new Headers({
    "accept": "*/*",
    "host": "a",
    "content-length": "1",
    "forwarded": "for=6.6.6.6",
    "x_forwarded_for": "6.6.6.6",
    "transfer_encoding": "chunked",
    "x-forwarded-user": "root",
    "x-forwarded_port": "443",
    "x-real-ip": "6.6.6.6",
    "x-mine": "1",
  });
  const names = (isTrusted: boolean) => passedOn(fields, isTrusted).map(([name]) => name);
  assert.deepEqual(names(false), ["accept", "x-mine"]);
  assert.deepEqual(names(true), [
    "accept",
    "x-forwarded-user",
    "x-forwarded_port",
    "x-mine",
    "x-real-ip",
  ]);
});

Deno.test("forwardedFields() says who asks, and believes nobody else unless told to", () => {
  const hop = { address: "2001:db8::7", host: "shop.example:8080", scheme: "https" } as const;
  assert.deepEqual(forwardedFields(hop, undefined), [
    ["forwarded", 'for="[2001:db8::7]";host="shop.example:8080";proto=https'],
    ["x-forwarded-for", "2001:db8::7"],
    ["x-forwarded-host", "shop.example:8080"],
    ["x-forwarded-proto", "https"],
  ]);
  const before = new Headers({ "x-forwarded-for": "192.0.2.1", "x-forwarded-proto": "http" });
  assert.deepEqual(forwardedFields({ ...hop, address: "192.0.2.9", host: "a" }, before), [
    ["forwarded", "for=192.0.2.9;host=a;proto=https"],
    ["x-forwarded-for", "192.0.2.1, 192.0.2.9"],
    ["x-forwarded-host", "a"],
    ["x-forwarded-proto", "http"],
  ]);
});

const paths: [path: string, mount: string, base: string, mapped: string][] = [
  ["/api", "/api", "/foo", "/foo"],
  ["/api", "/api", "/", "/"],
  ["/api/", "/api", "/foo", "/foo/"],
  ["/api/a/b", "/api", "/foo/", "/foo/a/b"],
  ["/api/a%2Fb", "/api", "/", "/a%2Fb"],
  ["/a", "", "/", "/a"],
  ["/a", "", "/x", "/x/a"],
];
for (const [path, mount, base, mapped] of paths) {
  Deno.test(`mappedPath() makes ${mapped} of ${path} below ${mount || "/"} for ${base}`, () => {
    assert.equal(mappedPath(path, mount, base), mapped);
  });
}
