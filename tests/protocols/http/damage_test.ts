import assert from "node:assert/strict";
import { credentialsOf } from "../../../protocols/http/credentials.ts";
import { clientOf } from "../../../protocols/http/forwarded.ts";
import { defaults } from "../../../protocols/http/limits.ts";
import { framingOf } from "../../../protocols/http/messages/body.ts";
import { formatDate, parseDate } from "../../../protocols/http/messages/date.ts";
import { decodeTrailers } from "../../../protocols/http/messages/head.ts";
import { Fields, type RequestHead } from "../../../protocols/http/messages/message.ts";
import { parseTarget } from "../../../protocols/http/messages/target.ts";
import { faultOfHost, faultOfOrigin } from "../../../protocols/http/origin.ts";
import { Routes } from "../../../protocols/http/routes.ts";
import { isStillTheSame, preconditions } from "../../../protocols/http/topics/conditions.ts";
import { wantsEvents } from "../../../protocols/http/topics/events.ts";
import { wantsPast } from "../../../protocols/http/topics/past.ts";
import { waitOf } from "../../../protocols/http/topics/poll.ts";
import { qosOf } from "../../../protocols/http/topics/publishing.ts";
import { replyOf } from "../../../protocols/http/topics/reply.ts";
import { ProtocolError } from "../../../protocols/session.ts";
import { bytes } from "../fakes.ts";
import { survive } from "../harm.ts";

// `decodeHead()` is fed in head_test.ts, `BodyDecoder` in body_test.ts, and whole conversations in
// session_fuzz_test.ts.

const NOON = Date.UTC(2026, 10, 21, 12);
const local = "127.0.0.1:50000";

/** A request with this field, and this query. */
function head(field: string, value: string, query = ""): RequestHead {
  const fields = new Fields([["host", "gate.example"], [field, value]]);
  return { method: "GET", path: "/topics/a", query, minor: 1, fields };
}

Deno.test("framingOf() finds the end of a body by damaged fields, or refuses them", () => {
  for (const [field, value] of [["content-length", "0042"], ["transfer-encoding", "chunked"]]) {
    survive([value!], (harmed) => {
      const framing = framingOf(head(field!, harmed));
      assert.ok(framing === "chunked" || Number.isSafeInteger(framing));
    }, ProtocolError);
  }
});

Deno.test("decodeTrailers() waits for damaged trailers, takes or refuses them", () => {
  survive([bytes("A: b\r\nC-D:\t e \r\n\r\n")], (harmed) => {
    const found = decodeTrailers(harmed, 0, defaults);
    if (found === undefined) return;
    const [fields, end] = found;
    assert.ok(end <= harmed.length);
    for (const [, value] of fields) assert.doesNotMatch(value, /[\r\n\0]/);
  }, ProtocolError);
});

Deno.test("parseTarget() takes a damaged request target apart, or refuses it", () => {
  survive(["/topics/a%20b?qos=1&x=?", "http://gate:8080/a?b", "*"], (harmed) => {
    const { path, authority } = parseTarget(harmed, "OPTIONS");
    assert.match(path, /^(\/|\*$)/);
    if (authority !== undefined) assert.ok(harmed.includes(authority));
  }, ProtocolError);
});

const conditions = [
  ["if-match", '"v1", W/"v2"'],
  ["if-none-match", '*, "v1"'],
  ["if-modified-since", "Sat, 21 Nov 2026 12:00:00 GMT"],
  ["if-unmodified-since", "Saturday, 21-Nov-26 12:00:00 GMT"],
];
for (const [field, value] of conditions) {
  Deno.test(`preconditions() heeds or ignores a damaged ${field}`, () => {
    survive([value!], (harmed) => {
      const request = head(field!, harmed);
      const status = preconditions(request, { time: NOON }, NOON, () => '"v1"');
      assert.ok(status === undefined || status === 304 || status === 412);
    });
  });
}

Deno.test("isStillTheSame() believes no damaged If-Range that names another value", () => {
  survive(['"v1"', "Sat, 21 Nov 2026 12:00:00 GMT"], (harmed) => {
    if (!isStillTheSame(harmed, '"v1"', { time: NOON })) return;
    assert.ok(harmed === '"v1"' || parseDate(harmed, NOON) === NOON);
  });
});

