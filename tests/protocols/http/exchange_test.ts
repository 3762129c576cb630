import assert from "node:assert/strict";
import type { BodySink, Exchange } from "../../../protocols/http/exchange.ts";
import { Handlers } from "../../../protocols/http/handlers.ts";
import type { Fields } from "../../../protocols/http/messages/message.ts";
import { Delivery, Publication } from "../../../protocols/publication.ts";
import { nobody } from "../fakes.ts";
import { FakeGrant, hook } from "../hooked.ts";
import { answers, request, stage } from "./client.ts";

/** A session whose next request for `/x` is the test's to answer. */
function open(line = "POST /x", fields: Record<string, string> = {}, body = "") {
  const on = stage();
  let exchange!: Exchange;
  on.shared(Handlers).add("/x", (each) => exchange = each as Exchange);
  on.feed(request(line, fields, body));
  return { on, exchange };
}

class Sink implements BodySink {
  text = "";
  ended: Fields | undefined | false = false;
  lost = false;

  chunk(bytes: Uint8Array): void {
    this.text += new TextDecoder().decode(bytes);
  }

  end(trailers: Fields | undefined): void {
    this.ended = trailers;
  }

  aborted(): void {
    this.lost = true;
  }
}

const CHUNKED = { "Transfer-Encoding": "chunked" };

Deno.test("Exchange gives the body to whoever asks for it, when asked", () => {
  const { on, exchange } = open("POST /x", CHUNKED);
  on.feed("3\r\nabc\r\n");
  const sink = new Sink();
  exchange.receive(sink);
  assert.equal(sink.text, "abc");
  on.feed("3\r\ndef\r\n0\r\nA: b\r\n\r\n");
  assert.equal(sink.text, "abcdef");
  assert.deepEqual([...sink.ended as Fields], [["a", "b"]]);
  assert.equal(exchange.contentLength, undefined);
});

Deno.test("Exchange gives an empty body at once", () => {
  const { exchange } = open("GET /x");
  const sink = new Sink();
  exchange.receive(sink);
  assert.equal(sink.ended, undefined);
  assert.equal(exchange.contentLength, 0);
});

Deno.test("Exchange stops the body when asked, also from within a chunk, and lets it go on", () => {
  const { on, exchange } = open("POST /x", CHUNKED);
  const sink = new Sink();
  const chunk = sink.chunk.bind(sink);
  sink.chunk = (bytes) => {
    chunk(bytes);
    exchange.pause();
  };
  exchange.receive(sink);
  on.feed("3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n");
  assert.equal(sink.text, "abc");
  assert.equal(on.paused, true);
  on.wait(100_000);
  exchange.resume();
  assert.equal(sink.text, "abcdef");
  exchange.resume();
  assert.notEqual(sink.ended, false);
  exchange.respond({ status: 200 });
  assert.equal(on.paused, false);
  on.feed(request("GET /"));
  assert.deepEqual(answers(on.take()).map(({ status }) => status), [200, 200]);
});

Deno.test("Exchange refuses a body that is longer than the sink takes", () => {
  const { on, exchange } = open("POST /x", { "Content-Length": "11" });
  const sink = new Sink();
  exchange.receive(sink, 10);
  assert.equal(sink.lost, true);
  assert.equal(answers(on.take())[0]!.status, 413);
});

Deno.test("Exchange tells the sink when the client goes away, and its owner", () => {
  const { on, exchange } = open("POST /x", CHUNKED);
  const sink = new Sink();
  let closed = 0;
  exchange.onClosed = () => closed++;
  exchange.receive(sink);
  on.end();
  assert.deepEqual([sink.lost, sink.ended, closed, exchange.closed], [true, false, 1, true]);
  exchange.respond({ status: 200 });
  exchange.resume();
  exchange.abort();
  assert.equal(on.take().length, 0);
  assert.equal(closed, 1);
  const late = new Sink();
  exchange.receive(late);
  assert.equal(late.lost, true);
});

Deno.test("Exchange tells the sink when the body breaks the rules", () => {
  const { on, exchange } = open("POST /x", CHUNKED);
  const sink = new Sink();
  exchange.receive(sink);
  on.feed("x");
  assert.equal(sink.lost, true);
  assert.equal(answers(on.take())[0]!.status, 400);
});

Deno.test("Exchange does not answer a second time when the body turns out to be broken", () => {
  const { on, exchange } = open("POST /x", CHUNKED);
  exchange.receive(new Sink());
  exchange.begin({ status: 200 });
  on.feed("x");
  assert.equal(on.closed, true);
  assert.equal(on.takeText().match(/HTTP/g)!.length, 1);
});

Deno.test("Exchange drops a body whose answer came early", () => {
  const { on, exchange } = open("POST /x", { "Content-Length": "6" });
  const sink = new Sink();
  exchange.receive(sink);
  on.feed("abc");
  exchange.respond({ status: 200 });
  assert.equal(sink.lost, true);
  on.feed(`def${request("GET /")}`);
  assert.equal(sink.text, "abc");
  assert.equal(answers(on.take()).length, 2);
});

Deno.test("Exchange writes in chunks, of a length, or until it is closed", () => {
  const write = (length?: number | "until closed", line = "GET /x") => {
    const { on, exchange } = open(line);
    exchange.begin({ status: 200 }, length);
    exchange.write(new TextEncoder().encode("abc"));
    exchange.write(new Uint8Array(0));
    exchange.write(new TextEncoder().encode("def"));
    exchange.end();
    const [{ fields, body }] = answers(on.take()) as [ReturnType<typeof answers>[0]];
    return [body, fields["transfer-encoding"] ?? fields["content-length"], on.closed];
  };
  assert.deepEqual(write(), ["abcdef", "chunked", false]);
  assert.deepEqual(write(6), ["abcdef", "6", false]);
  assert.deepEqual(write("until closed"), ["abcdef", undefined, true]);
  assert.deepEqual(write(undefined, "GET /x HTTP/1.0"), ["abcdef", undefined, true]);
});

