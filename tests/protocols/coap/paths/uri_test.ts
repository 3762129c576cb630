import assert from "node:assert/strict";
import { Code } from "../../../../protocols/coap/messages/codec.ts";
import { hasDots, locationOptions, pathOf, queryOf } from "../../../../protocols/coap/paths/uri.ts";
import { bytes } from "../../fakes.ts";
import { segments } from "./path_requests.ts";

const uris: [path: string[], queries: string[], uri: string][] = [
  [[], [], "/"],
  [[""], [], "/"],
  [["a"], [], "/a"],
  [["a", ""], [], "/a/"],
  [["", "a"], [], "//a"],
  [["a/b", "c?d#e"], [], "/a%2Fb/c%3Fd%23e"],
  [["a b", "é", "100%"], [], "/a%20b/%C3%A9/100%25"],
  [["%2e%2e"], [], "/%252e%252e"],
  [["-._~!$&'()*+,;=:@"], [], "/-._~!$&'()*+,;=:@"],
  [[], ["a=1", "b", ""], "/?a=1&b&"],
  [[], ["a&b=c d", "e=/?:@!$'()*,;="], "/?a%26b=c%20d&e=/?:@!$'()*,;="],
  [[], ["sum=1+1"], "/?sum=1%2B1"],
];
for (const [path, queries, uri] of uris) {
  Deno.test(`A request for ${JSON.stringify(path)} and ${JSON.stringify(queries)} is one for ${uri}`, () => {
    const message = segments(Code.get, path, queries);
    const query = queryOf(message);
    assert.equal(`${pathOf(message)}${query && `?${query}`}`, uri);
    // The URL says the same: nothing in it is taken for something else.
    const url = new URL(`coap://localhost${uri}`);
    const [, ...names] = url.pathname.split("/").map(decodeURIComponent);
    assert.deepEqual(names, path.length === 0 ? [""] : path);
    const values = [...url.searchParams].map(([name, value]) => value ? `${name}=${value}` : name);
    assert.deepEqual(values, queries.filter((each) => each !== ""));
  });
}

Deno.test("A path with a dot or two in place of a name leads elsewhere", () => {
  for (const name of [".", ".."]) assert.ok(hasDots(segments(Code.get, ["a", name, "b"])));
  for (const name of ["...", ".a", "a.", "%2e"]) assert.ok(!hasDots(segments(Code.get, [name])));
});

const places: [location: string, options: [number, string][] | undefined][] = [
  ["/a/b?c=1&d=2", [[8, "a"], [8, "b"], [20, "c=1"], [20, "d=2"]]],
  ["7", [[8, "rooms"], [8, "7"]]],
  ["/rooms/a%20b%2Fc", [[8, "rooms"], [8, "a b/c"]]],
  ["?first=1", [[8, "rooms"], [8, "now"], [20, "first=1"]]],
  ["/", []],
  ["/a/", [[8, "a"], [8, ""]]],
  ["coap://gate/a", [[8, "a"]]],
  ["coap://elsewhere/a", undefined],
  ["https://gate:8443/a", undefined],
  ["//elsewhere/a", undefined],
  ["/%ff", undefined],
  [`/${"a".repeat(255)}`, [[8, "a".repeat(255)]]],
  [`/${"a".repeat(256)}`, undefined],
  [`/${"a/".repeat(500)}`, undefined],
];
for (const [location, expected] of places) {
  Deno.test(`Location ${location.slice(0, 32)} of ${location.length} characters has its options`, () => {
    const found = locationOptions(location, { host: "gate", path: "/rooms/now" });
    const options = expected?.map(([number, text]) => [number, bytes(text)]);
    assert.deepEqual(found?.map(({ number, value }) => [number, value]), options);
  });
}
