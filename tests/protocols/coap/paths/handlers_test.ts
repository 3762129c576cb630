import assert from "node:assert/strict";
import { ACK, Code, Message, NON, Option } from "../../../../protocols/coap/messages/codec.ts";
import { Options, uint } from "../../../../protocols/coap/messages/options.ts";
import type { PathExchange } from "../../../../protocols/http/exchange.ts";
import { Handlers } from "../../../../protocols/http/handlers.ts";
import { bytes, hex } from "../../fakes.ts";
import { hook } from "../../hooked.ts";
import { brief, FakeDatagrams, PEER, request, valueOf } from "../fake_datagrams.ts";
import { handled, idle, respond } from "./handled.ts";

Deno.test("CoAP gives a handler the request as HTTP has it", () => {
  const { stage, asked } = handled();
  const options = [new Option(Options.contentFormat, uint(50))];
  stage.ask(request(Code.post, "/h/a?b=c", { payload: "{}", options }));
  const [{ request: head, peer, identity, scheme, contentLength }] = asked as [PathExchange];
  assert.deepEqual([head.method, head.path, head.query], ["POST", "/h/a", "b=c"]);
  assert.equal(head.fields.get("content-type"), "application/json");
  assert.deepEqual([peer.address, identity.address, scheme, contentLength], [
    PEER,
    PEER,
    "coap",
    2,
  ]);
  const got: Uint8Array[] = [];
  asked[0]!.receive({
    chunk: (chunk) => got.push(chunk),
    end: () => got.push(hex("")),
    aborted: () => assert.fail(),
  });
  assert.deepEqual(got, [bytes("{}"), hex("")]);
});

Deno.test("CoAP answers in the acknowledgement what a handler knows at once, or soon", () => {
  const at = handled({}, (exchange) => exchange.respond({ status: 200 }, "now"));
  assert.deepEqual(at.stage.ask(request(Code.get, "/h/a")).map(brief), ["2.05 now"]);
  assert.deepEqual(at.stage.session.load, idle);
  const { stage, asked } = handled();
  assert.deepEqual(stage.ask(request(Code.get, "/h/a", { id: 77 })), []);
  stage.wait(249);
  respond(stage, asked[0]!);
  const answer = stage.takeOne();
  assert.deepEqual([brief(answer), answer.type, answer.id], ["2.05 done", ACK, 77]);
  assert.deepEqual(stage.session.load, idle);
});

Deno.test("CoAP acknowledges first, and answers separately, what takes a handler longer", () => {
  const { stage, asked } = handled();
  stage.ask(request(Code.get, "/h/a", { id: 77, token: hex("0102") }));
  stage.wait(250);
  const empty = stage.takeOne();
  assert.deepEqual([empty.type, empty.code, empty.id], [ACK, Code.empty, 77]);
  respond(stage, asked[0]!);
  const separate = stage.takeOne();
  assert.deepEqual([brief(separate), separate.token], ["CON 2.05 done", hex("0102")]);
  stage.ask(new Message(ACK, Code.empty, separate.id));
  assert.deepEqual(stage.session.load, idle);
});

Deno.test("CoAP answers without acknowledgement a request without one, however long it takes", () => {
  const { stage, asked } = handled();
  stage.ask(request(Code.get, "/h/a", { type: NON }));
  stage.wait(10_000);
  assert.deepEqual(stage.take(), []);
  respond(stage, asked[0]!);
  assert.deepEqual(stage.take().map(brief), ["NON 2.05 done"]);
  assert.deepEqual(stage.session.load, idle);
});

for (const [method, code] of [["GET", Code.get], ["POST", Code.post]] as const) {
  Deno.test(`CoAP asks a handler once about a ${method} that comes again`, () => {
    const { stage, asked } = handled();
    const again = request(code, "/h/a");
    assert.deepEqual([stage.ask(again), stage.ask(again)], [[], []]);
    stage.wait(250);
    stage.take();
    // The acknowledgement may have been lost.
    assert.deepEqual(stage.ask(again).map(brief), ["0.00"]);
    respond(stage, asked[0]!);
    assert.equal(brief(stage.takeOne()).slice(0, 4), "CON ");
    assert.deepEqual(stage.ask(again).map(brief), ["0.00"]);
    assert.equal(asked.length, 1);
  });
}

