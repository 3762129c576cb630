import assert from "node:assert/strict";
import type { PathExchange } from "../../../protocols/http/exchange.ts";
import { Handlers, type PathAnswer } from "../../../protocols/http/handlers.ts";
import { Fields } from "../../../protocols/http/messages/message.ts";
import type { HttpOptions } from "../../../protocols/http/options.ts";
import { faultOfHost } from "../../../protocols/http/origin.ts";
import type { HttpSession } from "../../../protocols/http/session.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, type Stage } from "../fakes.ts";
import { hook } from "../hooked.ts";
import { answers, ask, request, stage } from "./client.ts";

const allowed = { origins: ["https://app.example"] };

function holding(options: HttpOptions = {}): Stage<HttpSession> {
  const on = stage(options);
  on.space.publish(new Publication("a", bytes("1"), { retain: true }));
  return on;
}

const changes = ["PUT /topics/b", "POST /topics/b", "DELETE /topics/a"];

for (const line of changes) {
  const body = line.startsWith("DELETE") ? "" : "x";
  Deno.test(`A page of another origin may not ${line}`, () => {
    for (const Origin of ["https://evil.example", "null", "https://app.example.evil.example"]) {
      const on = holding(allowed);
      const { status, fields } = ask(on, line, { Origin }, body);
      assert.deepEqual([status, fields["access-control-allow-origin"]], [403, undefined]);
      assert.deepEqual([...on.space.values.keys()], ["a"]);
    }
  });
  Deno.test(`A page of this host, of the loopback or of an allowed origin may ${line}`, () => {
    for (const Origin of ["https://app.example", "http://localhost:3000", "http://meerkat"]) {
      const on = holding(allowed);
      const { status, fields } = ask(on, line, { Origin }, body);
      assert.ok(status === 201 || status === 204, `${Origin}: ${status}`);
      assert.equal(fields["access-control-allow-origin"], Origin);
      assert.equal(fields.vary, "origin");
    }
  });
}

Deno.test("A page of another origin is answered what it reads, but its browser keeps that from it", () => {
  const { status, fields } = ask(holding(), "GET /topics/a", { Origin: "https://evil.example" });
  assert.deepEqual([status, fields["access-control-allow-origin"]], [200, undefined]);
});

Deno.test("A page of an allowed origin may read values, their tags and events", () => {
  const on = holding(allowed), Origin = "https://app.example";
  const { status, fields, body } = ask(on, "GET /topics/a", { Origin });
  assert.deepEqual([status, body, fields["access-control-allow-origin"]], [200, "1", Origin]);
  assert.match(fields["access-control-expose-headers"]!, /\betag\b/);
  on.feed(request("GET /topics/a", { Origin, Accept: "text/event-stream" }));
  assert.match(on.takeText(), /access-control-allow-origin: https:\/\/app.example\r\n/);
});

Deno.test("The answer for a page is not what others get afterwards", () => {
  const on = holding(allowed);
  ask(on, "GET /topics/a", { Origin: "https://app.example" });
  assert.equal(ask(on, "GET /topics/a").fields["access-control-allow-origin"], undefined);
});

Deno.test("A preflight is answered for allowed origins only, and before anybody logs in", () => {
  const preflight = { "Access-Control-Request-Method": "PUT" };
  const on = holding(allowed);
  hook(on, { authenticate: () => false });
  const { status, fields } = ask(on, "OPTIONS /topics/a", {
    ...preflight,
    Origin: "https://app.example",
  });
  assert.equal(status, 204);
  assert.equal(fields["access-control-allow-origin"], "https://app.example");
  assert.match(fields["access-control-allow-methods"]!, /\bPUT\b/);
  assert.match(fields["access-control-allow-headers"]!, /\bauthorization\b/);
  const evil = { ...preflight, Origin: "https://evil.example" };
  assert.equal(ask(on, "OPTIONS /topics/a", evil).status, 403);
  // A refusal, too, can be read by a page that may use the gateway.
  const refused = ask(on, "GET /topics/a", { Origin: "https://app.example" });
  assert.deepEqual(
    [refused.status, refused.fields["access-control-allow-origin"]],
    [401, "https://app.example"],
  );
});

Deno.test("With * every page may do everything", () => {
  const on = holding({ origins: ["*"] });
  assert.equal(ask(on, "PUT /topics/b", { Origin: "https://evil.example" }, "x").status, 201);
});

const hosts: [host: string, from: string, via: boolean, allowed: string[], isFault: boolean][] = [
  ["evil.example", "127.0.0.1:5000", false, [], true],
  ["evil.example:8080", "[::1]:5000", false, [], true],
  ["evil.example", "[::ffff:127.0.0.1]:5000", false, [], true],
  ["localhost.evil.example", "127.0.0.1:5000", false, [], true],
  ["evil.example", "127.0.0.1:5000", false, ["https://app.example"], true],
  ["evil.example", "127.0.0.1:5000", true, [], false],
  ["evil.example", "127.0.0.1:5000", false, ["*"], false],
  ["app.example:8080", "127.0.0.1:5000", false, ["https://app.example"], false],
  ["evil.example", "192.0.2.1:5000", false, [], false],
  ["localhost:8080", "127.0.0.1:5000", false, [], false],
  ["app.localhost", "127.0.0.1:5000", false, [], false],
  ["127.0.0.1:8080", "127.0.0.1:5000", false, [], false],
  ["[::1]:8080", "[::1]:5000", false, [], false],
  ["10.0.0.7", "127.0.0.1:5000", false, [], false],
  ["", "127.0.0.1:5000", false, [], false],
  ["evil.example", "/run/meerkat.sock", false, [], false],
];
for (const [host, address, via, allowed, isFault] of hosts) {
  const name = `faultOfHost ${isFault ? "keeps out" : "lets in"} "${host}" from ${address}`;
  Deno.test(`${name}${via ? " by a proxy" : ""}${allowed.length ? ` with ${allowed}` : ""}`, () => {
    const fields = new Fields([["host", host]]);
    if (via) fields.append("via", "1.1 proxy");
    // A page can send these, if the browser takes it for one of this host.
    fields.append("x-forwarded-for", "192.0.2.7");
    fields.append("forwarded", "for=192.0.2.7");
    assert.equal(faultOfHost(fields, { address, allowed }) !== undefined, isFault);
  });
}