Deno.test("parseDate() takes a damaged date for a moment or for none", () => {
  const dates = [formatDate(NOON), "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"];
  survive(dates, (harmed) => {
    const time = parseDate(harmed, NOON);
    assert.ok(time === undefined || Number.isSafeInteger(time));
  });
});

Deno.test("credentialsOf() finds what damaged fields show, which may be nothing", () => {
  const from = {
    protocol: "http",
    peer: { address: local, secure: false },
    listener: "a",
  } as const;
  const digest = 'Digest username="ann", realm="r", nonce="n", uri="/", qop=auth, nc=00000001, ' +
    `cnonce="c", algorithm=MD5, response="${"0".repeat(32)}"`;
  survive(["Basic YW5uOnNlY3JldA==", "Bearer abc.def", digest], (harmed) => {
    const shown = credentialsOf(head("authorization", harmed), from);
    if (shown.digest !== undefined) {
      assert.match(shown.digest.response.response, /^[\da-f]{32,64}$/);
    }
    assert.ok(shown.token === undefined || harmed.includes(shown.token));
  });
  survive(["access_token=abc&x=%20", "x&access_token="], (query) => {
    assert.equal(credentialsOf(head("cookie", "a=b", query), from).username, undefined);
  });
  survive(["sid=abc; theme=dark"], (cookies) => {
    assert.ok(!credentialsOf(head("cookie", cookies), from).cookie("sid")?.includes(";"));
  });
});

Deno.test("clientOf() finds an address in a damaged X-Forwarded-For, or stays with the proxy's", () => {
  const proxy = { address: "10.0.0.1:5000", secure: false };
  survive(["192.0.2.7:50112, 10.0.0.2", "[2001:db8::7]:443, 10.0.0.2"], (harmed) => {
    const { fields } = head("x-forwarded-for", harmed);
    const { address } = clientOf(proxy, fields, (address) => address.startsWith("10."));
    assert.match(address, /^(\d+(\.\d+){3}|\[[\da-f:]+\]):\d{1,5}$/);
  });
});

Deno.test("No damaged Origin or Host lets a page in that is not listed", () => {
  survive(["https://evil.example", "http://10.0.0.7:8080"], (origin) => {
    const fault = faultOfOrigin(head("origin", origin).fields, { address: local, allowed: [] });
    if (fault !== undefined) return assert.match(fault, /^Cannot serve a page of /);
    assert.match(new URL(origin).hostname, /(^|\.)localhost$|^127\.|^\[::1\]$/);
  });
  survive(["rebound.example:8080"], (host) => {
    const fault = faultOfHost(new Fields([["host", host]]), { address: local, allowed: [] });
    if (fault !== undefined) assert.match(fault, /^Cannot serve the host /);
  });
});

Deno.test("Damaged preferences and queries are heeded within their bounds, or ignored", () => {
  survive(['respond-async, wait="30"', "wait=5; foo"], (prefer) => {
    const waitMs = waitOf(head("prefer", prefer), 60_000);
    assert.ok(waitMs >= 0 && waitMs <= 60_000);
  });
  survive(["text/event-stream;q=0.5, text/*"], (accept) => {
    assert.equal(typeof wantsEvents(head("accept", accept)), "boolean");
  });
  survive(["reply=500ms&qos=2", "since=24h&limit=5&reply=5s"], (query) => {
    const asked = head("accept", "*/*", query), reply = replyOf(asked, 60_000);
    if (typeof reply === "string") assert.match(reply, /^Cannot use reply /);
    else assert.ok((reply ?? 0) <= 60_000);
    assert.ok([0, 1, 2, undefined].includes(qosOf(asked)));
    assert.equal(typeof wantsPast(asked), "boolean");
  });
});

Deno.test("Routes finds who is responsible for a damaged path, or nobody", () => {
  const routes = new Routes<string>();
  routes.add("/a/*", "below");
  routes.add("/a/b", "exact");
  routes.add(new URLPattern({ pathname: "/a/:id(\\d+)/:rest*" }), "named");
  survive(["/a/7/x%20y/%2e%2e/z", "/A/./b", "/a/%62"], (path) => {
    for (const host of ["gate", path]) {
      const found = routes.find({ ...head("a", "b"), path, fields: new Fields([["host", host]]) });
      const names = ["below", "exact", "named", undefined];
      assert.ok(names.includes(found?.value));
    }
  });
});
