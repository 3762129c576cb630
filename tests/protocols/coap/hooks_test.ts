import assert from "node:assert/strict";
import type { Hooks, Login } from "../../../actors/hooks/hooks.ts";
import { ACK, Code, Message, NON, Option } from "../../../protocols/coap/messages/codec.ts";
import { Options } from "../../../protocols/coap/messages/options.ts";
import { Refusal } from "../../../protocols/identity.ts";
import { Publication } from "../../../protocols/publication.ts";
import { bytes, hex } from "../fakes.ts";
import { Answer, FakeGrant, hook } from "../hooked.ts";
import { brief, FakeDatagrams, request } from "./fake_datagrams.ts";

function hooked(hooks: Hooks): FakeDatagrams {
  const stage = new FakeDatagrams();
  hook(stage, hooks);
  return stage;
}

function ask(stage: FakeDatagrams, ...args: Parameters<typeof request>): string[] {
  return stage.ask(request(...args)).map(brief);
}

function acknowledge(stage: FakeDatagrams, { id }: Message): void {
  stage.ask(new Message(ACK, Code.empty, id, hex(""), [], hex("")));
}

const observe = [new Option(Options.observe, hex(""))];

Deno.test("CoAP shows user name, password, token and client from the query", () => {
  let seen: unknown;
  const stage = hooked({
    authenticate({ protocol, clientId, username, passwordText, token, peer, listener }) {
      seen = [protocol, clientId, username, passwordText, token, peer.address, listener];
      return { user: username };
    },
  });
  assert.deepEqual(ask(stage, Code.get, "/topics/a?c=7&u=ann&p=se=cret"), ["4.04"]);
  assert.deepEqual(seen, [
    "coap",
    "7",
    "ann",
    "se=cret",
    undefined,
    "192.0.2.1:5000",
    "stage",
  ]);
  ask(stage, Code.get, "/topics/a?access_token=abc");
  assert.equal((seen as unknown[])[4], "abc");
});

const verdicts: [name: string, answer: () => Login | Refusal | false, code: string][] = [
  ["an identity", () => ({ user: "ann" }), "2.01"],
  ["false", () => false, "4.01"],
  ["forbidden", () => new Refusal("Banned"), "4.03"],
  ["unavailable", () => new Refusal("Later", "unavailable"), "5.03"],
  [
    "a throw",
    () => {
      throw new Error("no database");
    },
    "5.03",
  ],
];
for (const [name, answer, code] of verdicts) {
  Deno.test(`CoAP answers ${code} when authenticate answers with ${name}`, () => {
    const stage = hooked({ authenticate: answer });
    assert.deepEqual(ask(stage, Code.put, "/topics/a", { payload: "1" }), [code]);
    assert.equal(stage.space.values.size, code === "2.01" ? 1 : 0);
  });
  Deno.test(`CoAP answers ${code} separately when authenticate answers later with ${name}`, async () => {
    const later = new Answer<void>();
    const stage = hooked({ authenticate: () => later.promise.then(answer) });
    const put = request(Code.put, "/topics/a", { payload: "1", token: hex("0102") });
    const [empty, ...none] = stage.ask(put);
    assert.deepEqual([empty!.type, empty!.code, empty!.id, none], [ACK, Code.empty, put.id, []]);
    // The same again is a duplicate, acknowledged and not asked about.
    assert.equal(stage.ask(put).length, 1);
    await later.give(undefined, stage);
    const separate = stage.takeOne();
    assert.deepEqual([brief(separate), separate.token], [`CON ${code}`, hex("0102")]);
    acknowledge(stage, separate);
    assert.deepEqual(stage.session.load, { ...stage.session.load, replies: 0, timers: 0 });
    assert.equal(stage.space.values.get("a")?.text(), code === "2.01" ? "1" : undefined);
  });
}

