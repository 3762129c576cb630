import assert from "node:assert/strict";
import { Handlers } from "../../../../protocols/http/handlers.ts";
import { Publication } from "../../../../protocols/publication.ts";
import { ask, stage } from "../client.ts";

function filled(limits = {}) {
  const on = stage({ limits });
  for (const path of ["b", "a/b%20c", "%C3%A9"]) ask(on, `PUT /topics/${path}`, {}, "1");
  ask(on, "POST /topics/event", {}, "1");
  return on;
}

Deno.test("GET /topics/ lists the topics that hold a value, as JSON", () => {
  const on = filled();
  for (const path of ["/topics/", "/topics"]) {
    const { status, fields, body } = ask(on, `GET ${path}`);
    assert.deepEqual([status, fields["content-type"]], [200, "application/json"]);
    assert.deepEqual(JSON.parse(body), ["a/b c", "b", "é"]);
    assert.equal(fields["topics-left-out"], undefined);
  }
});

Deno.test("GET /topics/ lists links when they are preferred, and /.well-known/core always", () => {
  const on = filled();
  const links = ["%C3%A9", "a/b%20c", "b"]
    .map((path) => `</topics/${path}>;rt="core.ps.data";obs`).join(",");
  const preferred = { Accept: "application/json;q=0.5, application/link-format" };
  assert.equal(ask(on, "GET /topics/", preferred).body, links);
  const { fields, body } = ask(on, "GET /.well-known/core");
  assert.deepEqual([fields["content-type"], body], [
    "application/link-format",
    `</topics>;rt="core.ps";ct=40,${links}`,
  ]);
});

Deno.test("GET /.well-known/core lists handlers, and what a query selects (RFC 6690 §4.1)", () => {
  const on = filled(), handlers = on.shared(Handlers);
  handlers.add("/attic", () => {}, { rt: "temperature-c sensor", title: "Under the roof" });
  handlers.add("/below/*", () => {}, {});
  handlers.add("/hidden", () => {});
  const list = (query: string) => ask(on, `GET /.well-known/core${query}`).body;
  const attic = '</attic>;rt="temperature-c sensor";title="Under the roof"';
  assert.match(list(""), new RegExp(`^</topics>;[^,]*,${attic},</topics/`));
  assert.doesNotMatch(list(""), /below|hidden/);
  for (
    const query of ["?rt=sensor", "?href=/at*", "?title=Under%20the*", "?title&access_token=x"]
  ) {
    assert.equal(list(query), attic, query);
  }
  assert.equal(list("?href=/topics/b"), '</topics/b>;rt="core.ps.data";obs');
  assert.equal(list("?rt=none"), "");
});

Deno.test("GET /topics/ is an empty list when nothing is stored", () => {
  assert.equal(ask(stage(), "GET /topics/").body, "[]");
});

Deno.test("GET /topics/ lists so many topics, and says how many it left out", () => {
  const byCount = ask(filled({ listedTopics: 2 }), "GET /topics/");
  assert.equal(JSON.parse(byCount.body).length, 2);
  assert.equal(byCount.fields["topics-left-out"], "1");
  const byBytes = ask(filled({ listedBytes: 1 }), "GET /topics/");
  assert.equal(byBytes.fields["topics-left-out"], "2");
});

Deno.test("GET /.well-known/core counts what the query selects, where that is not listed", () => {
  const on = filled({ listedTopics: 1 });
  const left = (query: string) =>
    ask(on, `GET /.well-known/core${query}`).fields["topics-left-out"];
  assert.equal(left(""), "2");
  assert.equal(left("?href=/topics/*"), "2");
  assert.equal(left("?href=/topics/b"), undefined);
  assert.equal(left("?rt=none"), undefined);
});

Deno.test("A list looks at so many values, be they listed, left out or not selected", () => {
  const on = stage({ limits: { listedTopics: 7 } });
  const value = new Publication("a", new Uint8Array(1), { retain: true });
  let looks = 0;
  on.retainedMatching = function* () {
    for (looks = 0; looks < 200_000;) {
      looks++;
      yield value;
    }
  };
  for (const path of ["/topics/", "/.well-known/core", "/.well-known/core?rt=none"]) {
    assert.equal(ask(on, `GET ${path}`).fields["topics-left-out"], "100000 or more", path);
    assert.ok(looks <= 100_000 + 7 + 1, `${path}: ${looks}`);
  }
});

Deno.test("/topics is no prefix of other names", () => {
  assert.equal(ask(stage(), "GET /topicsx").status, 404);
  assert.equal(ask(stage(), "GET /.well-known/corex").status, 404);
});
