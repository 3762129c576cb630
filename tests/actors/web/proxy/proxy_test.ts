import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { silent } from "../../../../actors/log.ts";
import { gateway, http, Log, proxy, type ProxyOptions, tcp } from "../../../../mod.ts";
import { Raw } from "../../../gateway/raw.ts";
import { eventually, within } from "../../../interop/patience.ts";
import { settled } from "../../../transports/streams.ts";

/** A server to pass requests on to. */
class Behind implements AsyncDisposable {
  requests = 0;
  readonly server: Server;

  constructor(answer: (request: IncomingMessage, response: ServerResponse) => void) {
    this.server = createServer((request, response) => {
      this.requests++;
      answer(request, response);
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as { port: number }).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A gateway that passes everything below /api on. */
async function front(options: Omit<ProxyOptions, "path">, log?: Log) {
  const hub = gateway({ ...log && { log } });
  const part = proxy({ path: "/api", ...options });
  hub.handle("/api/*", async (request, info) => (await part(request, info))!);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  return { hub, url: `http://127.0.0.1:${port}/api` };
}

/** Kept connections end some turns after their servers; they are no leak. */
function test(name: string, fn: () => Promise<void>): void {
  Deno.test({
    name: `proxy() ${name}`,
    async fn() {
      await fn();
      await settled();
    },
    sanitizeOps: false,
    sanitizeResources: false,
  });
}

test("passes method, path, query, fields and body on, and the answer back", async () => {
  await using behind = new Behind(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    response.writeHead(201, {
      "x-own": "1",
      "set-cookie": ["a=1", "b=2"],
      connection: "x-hop",
      "x-hop": "1",
    });
    response.end(
      JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body }),
    );
  });
  const to = await behind.listen();
  const { hub, url } = await front({ to: [`${to}/foo`] });
  await using _ = hub;
  const headers = { "x-mine": "2", "x-forwarded-for": "6.6.6.6", "accept-encoding": "identity" };
  const answer = await fetch(`${url}/a%20b?c=d`, { method: "POST", body: "hello", headers });
  const seen = await answer.json();
  assert.equal(answer.status, 201);
  assert.deepEqual([seen.method, seen.url, seen.body], ["POST", "/foo/a%20b?c=d", "hello"]);
  assert.equal(seen.headers["x-mine"], "2");
  assert.equal(seen.headers["x-forwarded-for"], "127.0.0.1");
  assert.match(seen.headers.forwarded, /^for=127\.0\.0\.1;host="127\.0\.0\.1:\d+";proto=http$/);
  assert.equal(seen.headers.host, to.slice("http://".length));
  assert.deepEqual(answer.headers.getSetCookie(), ["a=1", "b=2"]);
  assert.deepEqual([answer.headers.get("x-own"), answer.headers.get("x-hop")], ["1", null]);
});

test("keeps compressed bodies and redirects as they are", async () => {
  const packed = Uint8Array.fromHex(
    "1f8b0800000000000003cb48cdc9c907008666103605000000".replace("86661036", "86a61036"),
  );
  await using behind = new Behind((request, response) => {
    if (request.url === "/moved") response.writeHead(302, { location: "/elsewhere" }).end();
    else response.writeHead(200, { "content-encoding": "gzip" }).end(packed);
  });
  const { hub, url } = await front({ to: [await behind.listen()] });
  await using _ = hub;
  const moved = await fetch(`${url}/moved`, { redirect: "manual" });
  assert.deepEqual([moved.status, moved.headers.get("location")], [302, "/elsewhere"]);
  assert.equal(await (await fetch(`${url}/packed`)).text(), "hello");
});

test("streams both ways at once", async () => {
  await using behind = new Behind((request, response) => {
    response.writeHead(200);
    request.on("data", (bytes) => response.write(bytes));
    request.on("end", () => response.end());
  });
  const { hub, url } = await front({ to: [await behind.listen()] });
  await using _ = hub;
  let feed!: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) });
  feed.enqueue(new TextEncoder().encode("one"));
  const answer = await fetch(url + "/", { method: "POST", body });
  const reader = answer.body!.getReader();
  const next = async () => new TextDecoder().decode((await within("a piece", reader.read())).value);
  assert.equal(await next(), "one");
  feed.enqueue(new TextEncoder().encode("two"));
  assert.equal(await next(), "two");
  feed.close();
  assert.equal((await reader.read()).done, true);
});

test("asks another server when one cannot be reached, and that one no more for a while", async () => {
  await using behind = new Behind((_request, response) => response.end("here"));
  const to = await behind.listen();
  const { hub, url } = await front({ to: ["http://127.0.0.1:1", to] });
  await using _ = hub;
  for (let i = 0; i < 5; i++) assert.equal(await (await fetch(url + "/")).text(), "here");
  assert.equal(behind.requests, 5);
});

