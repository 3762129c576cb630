import assert from "node:assert/strict";
import {
  authenticators,
  gateway,
  guardPaths,
  http,
  Log,
  policy,
  protect,
  tcp,
  udp,
} from "../../../mod.ts";
import { Code, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../protocols/coap/messages/options.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { program, testWith } from "../../interop/programs.ts";
import { valueOf } from "../../protocols/coap/fake_datagrams.ts";
import { bytes, hex } from "../../protocols/fakes.ts";
import { Probe } from "./coap_probe.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** "secret", as mosquitto_passwd hashed it. */
const ann =
  "ann:$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZSAzCxW" +
  "/RlKl3DLncb1pIhBl3EdL0J9wrMNQ==\n";

testWith([], "One handler answers HTTP and CoAP alike", async () => {
  await using hub = gateway();
  const notes = new Map<string, string>();
  hub.handle(new URLPattern({ pathname: "/notes/:name" }), {
    GET: (_request, { params }) => {
      const note = notes.get(params.name!);
      if (note === undefined) return new Response("No such note\n", { status: 404 });
      return new Response(note, { headers: { etag: `"${note}"`, "cache-control": "max-age=7" } });
    },
    PUT: async (request, { params }) => {
      const isNew = !notes.has(params.name!);
      notes.set(params.name!, `${await request.text()} as ${request.headers.get("content-type")}`);
      const headers = { location: request.url };
      return new Response(null, { status: isNew ? 201 : 204, headers });
    },
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}/notes/a%20b`;
  using probe = await Probe.open(hub);
  const path = "/notes/a b";
  assert.equal(await probe.brief(Code.get, path), "4.04");
  const json = [new Option(Options.contentFormat, uint(50))];
  const put = await probe.ask(Code.put, path, { payload: "{}", options: json });
  assert.equal(put.code, Code.created);
  assert.equal(text(valueOf(put, Options.locationPath)!), "notes");
  assert.equal(await (await fetch(url)).text(), "{} as application/json");
  assert.equal((await fetch(url, { method: "PUT", body: "1" })).status, 204);
  const got = await probe.ask(Code.get, path);
  assert.equal(text(got.payload), "1 as text/plain;charset=UTF-8");
  assert.deepEqual(valueOf(got, Options.maxAge), uint(7));
  assert.deepEqual(valueOf(got, Options.contentFormat), uint(0));
  const options = [new Option(Options.etag, valueOf(got, Options.etag)!)];
  assert.equal(await probe.brief(Code.get, path, options), "2.03");
  assert.equal(await probe.brief(Code.delete, path), "4.05");
});

testWith([], "A handler sees where a CoAP client is, and by which URL it asks", async () => {
  await using hub = gateway();
  hub.handle("/me", (request, { remoteAddr, identity }) => {
    assert(remoteAddr.transport === "udp");
    const { protocol, host } = new URL(request.url);
    return new Response([protocol, host, remoteAddr.hostname, identity.address].join(" "));
  });
  using probe = await Probe.open(hub);
  const host = [new Option(Options.uriHost, bytes("gate.example"))];
  assert.equal(await probe.brief(Code.get, "/me", host), "2.05 coap: gate.example memory memory:2");
  assert.equal(await probe.brief(Code.get, "/me"), "2.05 coap: localhost memory memory:2");
});

testWith(
  [],
  "A handler that throws is 5.00 for a CoAP client, and there for the next",
  async () => {
    const lines: string[] = [];
    await using hub = gateway({ log: new Log({ sink: (line) => lines.push(line) }) });
    let calls = 0;
    hub.handle("/clumsy", () => {
      if (++calls === 1) throw new Error("oops");
      return new Response(new ReadableStream({ start: (body) => body.error(new Error("torn")) }));
    });
    using probe = await Probe.open(hub);
    assert.equal(await probe.brief(Code.get, "/clumsy"), "5.00");
    assert.equal(await probe.brief(Code.get, "/clumsy"), "5.00");
    assert.match(
      lines.join("\n"),
      /error crash actor="handlers\/\/clumsy 1" error=oops[^]*error=torn/,
    );
  },
);

testWith(
  [],
  "A slow handler answers separately, and learns when nobody waits any more",
  async () => {
    await using hub = gateway();
    const go = Promise.withResolvers<Response>(), gone = Promise.withResolvers<void>();
    hub.handle("/slow", () => go.promise);
    hub.handle("/never", ({ signal }) => {
      signal.addEventListener("abort", () => gone.resolve());
      return new Promise(() => {});
    });
    using probe = await Probe.open(hub, { piggybackMs: 1, maxAnswerMs: 20 });
    assert.equal(await probe.brief(Code.get, "/never"), "CON 5.04");
    await gone.promise;
    const asked = probe.brief(Code.get, "/slow");
    while (probe.heard.at(-1)?.code !== Code.empty) {
      await new Promise((done) => setTimeout(done, 0));
    }
    go.resolve(new Response("at last"));
    assert.equal(await asked, "CON 2.05 at last");
  },
);

testWith([], "A body without end is not collected for ever", async () => {
  await using hub = gateway();
  const ended = Promise.withResolvers<number>();
  let made = 0;
  hub.handle("/endless", () =>
    new Response(
      new ReadableStream({
        pull: (body) => {
          made += 100_000;
          body.enqueue(new Uint8Array(100_000));
        },
        cancel: () => ended.resolve(made),
      }),
    ));
  using probe = await Probe.open(hub);
  assert.equal(await probe.brief(Code.get, "/endless"), "5.00");
  assert.ok(await ended.promise < 2_000_000);
});

testWith([], "Rules about paths decide for CoAP as they do for HTTP", async () => {
  await using hub = gateway({ log: new Log({ sink: () => {} }) });
  hub.use(authenticators([{
    authenticate: ({ username }) => username === undefined ? undefined : { user: username },
  }], { allowAnonymous: true }));
  hub.use(
    policy({
      rules: [{ allow: "read", paths: ["/open/**"] }, {
        allow: ["read", "write"],
        paths: ["/of/%u/*"],
      }],
    }),
  );
  for (const path of ["/open/*", "/open/list", "/of/*", "/listed"]) {
    hub.handle(path, (request) => new Response(`in ${new URL(request.url).pathname}`));
  }
  using probe = await Probe.open(hub);
  assert.equal(await probe.brief(Code.get, "/open/a"), "2.05 in /open/a");
  for (const code of [Code.put, Code.post, Code.delete, Code.fetch, Code.patch, Code.ipatch]) {
    assert.equal(await probe.brief(code, "/open/a"), "4.03", `${code}`);
  }
  assert.equal(await probe.brief(Code.put, "/of/ann/a?u=ann"), "2.04 in /of/ann/a");
  assert.equal(await probe.brief(Code.get, "/of/ann/a?u=bob"), "4.03");
  assert.equal(await probe.brief(Code.get, "/of/bob/../ann/a?u=bob"), "4.00");
  assert.equal(await probe.brief(Code.get, "/of/bob/./a?u=bob"), "4.00");
  const segments = (...names: string[]) =>
    names.map((each) => new Option(Options.uriPath, bytes(each)));
  const bob = new Option(Options.uriQuery, bytes("u=bob"));
  for (
    const names of [["of", "bob/../ann", "a"], ["of", "ann/a"], ["of", "", "ann", "a"], [
      "of",
      "%61nn",
      "a",
    ]]
  ) {
    assert.equal(await probe.brief(Code.get, "", [...segments(...names), bob]), "4.03", `${names}`);
  }
  // What may not be read is not shown either.
  assert.doesNotMatch(await probe.brief(Code.get, "/.well-known/core"), /listed/);
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const core = await fetch(`http://127.0.0.1:${port}/.well-known/core`);
  assert.equal(await core.text(), '</topics>;rt="core.ps";ct=40,</open/list>');
});

testWith([], "A rule that fails lets no CoAP client in", async () => {
  await using hub = gateway({ log: new Log({ sink: () => {} }) });
  hub.use({
    mayUse: () => {
      throw new Error("broken");
    },
  });
  hub.handle("/a", () => new Response("in"));
  using probe = await Probe.open(hub);
  assert.equal(await probe.brief(Code.get, "/a"), "4.03");
});

testWith([], "protect and guardPaths guard their handlers from CoAP clients too", async () => {
  await using folder = await Folder.make({ users: ann });
  await using hub = gateway();
  const door = protect({ file: `${folder.path}/users` });
  const rules = guardPaths(policy({ rules: [{ allow: "read", paths: ["/rules/open"] }] }));
  hub.handle("/app", async (request, info) => await door(request, info) ?? new Response("in"));
  hub.handle("/rules/*", async (request, info) => await rules(request, info) ?? new Response("in"));
  using probe = await Probe.open(hub);
  assert.equal(await probe.brief(Code.get, "/app"), "4.01");
  // Only from this machine, or encrypted, may a password come: memory is neither.
  assert.equal(await probe.brief(Code.get, "/app?u=ann&p=secret"), "4.01");
  assert.equal(await probe.brief(Code.get, "/rules/open"), "2.05 in");
  assert.equal(await probe.brief(Code.put, "/rules/open"), "4.03");
  assert.equal(await probe.brief(Code.get, "/rules/closed"), "4.03");
  using near = await Probe.open(hub, {}, udp({ port: 0 }));
  assert.equal(await near.brief(Code.get, "/app?u=ann&p=guess"), "4.01");
  assert.equal(await near.brief(Code.get, "/app?u=ann&p=secret"), "2.05 in");
});

testWith([], "If-Match and If-None-Match reach a handler, long entity-tags too", async () => {
  await using hub = gateway();
  const tag = '"a very long entity-tag"';
  hub.handle("/value", (request) => {
    const match = request.headers.get("if-match"), none = request.headers.get("if-none-match");
    if (match !== null && match !== tag && match !== "*") {
      return new Response(null, { status: 412 });
    }
    if (none === "*") return new Response(null, { status: 412 });
    return new Response("1", { headers: { etag: tag } });
  });
  using probe = await Probe.open(hub);
  const etag = valueOf(await probe.ask(Code.get, "/value"), Options.etag)!;
  const ifMatch = (value: Uint8Array) => [new Option(Options.ifMatch, value)];
  assert.equal(await probe.brief(Code.put, "/value", ifMatch(etag)), "2.04 1");
  assert.equal(await probe.brief(Code.put, "/value", ifMatch(hex(""))), "2.04 1");
  assert.equal(await probe.brief(Code.put, "/value", ifMatch(hex("01"))), "4.12");
  const none = [new Option(Options.ifNoneMatch, hex(""))];
  assert.equal(await probe.brief(Code.put, "/value", none), "4.12");
});

testWith(["coap-client"], "coap-client talks to a handler in blocks, both ways", async () => {
  await using folder = await Folder.make({});
  await using hub = gateway();
  hub.handle("/upper", async (request) => new Response((await request.text()).toUpperCase()));
  const { coap } = await listenToAll(hub);
  const body = "some words, ".repeat(5_000), file = `${folder.path}/body`;
  await Deno.writeTextFile(file, body);
  for (const block of ["16", "64", "1024"]) {
    const args = ["-B", "30", "-b", block, "-m", "post", "-f", file, "-o", "-"];
    const url = `coap://127.0.0.1:${coap}/upper`;
    const { stdout } = await run(program("coap-client"), ...args, url);
    assert.equal(text(stdout).trimEnd(), body.toUpperCase().trimEnd(), `blocks of ${block}`);
  }
});