Deno.test("CoAP answers what was asked for without acknowledgement, later, without one", async () => {
  const later = new Answer<Login>();
  const stage = hooked({ authenticate: () => later.promise });
  stage.tell("a", "1");
  assert.deepEqual(ask(stage, Code.get, "/topics/a", { type: NON }), []);
  await later.give({ user: "ann" }, stage);
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 1"]);
  assert.equal(stage.session.load.peers, 0);
});

Deno.test("CoAP bounds how many requests of a peer wait for hooks", () => {
  const stage = hooked({ authenticate: () => new Promise(() => {}) });
  const codes = Array.from({ length: 17 }, () => ask(stage, Code.post, "/topics/a")[0]);
  assert.deepEqual(codes.slice(0, 16), Array(16).fill("0.00"));
  assert.equal(codes[16], "5.03");
  assert.deepEqual(stage.ask(request(Code.post, "/topics/a"), "192.0.2.2:1").map(brief), ["0.00"]);
  stage.session.shutdown(stage.now);
  assert.deepEqual([...new Set(stage.take().map(brief))], ["CON 5.03"]);
});

const actions: [code: number, uri: string, action: string][] = [
  [Code.get, "/topics/a/b", "subscribe a/b 0 false"],
  [Code.post, "/topics/a/b", "publish a/b 1 false"],
  [Code.post, "/ps/a/b?reply=5s", "publish a/b 1 false"],
  [Code.put, "/topics/a/b?qos=2", "publish a/b 2 true"],
  [Code.delete, "/topics/a/b", "publish a/b 1 true"],
];
for (const [code, uri, action] of actions) {
  Deno.test(`CoAP asks whether it may ${action} for method ${code} of ${uri}`, async () => {
    const asked: string[] = [];
    const later = new Answer<boolean>();
    for (const answer of [false, later.promise]) {
      const stage = hooked({
        authorize({ action, topic, qos, retain }) {
          asked.push(`${action} ${topic} ${qos} ${retain}`);
          return answer;
        },
      });
      stage.tell("a/b", "old");
      const first = ask(stage, code, uri, { payload: "new" });
      if (answer !== false) {
        await later.give(false, stage);
        assert.deepEqual([first, stage.take().map(brief)], [["0.00"], ["CON 4.03"]]);
      } else assert.deepEqual(first, ["4.03"]);
      assert.equal(stage.space.values.get("a/b")?.text(), "old");
      assert.equal(stage.space.subscriptions.size, 0);
      stage.wait(4_000);
      assert.doesNotMatch(`${stage.take().map(brief)}`, /5\.04/);
    }
    assert.deepEqual(asked, [action, action]);
  });
}

Deno.test("CoAP looks at conditions when hooks have answered", async () => {
  const later = new Answer<boolean>();
  const stage = hooked({ authorize: () => later.promise });
  const options = [new Option(Options.ifNoneMatch, hex(""))];
  ask(stage, Code.put, "/topics/a", { payload: "mine", options });
  stage.tell("a", "theirs");
  await later.give(true, stage);
  assert.deepEqual(stage.take().map(brief), ["CON 4.12"]);
  assert.equal(stage.space.values.get("a")?.text(), "theirs");
});

Deno.test("CoAP publishes what hooks make of it, or says what is wrong with it", () => {
  const stage = hooked({
    published({ topic, payload, retain }) {
      if (topic === "bad") return new Refusal("Numbers only", "invalid");
      return new Publication(`x/${topic}`, payload, { retain });
    },
  });
  assert.deepEqual(ask(stage, Code.put, "/topics/a", { payload: "1" }), ["2.01"]);
  assert.deepEqual([...stage.space.values.keys()], ["x/a"]);
  const [refused] = stage.ask(request(Code.put, "/topics/bad", { payload: "1" }));
  assert.deepEqual([brief(refused!), refused!.payload], ["4.00", bytes("Numbers only")]);
});

