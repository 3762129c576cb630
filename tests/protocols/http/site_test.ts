import assert from "node:assert/strict";
import { respondText } from "../../../protocols/http/exchange.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { ask, stage } from "./client.ts";

Deno.test("GET / says what this is", () => {
  const { status, fields, body } = ask(stage(), "GET /");
  assert.deepEqual([status, fields["content-type"]], [200, "text/plain;charset=utf-8"]);
  assert.match(body, /^Meerkat: /);
});

Deno.test("What nobody answers is 404, and the page can only be read", () => {
  const on = stage();
  assert.equal(ask(on, "GET /nowhere").body, "Cannot find /nowhere\n");
  const refused = ask(on, "DELETE /");
  assert.deepEqual([refused.status, refused.fields.allow], [405, "GET, HEAD, OPTIONS"]);
  assert.equal(ask(on, "OPTIONS *").status, 204);
  assert.equal(ask(on, "OPTIONS /").fields.allow, "GET, HEAD, OPTIONS");
});

Deno.test("A handler goes before all else, and is gone when it is taken out", () => {
  const on = stage();
  const handlers = on.shared(Handlers);
  for (const path of ["/", "/topics/mine", "/app/*"]) {
    handlers.add(path, (exchange) => respondText(exchange, 200, `handler of ${path}`));
  }
  assert.equal(ask(on, "POST /").body, "handler of /\n");
  assert.equal(ask(on, "GET /topics/mine?x=1").body, "handler of /topics/mine\n");
  assert.equal(ask(on, "GET /app/a/b").body, "handler of /app/*\n");
  handlers.remove("/");
  assert.match(ask(on, "GET /").body, /^Meerkat/);
});
