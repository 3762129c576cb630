import assert from "node:assert/strict";
import {
  keyOf,
  readLockInfo,
  readPropertyUpdate,
  readPropfind,
} from "../../../protocols/web/dav/dav.ts";
import { parseIf } from "../../../protocols/web/dav/if_header.ts";
import { elementsOf, formatXml, parseXml } from "../../../protocols/web/dav/xml.ts";
import { answerChallenge, challengeOf, parseDigest } from "../../../protocols/web/digest.ts";
import { acceptedEncodings } from "../../../protocols/web/encoding.ts";
import { endToEnd, forwardedFields } from "../../../protocols/web/forwarding.ts";
import { boundaryOf } from "../../../protocols/web/multipart.ts";
import { headerParameter } from "../../../protocols/web/parameters.ts";
import { formatFilePath, mayBeBelow, parseFilePath } from "../../../protocols/web/path.ts";
import { compilePattern } from "../../../protocols/web/pattern.ts";
import { parseRanges } from "../../../protocols/web/ranges.ts";
import { formatUri, parseUri } from "../../../protocols/web/uri.ts";
import { survive } from "../harm.ts";

// Heads of scripts are fed in cgi_test.ts, pages in ssi_test.ts, forms in multipart_test.ts, and
// `parseDigest()` in digest_test.ts.

Deno.test("acceptedEncodings() finds codings of ours in a damaged field, each once", () => {
  survive(["gzip;q=0.5, br;q=1.0, *;q=0"], (field) => {
    const found = acceptedEncodings(field);
    assert.equal(new Set(found).size, found.length);
    assert.ok(found.every((each) => each === "br" || each === "gzip"));
  });
});

Deno.test("parseIf() finds lists of conditions in a damaged field, or refuses it", () => {
  survive(['<http://h/x> (Not <urn:a> ["e"]) (<urn:b>)'], (field) => {
    const lists = parseIf(field);
    if (lists === undefined) return;
    assert.ok(lists.length > 0 && lists.every(({ conditions }) => conditions.length > 0));
    for (const { token, etag } of lists.flatMap(({ conditions }) => conditions)) {
      assert.ok((token === undefined) !== (etag === undefined), "a lock or a version");
    }
  });
});

Deno.test("headerParameter() finds a value in a damaged field that stands there, or none", () => {
  const plain = (text: string) => text.replaceAll("\\", "");
  survive(['Digest username="Mu\\"fasa", realm=a.b;uri="/x=1" , nc=0001'], (field) => {
    for (const name of ["username", "REALM", "uri", "nc"]) {
      const value = headerParameter(field, name);
      // Within quotation marks a backslash stands for what follows it.
      if (value !== undefined) assert.ok(plain(field).includes(plain(value)));
    }
  });
});

Deno.test("parseFilePath() leads down or nowhere, whatever a path is damaged into", () => {
  survive(["/a%20b/%C3%A9/c.txt", "/..%2f..%5cetc/passwd", "/CON/nul.txt"], (path) => {
    if (!path.startsWith("/")) return;
    const found = parseFilePath(path);
    for (const name of found?.names ?? []) {
      assert.doesNotMatch(name, /^\.{0,2}$|[/\\\0]|[. ]$/);
    }
    if (found !== undefined) assert.deepEqual(parseFilePath(formatFilePath(found)), found);
    if (found !== undefined) assert.ok(mayBeBelow(path, "/"));
  });
});

Deno.test("compilePattern() makes a pattern of any text, and it takes no more than there is", () => {
  survive(["**.shtml$|/a/*/?.b,c{}[]()+^"], (pattern) => {
    const length = compilePattern(pattern)("/a/b/c.shtml");
    assert.ok(length >= 0 && length <= 12);
  });
});

Deno.test("parseRanges() finds ranges within a file in a damaged field, or ignores it", () => {
  survive(["bytes=0-3,5-6,-2", "bytes=9-"], (field) => {
    for (const { first, last } of parseRanges(field, 10) ?? []) {
      assert.ok(0 <= first && first <= last && last < 10);
    }
  });
});

Deno.test("parseUri() takes a damaged URI apart so that it can be put together, or refuses it", () => {
  survive(["https://me:pw@[::1]:8443/a?b=c#d", "foo.com:80"], (text) => {
    const uri = parseUri(text);
    if (uri === undefined) return;
    assert.ok(uri.host !== "" && (uri.port ?? 0) <= 0xffff);
    const again = parseUri(formatUri(uri));
    assert.deepEqual([again?.host, again?.port, again?.query], [uri.host, uri.port, uri.query]);
  });
});

Deno.test("boundaryOf() finds a boundary that lines can be told by, or none", () => {
  survive(['multipart/form-data; charset=utf-8; boundary="a b\'c"'], (type) => {
    const boundary = boundaryOf(type);
    if (boundary === undefined) return;
    assert.ok(boundary.length <= 70 && type.includes(boundary));
    assert.doesNotMatch(boundary, /[\r\n"]| $/);
  });
});

Deno.test("A damaged challenge is answered so that it can be read, or not at all", () => {
  const client = { username: 'a"b', password: "x", method: "GET", uri: "/", cnonce: "c" };
  const stale = true;
  survive([challengeOf({ realm: 'r"', nonce: "n", algorithm: "SHA-256", stale })], (challenge) => {
    const answer = answerChallenge(challenge, client);
    if (answer === undefined) return;
    const found = parseDigest(answer.replace(/^Digest /, ""));
    // A challenge of an empty nonce asks for an answer that nobody takes.
    if (found !== undefined) assert.equal(found.username, client.username);
  });
});

Deno.test("Fields of one hop and addresses are passed on in order, whatever they are damaged into", () => {
  survive(["keep-alive, X-Secret,close"], (connection) => {
    const passed = endToEnd([["Connection", connection], ["TE", "a"], ["X-A", "b"]], connection);
    assert.ok(passed.every(([name]) => name === "X-A"));
  });
  survive(["2001:db8::1", 'gate"\\.example:80'], (text) => {
    const fields = forwardedFields({ address: text, host: text, scheme: "http" }, undefined);
    assert.deepEqual(fields.map(([name]) => name), [
      "forwarded",
      "x-forwarded-for",
      "x-forwarded-host",
      "x-forwarded-proto",
    ]);
  });
});

const bodies = [
  '<D:propfind xmlns:D="DAV:"><D:prop><D:getetag/><x xmlns="u">a&amp;b</x></D:prop></D:propfind>',
  '<propertyupdate xmlns="DAV:"><set><prop><a/></prop></set><remove><prop><b/></prop></remove>' +
  "</propertyupdate>",
  '<lockinfo xmlns="DAV:"><lockscope><shared/></lockscope><locktype><write/></locktype>' +
  "<owner>me</owner></lockinfo>",
];

Deno.test("Damaged bodies of WebDAV are read as what they ask for, or refused", () => {
  survive(bodies, (text) => {
    const root = parseXml(text);
    if (root === undefined) return;
    assert.equal(keyOf(parseXml(formatXml(root))!), keyOf(root));
    assert.ok(elementsOf(root).length <= root.children.length);
    const wanted = readPropfind(root);
    if (Array.isArray(wanted)) assert.ok(wanted.every(({ name }) => name !== ""));
    assert.notEqual(readPropertyUpdate(root)?.length, 0);
    const lock = readLockInfo(root);
    if (lock !== undefined) assert.ok(lock.owner === "" || parseXml(lock.owner) !== undefined);
  });
});
