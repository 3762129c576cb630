import assert from "node:assert/strict";
import { gateway, http, tcp } from "../../mod.ts";
import { Child, run } from "../interop/child.ts";
import { eventually } from "../interop/patience.ts";
import { program, testWith } from "../interop/programs.ts";
import { Raw } from "./raw.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

testWith(["curl"], "hub.handle streams both ways at once through curl", async () => {
  await using hub = gateway();
  hub.handle("/echo", (request) => new Response(request.body));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}/echo`;
  // "-T ." sends what comes from standard input while it prints what comes back.
  await using curl = new Child(program("curl"), ["-sSN", "-X", "POST", "-T", ".", url]);
  const lines = ["first", "second", "third"];
  for (const [index, line] of lines.entries()) {
    await curl.write(`${line}\n`);
    assert.deepEqual(await curl.linesFrom(index, 1), [line]);
  }
  await curl.closeInput();
  const { code, stdout } = await curl.ended();
  assert.deepEqual([code, text(stdout)], [0, "first\nsecond\nthird\n"]);
});

testWith(["curl"], "hub.handle carries megabytes both ways, every byte in its place", async () => {
  await using hub = gateway();
  hub.handle("/echo", (request) => new Response(request.body));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const sent = new Uint8Array(5_000_000);
  for (let at = 0; at < sent.length; at++) sent[at] = (at * 31 + (at >> 9)) & 0xff;
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeFile(file, sent);
    const url = `http://127.0.0.1:${port}/echo`;
    for (const how of [[], ["-H", "Transfer-Encoding: chunked"]]) {
      const back = `${file}.back`;
      const args = ["-sS", "--fail", "-X", "POST", "-T", file, "-o", back, ...how, url];
      await run(program("curl"), ...args);
      const got = await Deno.readFile(back);
      await Deno.remove(back);
      assert.equal(got.length, sent.length);
      assert.ok(got.every((byte, at) => byte === sent[at]));
    }
  } finally {
    await Deno.remove(file);
  }
});

testWith(["curl"], "hub.handle sees the request, and its answer arrives as it is", async () => {
  await using hub = gateway();
  hub.handle("/form/*", async (request, { remoteAddr }) => {
    assert.equal(remoteAddr.transport, "tcp");
    const { method, url } = request;
    const body = await request.text();
    const headers = { "content-type": "text/x-test", "x-custom": "a, b" };
    const said = [method, new URL(url).pathname, new URL(url).search, body].join(" ");
    return new Response(said, { status: 202, headers });
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}/form/a%20b?x=1&y=%26`;
  const { stdout } = await run(program("curl"), "-sS", "-i", "-d", "key=value", url);
  assert.match(text(stdout), /^HTTP\/1\.1 202 Accepted\r\n/);
  assert.match(text(stdout), /^content-type: text\/x-test\r$/m);
  assert.match(text(stdout), /^x-custom: a, b\r$/m);
  assert.match(text(stdout), /^POST \/form\/a%20b \?x=1&y=%26 key=value$/m);
  const head = await run(program("curl"), "-sS", "-I", url);
  assert.match(text(head.stdout), /^HTTP\/1\.1 202 [^]*\r\n\r\n$/);
});

testWith(["curl"], "A path is handled until it is given up", async () => {
  await using hub = gateway();
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const status = async () => {
    const how = ["-sS", "-o", "/dev/null", "-w", "%{http_code}"];
    const url = `http://127.0.0.1:${port}/here`;
    return text((await run(program("curl"), ...how, url)).stdout);
  };
  assert.equal(await status(), "404");
  const first = hub.handle("/here", () => new Response("hello"));
  assert.throws(() => hub.handle("/here", () => new Response("again")), TypeError);
  const handlers = hub.tree().children!.find(({ name }) => name === "handlers")!;
  assert.equal(handlers.children!.length, 1);
  assert.equal(await status(), "200");
  first();
  assert.equal(await status(), "404");
  hub.handle("/here", () => new Response(null, { status: 204 }));
  assert.equal(await status(), "204");
});

testWith([], "A handler learns from the request's signal that its client has gone", async () => {
  await using hub = gateway();
  const asked = Promise.withResolvers<void>(), gone = Promise.withResolvers<void>();
  hub.handle("/slow", (request) => {
    asked.resolve();
    return new Promise((_, reject) => {
      request.signal.addEventListener("abort", () => {
        gone.resolve();
        reject(request.signal.reason);
      });
    });
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http(), { name: "web" }).ready;
  const raw = await Raw.dial(port);
  await raw.send("GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await asked.promise;
  raw.close();
  await gone.promise;
  const web = () => hub.tree().children!.find(({ name }) => name === "web")!;
  const count = () => web().children!.find(({ name }) => name === "connections")!.children!.length;
  await eventually("the connection to be gone", () => count() === 0);
  const handlers = hub.tree().children!.find(({ name }) => name === "handlers")!;
  assert.equal(handlers.children![0]!.restarts, 0);
});

testWith([], "A handler can answer a client that has said all it had to say", async () => {
  await using hub = gateway();
  const answer = Promise.withResolvers<Response>();
  const told = Promise.withResolvers<void>();
  hub.handle("/late", (request) => {
    request.signal.addEventListener("abort", () => told.resolve());
    return answer.promise;
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const raw = new Raw(socket);
  await raw.send("GET /late HTTP/1.1\r\nHost: localhost\r\n\r\n");
  await socket.closeWrite();
  await told.promise;
  answer.resolve(new Response("better late"));
  assert.match(await raw.rest(), /^HTTP\/1\.1 200 OK[^]*better late$/);
  raw.close();
});