Deno.test("CoAP repeats an answer that went in the acknowledgement", () => {
  const { stage, asked } = handled();
  const post = request(Code.post, "/h/a");
  stage.ask(post);
  respond(stage, asked[0]!);
  const first = stage.takeOne();
  assert.deepEqual(stage.ask(post), [first]);
  assert.equal(asked.length, 1);
});

Deno.test("CoAP joins the blocks of a request before a handler is asked", () => {
  const { stage, asked } = handled({}, (exchange) => exchange.respond({ status: 201 }, "got it"));
  const body = bytes("x".repeat(40));
  const send = (number: number, more: boolean) =>
    stage.ask(request(Code.put, "/h/a", {
      payload: body.subarray(number * 16, number * 16 + 16),
      options: [new Option(Options.block1, uint(number * 16 + (more ? 8 : 0)))],
    })).map(brief);
  assert.deepEqual([send(0, true), send(1, true)], [["2.31"], ["2.31"]]);
  assert.equal(asked.length, 0);
  assert.deepEqual(send(2, false), ["2.01 got it"]);
  assert.equal(asked[0]!.contentLength, 40);
});

Deno.test("CoAP sends a large answer in blocks, made once", () => {
  const body = "0123456789abcdef".repeat(100);
  const { stage, asked } = handled({}, (exchange) => exchange.respond({ status: 200 }, body));
  let got = "";
  for (let number = 0; number < 2; number++) {
    const options = [new Option(Options.block2, uint(number * 16 + 6))];
    const [answer] = stage.ask(request(Code.post, "/h/a", { options }));
    got += new TextDecoder().decode(answer!.payload);
    assert.equal(valueOf(answer!, Options.block2)![0]! & 0x08, number === 0 ? 8 : 0);
  }
  assert.deepEqual([got, asked.length], [body, 1]);
});

Deno.test("CoAP does not send what a client does not want to hear", () => {
  const { stage, asked } = handled();
  const options = [new Option(Options.noResponse, uint(2))];
  stage.ask(request(Code.post, "/h/a", { options }));
  respond(stage, asked[0]!);
  assert.deepEqual(stage.take().map(brief), ["0.00"]);
  assert.equal(stage.session.load.replies, 0);
});

Deno.test("CoAP asks the rules about paths before a handler, with the path that the handler sees", () => {
  const { stage, asked } = handled();
  const seen: string[] = [];
  hook(stage, {
    authenticate: ({ username }) => ({ user: username }),
    mayUse({ user }, method, path) {
      seen.push(`${user} ${method} ${path}`);
      return { allowed: path !== "/h/secret" };
    },
  });
  assert.deepEqual(stage.ask(request(Code.get, "/h/secret?u=ann")).map(brief), ["4.03"]);
  stage.ask(request(Code.ipatch, "/h/open?u=ann"));
  const path = ["h", "b/c"].map((each) => new Option(Options.uriPath, bytes(each)));
  stage.ask(request(Code.get, "", { options: path }));
  assert.deepEqual(seen, [
    "ann GET /h/secret",
    "ann iPATCH /h/open",
    "undefined GET /h/b%2Fc",
  ]);
  assert.deepEqual(asked.map(({ request }) => request.path), ["/h/open", "/h/b%2Fc"]);
  assert.deepEqual(asked.map(({ identity }) => identity.user), ["ann", undefined]);
});

Deno.test("CoAP lists paths without a pattern for those who may read them", () => {
  const stage = new FakeDatagrams(), handlers = stage.shared(Handlers);
  handlers.add("/attic", () => {}, { rt: "temperature", ct: "0 50" });
  handlers.add("/cellar", () => {}, {});
  handlers.add("/hidden", () => {});
  handlers.add("/below/*", () => {}, {});
  handlers.add(new URLPattern({ pathname: "/rooms/:room" }), () => {}, {});
  const list = (query = "") => {
    const [answer] = stage.ask(request(Code.get, `/.well-known/core${query}`));
    return new TextDecoder().decode(answer!.payload).split(",").filter((each) =>
      !/core/.test(each)
    );
  };
  assert.deepEqual(list(), ['</attic>;rt="temperature";ct="0 50"', "</cellar>"]);
  assert.deepEqual(list("?ct=50"), ['</attic>;rt="temperature";ct="0 50"']);
  hook(stage, { mayUse: (_identity, _method, path) => ({ allowed: path === "/cellar" }) });
  assert.deepEqual(list(), ["</cellar>"]);
});
