import assert from "node:assert/strict";
import { gateway, http, httpRequest, protect, tcp, tls } from "../../../mod.ts";
import { ha1Of } from "../../../protocols/web/digest.ts";
import { certificates, hasOpenssl, orSkipped } from "../../transports/tls/certificates.ts";
import { Folder } from "../web/folder.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

/** A server that says what it was asked, behind a door. */
async function server(door: (request: Request) => Response | undefined = () => undefined) {
  const hub = gateway();
  hub.handle("/*", async (request) => {
    const { pathname, search } = new URL(request.url);
    const { method, headers } = request;
    return door(request) ?? Response.json({
      ...{ method, path: pathname + search, body: await request.text() },
      ...{ x: headers.get("x"), authorization: headers.get("authorization") },
    });
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  return { hub, port };
}

Deno.test("I1, I2: a URL needs no scheme, and what has a body is POST", strict, async () => {
  const { hub, port } = await server();
  await using _ = hub;
  const headers = { x: "1" };
  const get = await (await httpRequest(`127.0.0.1:${port}/a/../b?c=d#e`, { headers })).json();
  assert.deepEqual([get.method, get.path, get.x], ["GET", "/b?c=d", "1"]);
  const post = await (await httpRequest(`http://127.0.0.1:${port}`, { body: "hello" })).json();
  assert.deepEqual([post.method, post.path, post.body], ["POST", "/", "hello"]);
  const body = new TextEncoder().encode("hi");
  const put = await (await httpRequest(`127.0.0.1:${port}/`, { method: "PUT", body })).json();
  assert.deepEqual([put.method, put.body], ["PUT", "hi"]);
  for (const bad of ["ftp://a/", "", "a b", "http://", "//host/", "host:99999"]) {
    await assert.rejects(httpRequest(bad), /^TypeError: Cannot ask ".*": give a URL such as/, bad);
  }
});

Deno.test("I4, I5: an answer comes as it is sent, and connections are kept", strict, async () => {
  await using hub = gateway();
  const peers = new Set<string>();
  let feed!: ReadableStreamDefaultController<Uint8Array>;
  hub.handle("/slow", () => {
    return new Response(new ReadableStream({ start: (controller) => void (feed = controller) }));
  });
  hub.handle("/who", (_request, { remoteAddr }) => {
    peers.add(JSON.stringify(remoteAddr));
    return new Response("you");
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const reader = (await httpRequest(`127.0.0.1:${port}/slow`)).body!.getReader();
  for (const text of ["one", "two"]) {
    feed.enqueue(new TextEncoder().encode(text));
    assert.equal(new TextDecoder().decode((await reader.read()).value), text);
  }
  feed.close();
  assert.ok((await reader.read()).done);
  for (let i = 0; i < 3; i++) await (await httpRequest(`127.0.0.1:${port}/who`)).text();
  assert.equal(peers.size, 1);
});

for (const algorithm of ["MD5", "SHA-256"] as const) {
  Deno.test(`I6: a login by Digest with ${algorithm} is found out and used`, strict, async () => {
    const ha1 = ha1Of({ username: "ann", realm: "lab", password: "p@ss" }, algorithm);
    await using folder = await Folder.make({ users: `ann:lab:${ha1}\n` });
    await using hub = gateway();
    const door = protect({ file: `${folder.path}/users`, realm: "lab" });
    hub.handle("/*", async (request, info) => {
      return await door(request, info) ?? new Response(await request.text());
    });
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const in_ = await httpRequest(`http://ann:p%40ss@127.0.0.1:${port}/a?b=c`, { body: "x" });
    assert.deepEqual([in_.status, await in_.text()], [200, "x"]);
    const out = await httpRequest(`127.0.0.1:${port}/`, { username: "ann", password: "guess" });
    assert.equal(out.status, 401);
    await out.body?.cancel();
  });
}

Deno.test("I6: a login by Basic is for who asks for it, and nobody else", strict, async () => {
  const seen: (string | null)[] = [];
  const { hub, port } = await server((request) => {
    const given = request.headers.get("authorization");
    seen.push(given);
    const headers = { "www-authenticate": 'Negotiate, Basic realm="a, b", charset="UTF-8"' };
    return given === null ? new Response(null, { status: 401, headers }) : undefined;
  });
  await using _ = hub;
  const login = { username: "zoë", password: "s:1" };
  const answer = await httpRequest(`127.0.0.1:${port}/`, login);
  const right = `Basic ${new TextEncoder().encode("zoë:s:1").toBase64()}`;
  assert.equal((await answer.json()).authorization, right);
  assert.deepEqual(seen, [null, right]);
  // Led elsewhere, nobody gets the password.
  await using elsewhere = gateway();
  const headers = { location: `http://127.0.0.1:${port}/` };
  elsewhere.handle("/", () => new Response(null, { status: 302, headers }));
  const other = await elsewhere.listen(tcp({ port: 0 }), http()).ready;
  const led = await httpRequest(`127.0.0.1:${other.port}/`, login);
  await led.body?.cancel();
  assert.deepEqual([led.status, seen.length, seen.at(-1)], [401, 3, null]);
});

Deno.test({
  name: "I3: certificates of one's own are trusted, and shown" + orSkipped,
  ignore: !hasOpenssl,
  ...strict,
  async fn() {
    const { ca, server, client } = certificates();
    await using hub = gateway();
    hub.handle("/", () => new Response("x".repeat(300_000)));
    const over = tls({ port: 0, ...server, ca, clientCertificates: "required" });
    const { port } = await hub.listen(over, http()).ready;
    const url = `https://localhost:${port}/`;
    const answer = await httpRequest(url, { tls: { ca, ...client } });
    assert.equal((await answer.text()).length, 300_000);
    await assert.rejects(httpRequest(url), TypeError);
    await assert.rejects(httpRequest(url, { tls: { ca } }));
  },
});
