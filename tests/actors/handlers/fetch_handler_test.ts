import assert from "node:assert/strict";
import { request } from "../../protocols/http/client.ts";
import { place, until } from "../../protocols/http/place.ts";

const sanitized = { sanitizeOps: true, sanitizeResources: true };

function test(name: string, run: () => Promise<void>): void {
  Deno.test({ name, fn: run, ...sanitized });
}

test("A handler gets a standard Request and its Response is the answer", async () => {
  await using here = await place((request, { remoteAddr }) => {
    assert(remoteAddr.transport === "tcp");
    const { url, method, headers } = request;
    const seen = [method, url, headers.get("x-a"), remoteAddr.hostname, remoteAddr.port];
    const answer = new Response(JSON.stringify(seen), { status: 201, headers: { "X-B": "é" } });
    answer.headers.append("set-cookie", "a=1");
    answer.headers.append("set-cookie", "b=2");
    return answer;
  });
  await here.send(request("GET /x/a%20b?c=d", { "X-A": "1" }));
  const text = new TextDecoder("latin1").decode(await here.read((read) => read.at(-1) === 93));
  assert.match(text, /^HTTP\/1\.1 201 Created\r\n/);
  assert.match(text, /\r\nx-b: é\r\n/);
  assert.match(text, /\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n/);
  assert.match(text, /\r\ncontent-length: 57\r\n/);
  const body = '["GET","http://meerkat/x/a%20b?c=d","1","192.0.2.7",5000]';
  assert.equal(text.slice(text.indexOf("\r\n\r\n") + 4), body);
});

test("A handler reads the body of a request and answers later", async () => {
  await using here = await place(async (request) => {
    const text = await request.text();
    await Promise.resolve();
    return new Response(text.toUpperCase());
  });
  assert.equal((await here.ask(request("POST /x/", {}, "hello"))).body, "HELLO");
  const chunked = request("PUT /x/", { "Transfer-Encoding": "chunked" });
  await here.send(`${chunked}5\r\nhello\r\n`);
  assert.equal((await here.ask("1\r\n!\r\n0\r\n\r\n")).body, "HELLO!");
  const { body } = await here.ask(request("POST /x/", {}, "x".repeat(300_000)));
  assert.equal(body.length, 300_000);
});

test("A handler that does not read the body leaves the connection usable", async () => {
  await using here = await place(() => new Response("no thanks"));
  assert.equal((await here.ask(request("POST /x/", {}, "x".repeat(100_000)))).status, 200);
  assert.equal((await here.ask(request("GET /x/"))).status, 200);
});

test("A body is sent as it comes, both ways, and a slow client holds it back", async () => {
  let made = 0;
  await using here = await place(() =>
    new Response(
      new ReadableStream({
        pull(controller) {
          made += 10_000;
          if (made > 50_000_000) controller.close();
          else controller.enqueue(new Uint8Array(10_000));
        },
      }),
    )
  );
  await here.send(request("GET /x/"));
  // Nobody reads: what is made is what the pipe, the outbox and one piece hold.
  let before = -1;
  await until(() => before === (before = made) && made > 0);
  assert(made < 2_000_000, `${made} bytes made for a client that does not read`);
  const ended = (read: Uint8Array) => new TextDecoder().decode(read.slice(-5)) === "0\r\n\r\n";
  let total = 0;
  const into = new Uint8Array(1 << 16);
  for (;;) {
    const count = (await here.client.read(into))!;
    total += count;
    if (ended(into.subarray(0, count))) break;
  }
  assert(total > 50_000_000 - 10_000);
});

test("The head does not wait for a body that comes later", async () => {
  let feed!: ReadableStreamDefaultController<Uint8Array>;
  const start = (controller: typeof feed) => void (feed = controller);
  await using here = await place(() => new Response(new ReadableStream({ start })));
  await here.send(request("GET /x/"));
  const end = (text: string) => (read: Uint8Array) => new TextDecoder().decode(read).endsWith(text);
  const head = new TextDecoder().decode(await here.read(end("\r\n\r\n")));
  assert.match(head, /^HTTP\/1\.1 200 OK\r\n[^]*transfer-encoding: chunked\r\n/);
  feed.enqueue(new TextEncoder().encode("at last"));
  feed.close();
  const body = new TextDecoder().decode(await here.read(end("0\r\n\r\n")));
  assert.equal(body, "7\r\nat last\r\n0\r\n\r\n");
});

test("A large body from memory is cut, so that it waits where it was made", async () => {
  await using here = await place(() => new Response("x".repeat(20_000_000)));
  await here.send(request("GET /x/"));
  let total = 0;
  const into = new Uint8Array(1 << 16);
  while (total < 20_000_000) total += (await here.client.read(into))!;
});

test("A handler that echoes streams in both directions", async () => {
  await using here = await place((request) => new Response(request.body));
  await here.send(request("POST /x/", { "Transfer-Encoding": "chunked" }) + "3\r\nabc\r\n");
  const has = (text: string) => (read: Uint8Array) => new TextDecoder().decode(read).includes(text);
  await here.read(has("3\r\nabc\r\n"));
  await here.send("3\r\ndef\r\n0\r\n\r\n");
  await here.read(has("3\r\ndef\r\n0\r\n\r\n"));
});