Deno.test("CoAP observers and listings show only what may be seen", () => {
  const seen: string[] = [];
  const stage = hooked({
    authorize: ({ topic }) => !topic.endsWith("secret"),
    subscribed: ({ filter }) => seen.push(filter),
  });
  stage.tell("a/open", "1");
  stage.now++;
  stage.tell("a/secret", "2");
  assert.deepEqual(ask(stage, Code.get, "/topics/a/secret", { options: observe }), ["4.03"]);
  assert.deepEqual(ask(stage, Code.get, "/topics/a/+?u=ann", { options: observe }), ["2.05 1"]);
  stage.tell("a/secret", "3");
  stage.tell("a/open", "4");
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 4"]);
  assert.deepEqual(seen, ["a/+"]);
  for (const path of ["/topics?u=ann", "/.well-known/core?u=ann&p=x"]) {
    const [listing] = ask(stage, Code.get, path);
    assert.match(listing!, /a\/open/);
    assert.doesNotMatch(listing!, /secret/);
  }
});

Deno.test("CoAP begins an observation when a late answer allows it", async () => {
  const later = new Answer<boolean>();
  const stage = hooked({ authorize: () => later.promise });
  stage.tell("a", "1");
  assert.deepEqual(ask(stage, Code.get, "/topics/a", { options: observe }), ["0.00"]);
  await later.give(true, stage);
  const first = stage.takeOne();
  assert.equal(brief(first), "CON 2.05 1");
  acknowledge(stage, first);
  stage.tell("a", "2");
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 2"]);
});

Deno.test("CoAP does not let clients publish to $SYS", () => {
  const stage = new FakeDatagrams();
  const uri = "/topics/$SYS/broker/uptime";
  assert.deepEqual(ask(stage, Code.put, uri, { payload: "1" }), ["4.03"]);
});

Deno.test("An observation ends with 4.01 when the login of its client does", async () => {
  const stage = new FakeDatagrams(), expires = stage.now + 10_000;
  const { clock } = hook(stage, { authenticate: () => ({ user: "ann", expires }) });
  stage.tell("a", "1");
  assert.deepEqual(ask(stage, Code.get, "/topics/a", { options: observe }), ["2.05 1"]);
  const pass = async (ms: number) => {
    await clock.move(ms);
    stage.wait(ms);
    stage.turn();
  };
  await pass(9_999);
  assert.deepEqual(stage.take().map(brief), []);
  await pass(1);
  const [last] = stage.take();
  assert.equal(brief(last!), "CON 4.01");
  assert.deepEqual(last!.payload, bytes("The login has expired"));
  acknowledge(stage, last!);
  stage.tell("a", "2");
  stage.wait(100_000);
  assert.deepEqual(stage.take(), []);
  assert.equal(stage.session.load.observers, 0);
});

Deno.test("An observation ends with 4.01 when the login of its client is revoked, and no other does", () => {
  const stage = new FakeDatagrams(), grants: FakeGrant[] = [];
  hook(stage, {
    authenticate({ username = "" }) {
      const grant = new FakeGrant();
      grants.push(grant);
      return { user: username, grant };
    },
  });
  for (const [i, user] of ["ann", "bob"].entries()) {
    const message = request(Code.get, `/topics/a?u=${user}&p=x`, {
      options: observe,
      token: hex(`0${i}`),
    });
    assert.equal(brief(stage.ask(message)[0]!), "2.05");
  }
  grants[0]!.revoke();
  stage.turn();
  const [last, ...more] = stage.take();
  assert.deepEqual([brief(last!), last!.token, more.length], ["CON 4.01", hex("00"), 0]);
  assert.deepEqual(last!.payload, bytes("The login has been revoked"));
  acknowledge(stage, last!);
  stage.tell("a", "1");
  const told = stage.take();
  assert.deepEqual(told.map((each) => [brief(each), each.token]), [["NON 2.05 1", hex("01")]]);
  assert.equal(stage.session.load.observers, 1);
  assert.deepEqual(grants.slice(0, 2).map(({ size }) => size), [0, 1]);
  const cancel = [new Option(Options.observe, hex("01"))];
  stage.ask(request(Code.get, "/topics/a?u=bob&p=x", { options: cancel, token: hex("01") }));
  assert.deepEqual(grants.slice(0, 2).map(({ size }) => size), [0, 0]);
});
