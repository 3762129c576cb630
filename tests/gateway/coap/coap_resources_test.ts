import assert from "node:assert/strict";
import {
  type CoapHandler,
  type CoapRequest,
  type CoapResponse,
  coapStream,
  gateway,
  Log,
  tcp,
} from "../../../mod.ts";
import { Code, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../protocols/coap/messages/options.ts";
import { run } from "../../interop/child.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { brief, valueOf } from "../../protocols/coap/fake_datagrams.ts";
import { bytes, hex } from "../../protocols/fakes.ts";
import { Probe } from "./coap_probe.ts";

const accept = (format: number) => [new Option(Options.accept, uint(format))];

testWith([], "hub.coap gives its handler the request in CoAP's own terms", async () => {
  await using hub = gateway();
  let seen: unknown[] = [];
  hub.coap("/own/*", (asked, { remoteAddr, identity }) => {
    const { method, path, segments, queries, format, accept, ifNoneMatch, observes } = asked;
    const { etags, ifMatch } = asked;
    seen = [
      method,
      path,
      segments,
      queries,
      asked.query("a"),
      asked.query("raw"),
      asked.query("b"),
    ];
    seen.push(format, accept, ifNoneMatch, observes, etags, ifMatch, asked.text());
    seen.push(asked.option(65_000), asked.option(7), remoteAddr, identity.address);
    return {};
  });
  using probe = await Probe.open(hub);
  const path = ["own", "a b", "c/d"].map((each) => new Option(Options.uriPath, bytes(each)));
  const options = [
    new Option(Options.ifMatch, hex("")),
    new Option(Options.etag, bytes("v1")),
    new Option(Options.ifNoneMatch, hex("")),
    ...path,
    new Option(Options.contentFormat, uint(50)),
    new Option(Options.uriQuery, bytes("a=1&2")),
    new Option(Options.uriQuery, bytes("raw")),
    new Option(Options.accept, uint(60)),
    new Option(65_000, hex("01")),
    new Option(65_000, hex("02")),
  ];
  assert.equal(await probe.brief(Code.ipatch, "", options, "{}"), "2.04");
  assert.deepEqual(seen, [
    "iPATCH",
    "/own/a%20b/c%2Fd",
    ["own", "a b", "c/d"],
    ["a=1&2", "raw"],
    "1&2",
    "",
    undefined,
    50,
    60,
    true,
    false,
    [bytes("v1")],
    [hex("")],
    "{}",
    [hex("01"), hex("02")],
    [],
    { transport: "udp", hostname: "memory", port: 2 },
    "memory:2",
  ]);
});

testWith([], "hub.coap sends what its handler answers, option by option", async () => {
  await using hub = gateway();
  hub.coap("/new", {
    POST: () => ({
      code: "2.01",
      payload: hex("a0"),
      format: 60,
      etag: "v7",
      maxAge: 5,
      location: "new/7?unit=C&raw",
      options: [{ number: 65_000, value: 258 }, { number: 2048, value: "text" }],
    }),
  });
  using probe = await Probe.open(hub);
  const answer = await probe.ask(Code.post, "/new");
  assert.deepEqual([brief(answer).slice(0, 4), answer.payload], ["2.01", hex("a0")]);
  assert.deepEqual(answer.options.map(({ number, value }) => [number, value]), [
    [Options.etag, bytes("v7")],
    [Options.locationPath, bytes("new")],
    [Options.locationPath, bytes("7")],
    [Options.contentFormat, uint(60)],
    [Options.maxAge, uint(5)],
    [Options.locationQuery, bytes("unit=C")],
    [Options.locationQuery, bytes("raw")],
    [2048, bytes("text")],
    [65_000, hex("0102")],
  ]);
  const refused = await probe.ask(Code.get, "/new");
  assert.equal(refused.code, Code.methodNotAllowed);
  assert.match(new TextDecoder().decode(refused.payload), /Only POST/);
});

testWith(
  [],
  "hub.coap answers 2.03 for what the client has, and 4.06 for what there is not",
  async () => {
    await using hub = gateway();
    const value: CoapHandler = ({ accept }) =>
      accept === 50
        ? { payload: '"on"', format: 50, etag: "j1", maxAge: 9 }
        : { payload: "on", etag: "t1" };
    let calls = 0;
    hub.coap("/any", value);
    hub.coap("/known", (asked, info) => {
      calls++;
      return value(asked, info);
    }, { ct: [0, 50] });
    using probe = await Probe.open(hub);
    const etag = (text: string) => new Option(Options.etag, bytes(text));
    const known = await probe.ask(Code.get, "/any", { options: [etag("t1"), etag("x")] });
    assert.deepEqual([known.code, valueOf(known, 4), known.payload], [
      Code.valid,
      bytes("t1"),
      hex(""),
    ]);
    const json = await probe.ask(Code.get, "/any", { options: [etag("j1"), ...accept(50)] });
    assert.deepEqual(json.options.map(({ number }) => number), [Options.etag, Options.maxAge]);
    assert.equal(await probe.brief(Code.get, "/any", [etag("j1")]), "2.05 on");
    assert.equal(await probe.brief(Code.get, "/any", accept(60)), "4.06");
    assert.equal(await probe.brief(Code.get, "/known", accept(60)), "4.06");
    assert.equal(calls, 0);
    assert.equal(await probe.brief(Code.get, "/known", accept(50)), '2.05 "on"');
  },
);

testWith([], "hub.coap's handlers decide by If-Match and If-None-Match", async () => {
  await using hub = gateway();
  let value: string | undefined, version = 0;
  hub.coap("/value", {
    PUT(asked) {
      if (!asked.meets(value === undefined ? undefined : `v${version}`)) return { code: "4.12" };
      const code = value === undefined ? "2.01" : "2.04";
      value = asked.text();
      return { code, etag: `v${++version}` };
    },
  });
  using probe = await Probe.open(hub);
  const put = (...options: Option[]) => probe.brief(Code.put, "/value", options, "x");
  const none = new Option(Options.ifNoneMatch, hex(""));
  const match = (text: string) => new Option(Options.ifMatch, bytes(text));
  assert.equal(await put(match("")), "4.12");
  assert.equal(await put(none), "2.01");
  assert.equal(await put(none), "4.12");
  assert.equal(await put(match("v2")), "4.12");
  assert.equal(await put(match("v2"), match("v1")), "2.04");
  assert.equal(await put(match("")), "2.04");
});

testWith(
  [],
  "A critical option is for the handler that understands it, and 4.02 elsewhere",
  async () => {
    await using hub = gateway();
    hub.coap("/mine", (asked) => ({ payload: `${asked.option(65_001).length}` }), {
      critical: [65_001],
    });
    hub.coap("/other", () => ({ payload: "in" }));
    using probe = await Probe.open(hub);
    const own = [new Option(65_001, hex("01"))];
    assert.equal(await probe.brief(Code.get, "/mine", own), "2.05 1");
    assert.equal(await probe.brief(Code.get, "/mine", [new Option(65_003, hex("01"))]), "4.02");
    for (const path of ["/other", "/topics/a", "/none"]) {
      assert.equal(await probe.brief(Code.get, path, own), "4.02", path);
    }
  },
);

testWith(["coap-client"], "A critical option is understood over TCP, too", async () => {
  await using hub = gateway();
  const count = (asked: CoapRequest) => ({ payload: `${asked.option(65_001).length} options` });
  hub.coap("/mine", count, { critical: [65_001] });
  const { port } = await hub.listen(tcp({ port: 0 }), coapStream()).ready;
  const ask = async (number: number) => {
    const args = ["-B", "20", "-O", `${number},0x01`, `coap+tcp://127.0.0.1:${port}/mine`];
    const { stdout, stderr } = await run(program("coap-client"), ...args);
    return new TextDecoder().decode(stdout).trim() + stderr;
  };
  assert.equal(await ask(65_001), "1 options");
  assert.match(await ask(65_003), /^4\.02/);
});

testWith([], "hub.coap goes before hub.handle, and takes its path out again", async () => {
  await using hub = gateway();
  hub.handle("/a", () => new Response("of HTTP"));
  const resource = hub.coap("/a", () => ({ payload: "of CoAP" }));
  hub.coap("/a/*", () => ({ payload: "below" }), { rt: "all" });
  hub.coap("/b c", () => ({ payload: "space" }), { rt: "one", if: "i", ct: [0, 50], sz: 5 });
  hub.coap("/hidden", () => ({}), { listed: false });
  using probe = await Probe.open(hub);
  assert.equal(await probe.brief(Code.get, "/a"), "2.05 of CoAP");
  assert.equal(await probe.brief(Code.get, "/a/b/c"), "2.05 below");
  assert.equal(await probe.brief(Code.get, "/b c"), "2.05 space");
  const list = await probe.brief(Code.get, "/.well-known/core");
  assert.match(list, /<\/b%20c>;rt="one";if="i";sz=5;ct="0 50"/);
  assert.doesNotMatch(list, /hidden|all/);
  resource.remove();
  resource.remove();
  assert.equal(await probe.brief(Code.get, "/a"), "2.05 of HTTP");
  for (const path of ["a", "/b%20c", "/b c", "/topics/a", "/ps", "/.well-known/core", "/%ff"]) {
    assert.throws(() => hub.coap(path, () => ({})), TypeError, path);
  }
});

const wrong: [what: string, response: CoapResponse, says: RegExp][] = [
  ["a code that is none", { code: "2.5" as "2.05" }, /"2\.5": a code is such as "2\.05"/],
  ["a code of a request", { code: "0.01" as "2.05" }, /"0\.01"/],
  ["a code out of range", { code: "2.32" }, /"2\.32"/],
  ["an ETag that is too long", { etag: "123456789" }, /ETag of 9 bytes: 1 to 8/],
  ["an empty ETag", { etag: "" }, /ETag of 0 bytes/],
  ["an age that is no number of seconds", { maxAge: 1.5 }, /1\.5/],
  ["a format that is none", { format: 65_536 }, /65536/],
  ["a place on another host", { location: "coap://elsewhere/a" }, /location/],
  ["a place that is too long", { location: `/${"a".repeat(300)}` }, /location/],
  ["an option of the gateway's own", { options: [{ number: 6, value: 1 }] }, /option 6/],
  ["an option that is none", { options: [{ number: 65_536, value: 1 }] }, /65536/],
  ["options that are too long", { options: [{ number: 2048, value: "x".repeat(500) }] }, /400/],
  ["a document that is too long for an error", {
    code: "4.00",
    format: 50,
    payload: "x".repeat(401),
  }, /401 bytes/],
];
testWith([], "hub.coap answers 5.00 for what cannot be sent, and the log says why", async () => {
  const lines: string[] = [];
  await using hub = gateway({ log: new Log({ sink: (line) => lines.push(line) }) });
  using probe = await Probe.open(hub);
  for (const [what, response, says] of wrong) {
    for (const answer of [response, Promise.resolve(response)]) {
      lines.length = 0;
      const resource = hub.coap("/wrong", () => answer);
      assert.equal(await probe.brief(Code.get, "/wrong"), "5.00", what);
      await eventually(`the log to name ${what}`, () => lines.length > 0);
      assert.match(lines.join("\n").replaceAll("\\", ""), says, what);
      resource.remove();
    }
  }
  hub.coap("/throws", () => {
    throw new Error("oops");
  });
  assert.equal(await probe.brief(Code.get, "/throws"), "5.00");
});

testWith([], "hub.coap sends large bodies in blocks, and refuses what is too large", async () => {
  await using hub = gateway();
  const body = "0123456789abcdef".repeat(100);
  hub.coap("/large", ({ payload }) => ({ payload: payload.length > 0 ? payload : body }));
  hub.coap("/larger", () => ({ payload: "x".repeat(2_001) }));
  using probe = await Probe.open(hub, { maxPayloadBytes: 2_000 });
  let got = "";
  for (let number = 0; number < 25; number++) {
    const options = [new Option(Options.block2, uint(number * 16 + 2))];
    got += new TextDecoder().decode((await probe.ask(Code.get, "/large", { options })).payload);
  }
  assert.equal(got, body);
  assert.equal(await probe.brief(Code.get, "/larger"), "5.00");
});

testWith([], "Rules about paths decide for hub.coap, and for what observers are told", async () => {
  await using hub = gateway();
  let open = true;
  const seen: string[] = [];
  hub.use({
    mayUse: (_identity, method, path) => {
      seen.push(`${method} ${path}`);
      return { allowed: open && !path.startsWith("/x/secret") };
    },
  });
  const resource = hub.coap("/x/*", () => ({ payload: "in" }), { observable: true });
  hub.coap("/x/secret/y", () => ({ payload: "secret" }));
  using probe = await Probe.open(hub);
  assert.equal(await probe.brief(Code.get, "/x/secret"), "4.03");
  assert.equal(await probe.brief(Code.post, "/x/a"), "2.04 in");
  // A slash within a name makes another path, for the rules and for what is found.
  const path = ["x", "secret/y"].map((each) => new Option(Options.uriPath, bytes(each)));
  assert.equal(await probe.brief(Code.get, "", path), "4.03");
  const dots = ["x", "a", "..", "secret"].map((each) => new Option(Options.uriPath, bytes(each)));
  assert.equal(await probe.brief(Code.get, "", dots), "4.00");
  await probe.follow("/x/a", "t");
  open = false;
  resource.changed();
  assert.equal((await probe.news("t"))[0], "CON 4.03");
  assert.deepEqual(seen.slice(0, 3), ["GET /x/secret", "POST /x/a", "GET /x/secret%2Fy"]);
});