test("A body of known length is sent with it", async () => {
  await using here = await place(({ method, url }) => {
    if (method === "HEAD") return new Response(null, { headers: { "content-length": "7" } });
    if (url.endsWith("null")) return new Response(null, { status: 204 });
    const stream = new Blob(["streamed"]).stream();
    return new Response(stream, { headers: { "content-length": "8", connection: "x" } });
  });
  assert.equal((await here.ask(request("HEAD /x/"))).fields["content-length"], "7");
  assert.equal((await here.ask(request("GET /x/null"))).status, 204);
  const { body, fields } = await here.ask(request("GET /x/"));
  assert.deepEqual([body, fields["content-length"], fields.connection], [
    "streamed",
    "8",
    undefined,
  ]);
});

test("A handler that throws is 500 for its client, a crash, and there again", async () => {
  let calls = 0;
  await using here = await place(() => {
    if (++calls % 2 === 1) throw new Error("clumsy");
    return new Response("well");
  });
  const failed = await here.ask(request("GET /x/"));
  assert.deepEqual([failed.status, failed.body], [500, "The handler of this path failed\n"]);
  await until(() => here.log.length > 0);
  assert.match(here.log[0]!, /error crash .*clumsy/);
  assert.equal((await here.ask(request("GET /x/"))).body, "well");
});

test("A handler that rejects, or returns what is no Response, is 500 and a crash", async () => {
  const answers: (() => unknown)[] = [
    () => Promise.reject(new Error("clumsy")),
    () => undefined,
    () => Response.error(),
    () => new Response("x", { headers: { "x-a": "\x01" } }),
    () => new Response(new ReadableStream({ start: (each) => each.error(new Error("clumsy")) })),
    // Nobody has asked for another protocol.
    () => new Response(null, { status: 101 }),
    () => new Response(new ReadableStream({ start: (each) => each.enqueue("text" as never) })),
  ];
  for (const answer of answers) {
    await using here = await place(answer as () => Response);
    assert.equal((await here.ask(request("GET /x/"))).status, 500, `${answer}`);
    await until(() => here.log.length > 0);
    assert.match(here.log[0]!, /error crash /);
  }
});

test("A body that fails on its way ends the connection, and is a crash", async () => {
  await using here = await place(() => {
    let pulls = 0;
    const pull = async (controller: ReadableStreamDefaultController) => {
      await new Promise((resolve) => setTimeout(resolve, 0));
      if (++pulls === 3) throw new Error("clumsy");
      controller.enqueue(new Uint8Array(10));
    };
    return new Response(new ReadableStream({ pull }));
  });
  await here.send(request("GET /x/"));
  const text = new TextDecoder().decode(await here.read(() => false));
  assert.match(text, /^HTTP\/1\.1 200 /);
  assert(!text.endsWith("0\r\n\r\n"));
  await until(() => here.log.length > 0);
});

test("A body longer than it says ends the connection, and so does a shorter one", async () => {
  for (const length of ["4", "6"]) {
    await using here = await place(() =>
      new Response("12345", { headers: { "content-length": length } })
    );
    await here.send(request("GET /x/"));
    const text = new TextDecoder().decode(await here.read(() => false));
    assert(!text.includes("12345") || length === "6", length);
  }
});

test("A handler learns when its client goes away, and is not to blame for it", async () => {
  const seen: string[] = [];
  await using here = await place(async (request) => {
    const { signal } = request;
    signal.addEventListener("abort", () => seen.push("aborted"));
    await request.text().catch(() => seen.push("no body"));
    throw new Error("because of the client");
  });
  await here.send(request("POST /x/", { "Content-Length": "10" }) + "12345");
  await until(() => here.gateway.counters.get("http.requests") === 1);
  here.client.close();
  await until(() => seen.length === 2);
  assert.deepEqual(seen.sort(), ["aborted", "no body"]);
  assert.deepEqual(here.log, []);
});

test("A response is cancelled when its client goes away", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using here = await place(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  await here.send(request("GET /x/"));
  await here.read((read) => read.length > 100_000);
  here.client.close();
  await cancelled.promise;
  assert.deepEqual(here.log, []);
});

test("A response that is silent is cancelled when its client goes away", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using here = await place((request) => {
    // A body that is still to come shows at once that the client has gone.
    request.text().catch(() => {});
    return new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(10)),
        cancel: () => cancelled.resolve(),
      }),
    );
  });
  await here.send(request("POST /x/", { "Content-Length": "10" }) + "12345");
  await here.read((read) => new TextDecoder().decode(read).includes("\r\n\r\na\r\n"));
  here.client.close();
  await cancelled.promise;
  assert.deepEqual(here.log, []);
});

test("A response that comes when its client has gone is cancelled", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using here = await place(async (request) => {
    // It fails once the client is known to send no more of it.
    await request.text().catch(() => {});
    return new Response(new ReadableStream({ cancel: () => cancelled.resolve() }));
  });
  await here.send(request("POST /x/", { "Content-Length": "10" }) + "12345");
  await until(() => here.gateway.counters.get("http.requests") === 1);
  here.client.close();
  await cancelled.promise;
});

test("HEAD does not wait for a body that will not be cancelled", async () => {
  const body = () => new ReadableStream({ cancel: () => new Promise(() => {}) });
  await using here = await place(() =>
    new Response(body(), { headers: { "content-length": "5" } })
  );
  assert.equal((await here.ask(request("HEAD /x/"))).fields["content-length"], "5");
});

test("What cannot be a Request is refused before it gets to the handler", async () => {
  await using here = await place(() => new Response("called"));
  for (const method of ["TRACE", "track", "get", "Post"]) {
    assert.equal((await here.ask(request(`${method} /x/`))).status, 501, method);
  }
  const strange = request("GET /x/").replace("meerkat", "1.2.3.4.5");
  assert.equal((await here.ask(strange)).status, 400);
});
