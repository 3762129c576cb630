import assert from "node:assert/strict";
import { cgiEnvironment } from "../../../protocols/web/cgi_environment.ts";
import { findHeadEnd, parseCgiHead } from "../../../protocols/web/cgi_head.ts";
import { everyHarm } from "../harm.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("G25: the head of a script ends with an empty line, of LF or CRLF", () => {
  const cases: [string, string, string][] = [
    ["A: b\n\nbody", "A: b", "body"],
    ["A: b\r\n\r\nbody", "A: b\r", "body"],
    ["A: b\n\r\nbody", "A: b", "body"],
    ["A: b\r\n\nbody", "A: b\r", "body"],
    ["\nbody", "", "body"],
    ["A: b\nC: d\n\n\n", "A: b\nC: d", "\n"],
  ];
  for (const [text, head, body] of cases) {
    const end = findHeadEnd(bytes(text))!;
    assert.deepEqual([text.slice(0, end.head), text.slice(end.body)], [head, body]);
  }
  assert.equal(findHeadEnd(bytes("A: b\r\nC: d\r\n")), undefined);
});

Deno.test("G25: Status, Location and Content-Type make the answer", () => {
  const parse = (text: string) => parseCgiHead(bytes(text));
  assert.deepEqual(parse("Content-Type: text/plain\nX-A: 1\nx-a: 2\nConnection: close"), {
    status: 200,
    fields: [["content-type", "text/plain"], ["x-a", "1"], ["x-a", "2"]],
  });
  assert.deepEqual(parse("Status: 404 Not Found\r\nContent-Type:text/html"), {
    status: 404,
    fields: [["content-type", "text/html"]],
  });
  assert.deepEqual(parse("Status: 204"), { status: 204, fields: [] });
  assert.deepEqual(parse("Location: http://a.example/b"), {
    status: 302,
    fields: [["location", "http://a.example/b"]],
  });
  assert.deepEqual(parse("Location: /b?c"), { status: 200, fields: [], localPath: "/b?c" });
  // With a status it is meant for the client, and two slashes are another host.
  assert.equal(parse("Status: 303\nLocation: /b")?.localPath, undefined);
  assert.equal(parse("Location: //evil.example/")?.localPath, undefined);
  const wrong = [
    "",
    "X-A: 1",
    "no head",
    "Status: 100",
    "Status: 2000",
    "Status: abc",
    "Status: 200\nStatus: 404",
    "Content-Type: a\nContent-Type: b",
    "Content-Type : text/plain",
    "Content-Type: text/plain\n folded",
    "Content-Type: text/plain\nContent-Length: -1",
    "Content-Type: text/plain\nX: a\0b",
    "Content-Type: text/plain\nX: a\rSet-Cookie: b",
  ];
  for (const text of wrong) assert.equal(parse(text), undefined, JSON.stringify(text));
});

Deno.test("G25: no harm to a head is a crash, or gets a line break into a field", () => {
  for (const harmed of everyHarm(bytes("Status: 302 Found\r\nLocation: http://a/\r\n\r\nbody"))) {
    const end = findHeadEnd(harmed), head = parseCgiHead(harmed.subarray(0, end?.head));
    for (const [name, value] of head?.fields ?? []) {
      new Headers([[name, value]]);
      assert.doesNotMatch(value, /[\r\n\0]/);
    }
    if (head) assert.ok(head.status >= 200 && head.status < 600);
  }
});

Deno.test("G25: a script is told what CGI 1.1 says, and never HTTP_PROXY or a password", () => {
  const env = cgiEnvironment({
    method: "POST",
    url: new URL("https://host.example:8443/a%20b.cgi/more/x?q=1&r"),
    fields: [
      ["content-type", "text/plain"],
      ["content-length", "12"],
      ["user-agent", "test"],
      ["x-a", "1"],
      ["x_a", "2"],
      ["proxy", "http://evil.example"],
      ["Proxy", "http://evil.example"],
      ["authorization", "Basic YTpi"],
      ["connection", "close"],
    ],
    address: "192.0.2.7",
    clientPort: 5000,
    user: "ann",
  }, { root: "/www", file: "/www/a b.cgi", name: "/a b.cgi", pathInfo: "/more/x" });
  assert.deepEqual(env, {
    GATEWAY_INTERFACE: "CGI/1.1",
    SERVER_SOFTWARE: "meerkat",
    SERVER_PROTOCOL: "HTTP/1.1",
    SERVER_NAME: "host.example",
    SERVER_PORT: "8443",
    REQUEST_METHOD: "POST",
    REQUEST_URI: "/a%20b.cgi/more/x?q=1&r",
    REQUEST_SCHEME: "https",
    QUERY_STRING: "q=1&r",
    SCRIPT_NAME: "/a b.cgi",
    SCRIPT_FILENAME: "/www/a b.cgi",
    DOCUMENT_ROOT: "/www",
    PATH_INFO: "/more/x",
    PATH_TRANSLATED: "/www/more/x",
    REMOTE_ADDR: "192.0.2.7",
    REMOTE_HOST: "192.0.2.7",
    REMOTE_PORT: "5000",
    REMOTE_USER: "ann",
    REDIRECT_STATUS: "200",
    HTTPS: "on",
    CONTENT_TYPE: "text/plain",
    CONTENT_LENGTH: "12",
    HTTP_USER_AGENT: "test",
    HTTP_X_A: "1",
  });
});