test("repeats nothing that has a body, or may not be repeated", async () => {
  await using behind = new Behind((_request, response) => response.end("here"));
  const to = await behind.listen();
  for (const init of [{ method: "POST" }, { method: "PUT", body: "x" }]) {
    const { hub, url } = await front({ to: ["http://127.0.0.1:1", to] });
    await using _ = hub;
    const answer = await fetch(url + "/", init);
    assert.equal(answer.status, 502);
    assert.match(await answer.text(), /^Cannot pass this on to 127\.0\.0\.1:1: /);
  }
  assert.equal(behind.requests, 0);
});

test("gives the next request to the server with the fewest under way", async () => {
  const asked = Promise.withResolvers<void>(), held = Promise.withResolvers<void>();
  const counts = [0, 0];
  const make = (index: number) =>
    new Behind(async (_request, response) => {
      counts[index]!++;
      asked.resolve();
      if (index === 0) await held.promise;
      response.end("done");
    });
  await using slow = make(0), quick = make(1);
  const { hub, url } = await front({ to: [await slow.listen(), await quick.listen()] });
  await using _ = hub;
  const first = fetch(url + "/");
  await asked.promise;
  for (let i = 0; i < 4; i++) await (await fetch(url + "/")).text();
  assert.deepEqual(counts, [1, 4]);
  held.resolve();
  await (await first).text();
});

test("answers 504 when the server does not answer in time", async () => {
  await using behind = new Behind(() => {});
  const { hub, url } = await front({ to: [await behind.listen()], answerTimeoutMs: 50 });
  await using _ = hub;
  const answer = await fetch(url + "/");
  assert.equal(answer.status, 504);
  assert.match(await answer.text(), /it does not answer in time/);
});

test("hangs up on the server when the client has gone, and on the client when the server has", async () => {
  let gone!: () => void;
  const left = new Promise<void>((resolve) => gone = resolve);
  await using behind = new Behind((request, response) => {
    response.on("close", () => gone());
    response.writeHead(200, { "content-length": "1000" });
    response.write("x");
    if (request.url === "/break") setTimeout(() => response.destroy(), 5);
  });
  const { hub, url } = await front({ to: [await behind.listen()] }, silent);
  await using _ = hub;
  const aborter = new AbortController();
  const answer = await fetch(url + "/", { signal: aborter.signal });
  assert.equal(answer.status, 200);
  aborter.abort();
  await within("the server to see it", left);
  const broken = await fetch(url + "/break");
  await assert.rejects(broken.text());
});

test("blames a server that breaks its answer off, and not the handler", async () => {
  await using behind = new Behind((request, response) => {
    if (request.url === "/chunked") {
      response.write("x");
      return void setTimeout(() => response.destroy(), 5);
    }
    response.writeHead(200, { "content-length": "1000" });
    if (request.url === "/head") response.flushHeaders();
    else response.write("x");
    setTimeout(() => response.destroy(), 5);
  });
  const server = await behind.listen(), lines: string[] = [];
  const log = new Log({ sink: (line) => lines.push(line) });
  const { hub, url } = await front({ to: [server] }, log);
  await using _ = hub;
  for (const path of ["/chunked", "/body", "/head"]) {
    lines.length = 0;
    const answer = await fetch(url + path).then((each) => each.text()).catch(() => "broken");
    assert.equal(answer, "broken", path);
    await eventually("a line in the log", () => lines.length > 0);
    const fault = 'fault="it hung up within its answer"';
    const said = `warn server broke its answer off server=${server}/ ${fault}`;
    assert.deepEqual(lines.map((line) => line.replace(/^\S+ /, "")), [said], path);
  }
});

test("says where each body ends, so that none passes for another request", async () => {
  const seen: string[] = [];
  await using behind = new Behind(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    seen.push(`${request.method} ${request.url} ${body.length}`);
    response.end("done");
  });
  const { hub, url } = await front({ to: [await behind.listen()] });
  await using _ = hub;
  const inner = "GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
  const ways = [
    `Transfer-Encoding: chunked\r\n\r\n${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`,
    `Content-Length: ${inner.length}\r\nConnection: content-length\r\n\r\n${inner}`,
    `Content-Length: ${inner.length}\r\n\r\n${inner}`,
  ];
  for (const method of ["GET", "DELETE", "OPTIONS", "POST", "LOCK"]) {
    for (const way of ways) {
      const client = await Raw.dial(Number(new URL(url).port));
      await client.send(`${method} /api/a HTTP/1.1\r\nHost: a\r\n${way}`);
      await client.until("done");
      client.close();
    }
    // The body of GET says nothing (RFC 9110 §9.3.1), and is not passed on.
    const length = method === "GET" ? 0 : inner.length;
    assert.deepEqual(seen.splice(0), Array(3).fill(`${method} /a ${length}`));
  }
});

Deno.test("proxy() refuses servers that it could not ask", () => {
  assert.throws(() => proxy({ to: [] }), /name an upstream/);
  assert.throws(() => proxy({ to: ["localhost:80"] }), /give a URL such as/);
  assert.throws(() => proxy({ to: ["http://a/?b"] }), /give a URL such as/);
});
