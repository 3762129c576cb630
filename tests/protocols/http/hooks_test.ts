import assert from "node:assert/strict";
import type { Hooks, Login } from "../../../actors/hooks/hooks.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import type { HttpSession } from "../../../protocols/http/session.ts";
import { Refusal } from "../../../protocols/identity.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, FakeSpace, type Stage } from "../fakes.ts";
import { Answer, hook } from "../hooked.ts";
import { answers, ask, request, stage, statuses } from "./client.ts";

function hooked(hooks: Hooks, space = new FakeSpace()): Stage<HttpSession> {
  const opened = stage({}, space);
  hook(opened, hooks);
  return opened;
}

const ann = { Authorization: `Basic ${btoa("ann:se:cret")}` };

const logins: [name: string, fields: Record<string, string>, query: string, seen: unknown[]][] = [
  ["nothing", {}, "", [undefined, undefined, undefined]],
  ["Basic", ann, "", ["ann", "se:cret", undefined]],
  ["Basic in other letters", { authorization: `bAsIc ${btoa("ann:")}` }, "", [
    "ann",
    "",
    undefined,
  ]],
  ["Basic of names in UTF-8", { Authorization: "Basic w6k6w7w=" }, "", ["é", "ü", undefined]],
  ["Basic without a colon", { Authorization: `Basic ${btoa("ann")}` }, "", [
    undefined,
    undefined,
    undefined,
  ]],
  ["Basic that is no base64", { Authorization: "Basic ?!" }, "", [undefined, undefined, undefined]],
  ["Bearer", { Authorization: "Bearer abc.def" }, "", [undefined, undefined, "abc.def"]],
  ["a token in the query", {}, "?access_token=abc", [undefined, undefined, "abc"]],
  ["both", ann, "?access_token=abc", ["ann", "se:cret", undefined]],
  ["Digest", { Authorization: 'Digest username="ann"' }, "", [undefined, undefined, undefined]],
];
for (const [name, fields, query, seen] of logins) {
  Deno.test(`HTTP shows as credentials: ${name}`, () => {
    let shown: unknown[] = [];
    const on = hooked({
      authenticate({ protocol, username, passwordText, token, peer }) {
        assert.deepEqual([protocol, peer.address], ["http", "192.0.2.1:1000"]);
        shown = [username, passwordText, token];
        return { user: "x" };
      },
    });
    assert.equal(ask(on, `GET /topics/a${query}`, fields).status, 404);
    assert.deepEqual(shown, seen);
  });
}

const verdicts: [name: string, answer: () => Login | Refusal | false, status: number][] = [
  ["an identity", () => ({ user: "ann" }), 204],
  ["false", () => false, 401],
  ["forbidden", () => new Refusal("Banned"), 403],
  ["unavailable", () => new Refusal("Later", "unavailable"), 503],
  [
    "a throw",
    () => {
      throw new Error("no database");
    },
    503,
  ],
];
for (const [name, answer, status] of verdicts) {
  Deno.test(`HTTP answers ${status} when authenticate answers with ${name}`, () => {
    const on = hooked({ authenticate: answer });
    const { status: given, fields } = ask(on, "POST /topics/a", ann, "x");
    assert.equal(given, status);
    const basic = 'Basic realm="meerkat", charset="UTF-8"';
    assert.equal(fields["www-authenticate"], status === 401 ? basic : undefined);
    assert.equal(on.space.published.length, status === 204 ? 1 : 0);
    // The connection goes on.
    assert.equal(ask(on, "GET /", ann).status, status === 204 ? 200 : status);
  });
  Deno.test(`HTTP answers ${status} when authenticate answers later with ${name}`, async () => {
    const later = new Answer<void>();
    const on = hooked({ authenticate: () => later.promise.then(answer) });
    on.feed(request("POST /topics/a", ann, "x") + request("GET /", ann), 1);
    assert.deepEqual(answers(on.take()), []);
    await later.give(undefined, on);
    await later.give(undefined, on);
    assert.deepEqual(statuses(on), [status, status === 204 ? 200 : status]);
    assert.equal(on.space.published.length, status === 204 ? 1 : 0);
  });
}

Deno.test("HTTP asks before a handler answers, and the connection knows who it is", () => {
  const on = hooked({ authenticate: ({ username }) => username ? { user: username } : false });
  const paths: string[] = [];
  on.space.shared(Handlers).add("/hello", (exchange) => {
    paths.push(`${exchange.request.path} for ${exchange.identity.user}`);
    exchange.respond({ status: 200 });
  });
  assert.equal(ask(on, "GET /hello").status, 401);
  assert.equal(ask(on, "GET /hello", ann).status, 200);
  assert.deepEqual(paths, ["/hello for ann"]);
});

