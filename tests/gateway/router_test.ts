import assert from "node:assert/strict";
import { deleteCookie, events, gateway, getCookies, http, setCookie, tcp } from "../../mod.ts";
import { testWith } from "../interop/programs.ts";

async function place() {
  const hub = gateway();
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  return { hub, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => hub.stop() };
}

const text = (of: string) => () => new Response(of);

testWith(
  [],
  "A table of methods answers HEAD and OPTIONS by itself, and 405 with Allow",
  async () => {
    await using at = await place();
    at.hub.handle("/x", { GET: text("got"), PUT: text("put") });
    const ask = async (method: string) => {
      const answer = await fetch(`${at.url}/x`, { method });
      return [answer.status, answer.headers.get("allow"), await answer.text()];
    };
    assert.deepEqual(await ask("GET"), [200, null, "got"]);
    assert.deepEqual(await ask("HEAD"), [200, null, ""]);
    assert.deepEqual(await ask("PUT"), [200, null, "put"]);
    assert.deepEqual(await ask("OPTIONS"), [204, "GET, HEAD, PUT, OPTIONS", ""]);
    for (const method of ["POST", "DELETE", "get2", "toString"]) {
      const [status, allow] = await ask(method);
      assert.deepEqual([status, allow], [405, "GET, HEAD, PUT, OPTIONS"], method);
    }
  },
);

testWith([], "A handler of everything leaves /topics alone, and the topics answer", async () => {
  await using at = await place();
  at.hub.handle("/*", text("all"));
  at.hub.publish("a", "value", { retain: true });
  const get = async (path: string) => await (await fetch(at.url + path)).text();
  assert.equal(await get("/"), "all");
  assert.equal(await get("/topics/a"), "value");
  const remove = at.hub.handle("/topics/a", text("mine"));
  assert.equal(await get("/topics/a"), "mine");
  remove();
  assert.equal(await get("/topics/a"), "value");
});

testWith([], "Handlers get the named groups of their pattern", async () => {
  await using at = await place();
  const pattern = new URLPattern({ pathname: "/rooms/:room/seats/:seat" });
  at.hub.handle(pattern, (_request, { params }) => Response.json(params));
  const answer = await fetch(`${at.url}/rooms/a%20b/seats/7`);
  assert.deepEqual(await answer.json(), { room: "a b", seat: "7" });
});

testWith([], "CORS lets the listed pages in, and tells caches that it looked", async () => {
  await using at = await place();
  const cors = { origins: ["https://a.example"], credentials: true, maxAgeSeconds: 60 };
  at.hub.handle("/x", { GET: text("got"), PUT: text("put") }, { cors });
  const ask = async (origin: string, method = "GET", more = {}) => {
    const answer = await fetch(`${at.url}/x`, { method, headers: { origin, ...more } });
    await answer.body?.cancel();
    return answer;
  };
  const shared = (await ask("https://a.example")).headers;
  assert.equal(shared.get("access-control-allow-origin"), "https://a.example");
  assert.equal(shared.get("access-control-allow-credentials"), "true");
  assert.match(shared.get("vary")!, /Origin/);
  const other = (await ask("https://b.example")).headers;
  assert.equal(other.get("access-control-allow-origin"), null);
  assert.match(other.get("vary")!, /Origin/);
  const wish = { "access-control-request-method": "PUT", "access-control-request-headers": "x-a" };
  const preflight = await ask("https://a.example", "OPTIONS", wish);
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get("access-control-allow-methods"), "GET, HEAD, PUT, OPTIONS");
  assert.equal(preflight.headers.get("access-control-allow-headers"), "x-a");
  assert.equal(preflight.headers.get("access-control-max-age"), "60");
  const refused = await ask("https://b.example", "OPTIONS", wish);
  assert.equal(refused.headers.get("access-control-allow-methods"), null);
  assert.throws(() => at.hub.handle("/y", text("y"), { cors: { credentials: true } }), TypeError);
});

testWith(
  [],
  "Server-sent events end with their source, and the source with its client",
  async () => {
    await using at = await place();
    const ended = Promise.withResolvers<void>();
    async function* forever() {
      try {
        for (let count = 0;; count++) {
          yield { id: `${count}`, data: `line ${count}\nmore` };
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      } finally {
        ended.resolve();
      }
    }
    at.hub.handle("/events", () => events(forever()));
    const answer = await fetch(`${at.url}/events`);
    assert.equal(answer.headers.get("content-type"), "text/event-stream");
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let heard = "";
    while (!heard.includes("id: 2")) heard += (await reader.read()).value;
    assert.match(heard, /^:\n\nid: 0\ndata: line 0\ndata: more\n\nid: 1\n/);
    await reader.cancel();
    await ended.promise;
  },
);

testWith([], "Cookies go round", async () => {
  await using at = await place();
  at.hub.handle("/visits", ({ headers }) => {
    const cookies = getCookies(headers);
    const answer = new Response(`${cookies["visits"] ?? "first"}`);
    setCookie(answer.headers, { name: "visits", value: "ü;1", httpOnly: true, sameSite: "Strict" });
    deleteCookie(answer.headers, "old");
    return answer;
  });
  const first = await fetch(`${at.url}/visits`);
  assert.equal(await first.text(), "first");
  const [visits, old] = first.headers.getSetCookie();
  assert.equal(visits, "visits=%C3%BC%3B1; Path=/; SameSite=Strict; HttpOnly");
  assert.match(old!, /^old=; Path=\/; Max-Age=0/);
  const cookie = `__proto__=x; bad; visits=${visits!.slice(7, visits!.indexOf(";"))}; visits=2`;
  const second = await fetch(`${at.url}/visits`, { headers: { cookie } });
  assert.equal(await second.text(), "ü;1");
  assert.throws(() => setCookie(new Headers(), { name: "a b", value: "" }), TypeError);
  assert.throws(() => setCookie(new Headers(), { name: "a", value: "", path: "/;x" }), TypeError);
});