Deno.test("Exchange sends trailers behind chunks", () => {
  const { on, exchange } = open("GET /x");
  exchange.begin({ status: 200 });
  exchange.end([["a", "b"]]);
  assert(on.takeText().endsWith("\r\n0\r\na: b\r\n\r\n"));
});

Deno.test("Exchange sends no body where there is none", () => {
  for (const [line, status] of [["HEAD /x", 200], ["GET /x", 204], ["GET /x", 304]] as const) {
    const { on, exchange } = open(line);
    exchange.begin({ status });
    assert.equal(exchange.write(new Uint8Array(3)), true);
    exchange.end();
    assert(on.takeText().endsWith("\r\n\r\n"));
    assert.equal(on.closed, false);
  }
});

Deno.test("Exchange hangs up rather than let an answer look complete", () => {
  const { on, exchange } = open("GET /x");
  exchange.begin({ status: 200 }, 6);
  exchange.write(new Uint8Array(3));
  exchange.end();
  assert.equal(on.closed, true);
});

Deno.test("Exchange tells its owner of mistakes", () => {
  const { on, exchange } = open("GET /x");
  assert.throws(() => exchange.write(new Uint8Array(1)), TypeError);
  assert.throws(() => exchange.respond({ status: 200, fields: [["a", "\n"]] }), TypeError);
  assert.equal(on.take().length, 0);
  exchange.begin({ status: 200 }, 6);
  assert.throws(() => exchange.begin({ status: 200 }), TypeError);
  assert.throws(() => exchange.write(new Uint8Array(7)), TypeError);
});

Deno.test("Exchange says when more may be written", () => {
  const { on, exchange } = open("GET /x");
  let drained = 0;
  exchange.onDrained = () => drained++;
  exchange.begin({ status: 200 });
  assert.equal(exchange.write(new Uint8Array(1)), true);
  on.full = true;
  assert.equal(exchange.write(new Uint8Array(1)), false);
  on.full = false;
  on.session.drained(on.now);
  assert.equal(drained, 1);
});

Deno.test("Exchange waits for the end of a login until its answer is complete, and not after", () => {
  const { on, exchange } = open("GET /x"), grant = new FakeGrant();
  hook(on, {});
  on.identity = { ...nobody, grant };
  exchange.watchLogin(() => {});
  assert.equal(grant.size, 1);
  exchange.respond({ status: 200 });
  assert.equal(grant.size, 0);
  exchange.watchLogin(() => {});
  assert.equal(grant.size, 0);
});

Deno.test("Exchange says that there is no time also to whoever asks only then", () => {
  for (const reason of ["input ended", "stopping"] as const) {
    const { on, exchange } = open("GET /x"), heard: string[] = [];
    if (reason === "stopping") on.session.shutdown(on.now);
    else on.session.inputEnded(on.now);
    exchange.onHurry = (why) => heard.push(why);
    assert.deepEqual(heard, [reason]);
  }
});

Deno.test("Exchange that began when the client sends no more has no time from the start", () => {
  const on = stage(), heard: string[] = [];
  const exchanges: Exchange[] = [];
  on.shared(Handlers).add("/x", (each) => {
    each.onHurry = (why) => heard.push(why);
    exchanges.push(each as Exchange);
  });
  on.feed(request("GET /x") + request("GET /x"));
  on.session.inputEnded(on.now);
  exchanges[0]!.respond({ status: 204 });
  on.turn();
  assert.equal(exchanges.length, 2);
  assert.deepEqual(heard, ["input ended", "input ended"]);
});

Deno.test("Exchange wakes its owner once, at the time set last", () => {
  const { on, exchange } = open("GET /x");
  const woken: string[] = [];
  exchange.wake(on.now + 10, () => woken.push("first"));
  exchange.wake(on.now + 20, () => woken.push("second"));
  on.wait(19);
  assert.deepEqual(woken, []);
  on.wait(100);
  assert.deepEqual(woken, ["second"]);
});

Deno.test("Exchange follows a filter until its answer is complete", () => {
  const { on, exchange } = open("GET /x");
  const seen: string[] = [];
  exchange.follow("a/+", { qos: 1 }, ({ publication }) => seen.push(publication.topic));
  on.publish(new Publication("a/b", new Uint8Array(0)));
  on.turn();
  exchange.respond({ status: 200 });
  on.publish(new Publication("a/c", new Uint8Array(0)));
  on.turn();
  assert.deepEqual(seen, ["a/b"]);
  assert.equal(on.space.subscriptions.get(on)!.size, 0);
});

Deno.test("Exchange does not take what an earlier one on its connection followed", () => {
  const on = stage();
  const exchanges: Exchange[] = [];
  on.shared(Handlers).add("/x", (each) => exchanges.push(each as Exchange));
  on.feed(request("GET /x").repeat(2));
  exchanges[0]!.follow("a", { qos: 1 }, () => {});
  on.deliver(new Delivery(new Publication("a", new Uint8Array(0)), 0, false, undefined));
  exchanges[0]!.respond({ status: 200 });
  const seen: string[] = [];
  exchanges[1]!.follow("b", { qos: 1 }, ({ publication }) => seen.push(publication.topic));
  on.publish(new Publication("b", new Uint8Array(0)));
  on.turn();
  assert.deepEqual(seen, ["b"]);
});