Deno.test("Nothing can be read or changed through a name that was pointed at this machine", () => {
  const on = holding();
  Object.assign(on, { peer: { address: "127.0.0.1:5000", secure: false } });
  for (const line of ["GET /topics/a", "GET /topics/", "GET /.well-known/core", "PUT /topics/a"]) {
    const body = line.startsWith("PUT") ? "x" : "";
    on.feed(request(line, {}, body).replace("Host: meerkat", "Host: evil.example"));
    assert.deepEqual(answers(on.take()).map(({ status }) => status), [403], line);
  }
  on.feed(request("GET /topics/a").replace("Host: meerkat", "Host: localhost:8080"));
  assert.deepEqual(answers(on.take()).map(({ status }) => status), [200]);
});

/** A stage whose `/app` answers everything, for these pages. */
function withHandler(pages: PathAnswer["pages"]): Stage<HttpSession> {
  const on = stage(allowed);
  const answer: PathAnswer = Object.assign(
    (exchange: PathExchange) => exchange.respond({ status: 204 }),
    { pages },
  );
  on.shared(Handlers).add("/app/*", answer);
  return on;
}

const evil = { Origin: "https://evil.example" }, nobody = { origins: [], strangers: [] };

Deno.test("A page of another origin changes nothing by a handler, and reads what it is answered", () => {
  const on = withHandler(nobody);
  for (const method of ["POST", "PUT", "PATCH", "DELETE", "MKCOL"]) {
    assert.equal(ask(on, `${method} /app/x`, evil).status, 403, method);
    assert.equal(ask(on, `${method} /app/x`, { "Sec-Fetch-Site": "cross-site" }).status, 403);
    assert.equal(ask(on, `${method} /app/x`).status, 204);
    assert.equal(ask(on, `${method} /app/x`, { Origin: "http://meerkat" }).status, 204);
    assert.equal(ask(on, `${method} /app/x`, { Origin: "https://app.example" }).status, 204);
  }
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    const { status, fields } = ask(on, `${method} /app/x`, evil);
    assert.deepEqual([status, fields["access-control-allow-origin"]], [204, undefined], method);
  }
  // However the path is written.
  assert.equal(ask(on, "POST /%61pp/x", evil).status, 403);
});

Deno.test("A handler's own origins use it with what their visitor's browser sends of itself", () => {
  const on = withHandler({ origins: ["https://evil.example"], strangers: [] });
  assert.equal(ask(on, "POST /app/x", { ...evil, Cookie: "login=1" }).status, 204);
  assert.equal(ask(on, "POST /app/x", { Origin: "https://b.example" }).status, 403);
  assert.equal(ask(on, "POST /topics/a", evil, "x").status, 403);
});

Deno.test("Pages that may send no credentials use a handler without any", () => {
  const on = withHandler({ origins: [], strangers: ["*"] });
  assert.equal(ask(on, "POST /app/x", evil).status, 204);
  assert.equal(ask(on, "POST /app/x", { ...evil, Authorization: "Bearer abc" }).status, 204);
  assert.equal(ask(on, "POST /app/x", { ...evil, Cookie: "login=1" }).status, 403);
  assert.equal(ask(on, "POST /app/x", { ...evil, Authorization: "Basic YTpi" }).status, 403);
});

Deno.test("A page that may not use a handler is told so before anybody looks at its login", () => {
  const on = withHandler(nobody);
  let asked = 0;
  hook(on, {
    authenticate() {
      asked++;
      return false;
    },
  });
  assert.equal(ask(on, "POST /app/x", evil).status, 403);
  assert.equal(asked, 0);
  assert.equal(ask(on, "POST /app/x").status, 401);
});

Deno.test("Pages of the listener use a path of the gateway as they use topics", () => {
  const on = withHandler("listener"), Origin = "https://app.example";
  const asked = { Origin, "Access-Control-Request-Method": "PUT" };
  assert.equal(ask(on, "OPTIONS /app/x", asked).fields["access-control-allow-origin"], Origin);
  assert.equal(ask(on, "PUT /app/x", { Origin }).fields["access-control-allow-origin"], Origin);
  assert.equal(ask(on, "PUT /app/x", evil).status, 403);
  Object.assign(on, { peer: { address: "127.0.0.1:5000", secure: false } });
  on.feed(request("GET /app/x").replace("Host: meerkat", "Host: evil.example"));
  assert.deepEqual(answers(on.take()).map(({ status }) => status), [403]);
});