const actions: [line: string, action: string, fields?: Record<string, string>][] = [
  ["GET /topics/a/b", "subscribe a/b 1 false"],
  ["HEAD /topics/a/b", "subscribe a/b 1 false"],
  ["GET /topics/a/b", "subscribe a/b 1 false", { Prefer: "wait=5" }],
  ["GET /topics/a/%23?qos=2", "subscribe a/# 2 false", { Accept: "text/event-stream" }],
  ["PUT /topics/a/b?qos=2", "publish a/b 2 true"],
  ["POST /topics/a/b", "publish a/b 1 false"],
  ["POST /topics/a/b?reply=5s", "publish a/b 1 false"],
  ["DELETE /topics/a/b", "publish a/b 1 true"],
];
for (const [line, action, fields] of actions) {
  const name = `${line}${fields ? ` with ${JSON.stringify(fields)}` : ""}`;
  Deno.test(`HTTP asks whether it may ${action} for ${name}`, () => {
    const asked: string[] = [];
    const on = hooked({
      authorize({ action, topic, qos, retain }) {
        asked.push(`${action} ${topic} ${qos} ${retain}`);
        return false;
      },
    });
    on.space.publish(new Publication("a/b", bytes("old"), { retain: true }));
    const body = /^P/.test(line) ? "x" : "";
    const { status } = ask(on, line, fields, body);
    assert.deepEqual([status, asked], [403, [action]]);
    assert.equal(on.space.values.get("a/b")?.text(), "old");
    assert.equal(on.space.subscriptions.size, 0);
  });
}

Deno.test("HTTP refuses before the body is sent, and lets a late answer take its time", async () => {
  const later = new Answer<boolean>();
  const on = hooked({ authorize: () => later.promise });
  const fields = { Expect: "100-continue", "Content-Length": "3" };
  on.feed(request("PUT /topics/a", fields));
  assert.equal(on.takeText(), "");
  await later.give(true, on);
  assert.match(on.takeText(), /^HTTP\/1.1 100 /);
  on.feed("abc");
  assert.deepEqual(statuses(on), [201]);
});

Deno.test("HTTP asks again when others say what may be done before the body is there", async () => {
  for (const line of ["PUT /topics/a", "POST /topics/a"]) {
    for (const later of [false, true]) {
      const on = stage(), { chain } = hook(on, { authorize: () => true });
      on.feed(request(line, { "Content-Length": "5" }) + "21");
      assert.deepEqual(statuses(on), []);
      const answer = new Answer<boolean>();
      chain.add({ authorize: () => later ? answer.promise : false });
      on.feed(".50");
      if (later) await answer.give(false, on);
      assert.deepEqual(statuses(on), [403]);
      assert.equal(on.space.published.length, 0);
    }
  }
});

Deno.test("HTTP publishes what hooks make of it, or says what is wrong with it", () => {
  const on = hooked({
    published({ topic, payload, retain }) {
      if (topic === "a/bad") return new Refusal("Numbers only", "invalid");
      return new Publication(`x/${topic}`, payload, { retain });
    },
  });
  assert.equal(ask(on, "PUT /topics/a", {}, "1").status, 201);
  assert.deepEqual([...on.space.values.keys()], ["x/a"]);
  const { status, body } = ask(on, "PUT /topics/a/bad", {}, "1");
  assert.deepEqual([status, body], [400, "Numbers only\n"]);
});

Deno.test("HTTP shows and lists only what may be seen", () => {
  const space = new FakeSpace();
  for (const topic of ["open", "secret"]) {
    space.publish(new Publication(topic, bytes(topic), { retain: true }));
  }
  const seen: string[] = [];
  const on = hooked({
    authorize: ({ topic }) => topic !== "secret",
    subscribed: ({ filter, qos }) => seen.push(`${filter} ${qos}`),
  }, space);
  assert.equal(ask(on, "GET /topics/").body, '["open"]');
  assert.equal(ask(on, "GET /topics/secret").status, 403);
  on.feed(request("GET /topics/%23", { Accept: "text/event-stream" }));
  space.publish(new Publication("secret", bytes("2")));
  space.publish(new Publication("open", bytes("3")));
  on.turn();
  const payloads = on.takeText().match(/"payload":"\w+"/g);
  assert.deepEqual(payloads, ['"payload":"open"', '"payload":"3"']);
  assert.deepEqual(seen, ["# 1"]);
});

Deno.test("HTTP does not let clients publish to $SYS", () => {
  const on = stage();
  assert.equal(ask(on, "PUT /topics/$SYS/broker/uptime", {}, "1").status, 403);
  assert.equal(ask(on, "POST /topics/$SYS/broker/uptime", {}, "1").status, 403);
});
