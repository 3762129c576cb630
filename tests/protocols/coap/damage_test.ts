import assert from "node:assert/strict";
import { blockOf } from "../../../protocols/coap/blocks/block.ts";
import { parseCoapUrl, pathOptions } from "../../../protocols/coap/client/url.ts";
import { Answer } from "../../../protocols/coap/messages/answer.ts";
import {
  Code,
  decode,
  encode,
  Message,
  NONE,
  Option,
} from "../../../protocols/coap/messages/codec.ts";
import { formatOf } from "../../../protocols/coap/messages/content_format.ts";
import { withOption } from "../../../protocols/coap/messages/option_bytes.ts";
import { Options, uint, uintOf } from "../../../protocols/coap/messages/options.ts";
import { replyMsOf } from "../../../protocols/coap/messages/query.ts";
import { readRequest, type Request } from "../../../protocols/coap/messages/request.ts";
import { Etags } from "../../../protocols/coap/paths/etags.ts";
import { answerOf } from "../../../protocols/coap/paths/http_answer.ts";
import { headOf } from "../../../protocols/coap/paths/http_request.ts";
import { locationOptions, pathOf, targetOf } from "../../../protocols/coap/paths/uri.ts";
import { credentialsOf } from "../../../protocols/coap/permission.ts";
import { nameOf } from "../../../protocols/coap/pubsub/create_topic.ts";
import { decodeFrame, Signal, withLength } from "../../../protocols/coap/stream/codec.ts";
import {
  asksForCustody,
  Capabilities,
  checkOptions,
} from "../../../protocols/coap/stream/signaling.ts";
import { patched, selection } from "../../../protocols/coap/topics/json_topics.ts";
import { publicationOptions } from "../../../protocols/coap/topics/publishing.ts";
import type { RequestHead } from "../../../protocols/http/messages/message.ts";
import { Publication } from "../../../protocols/publication.ts";
import { ProtocolError } from "../../../protocols/session.ts";
import { bytes, hex } from "../fakes.ts";
import { survive } from "../harm.ts";
import { request } from "./fake_datagrams.ts";
import { read, segments } from "./paths/path_requests.ts";

// `decode()` and `decodeFrame()` are fed in their codec_test.ts, whole conversations in
// session_test.ts, client/messages_test.ts and stream/faults_test.ts, and the configurations of
// topics in pubsub/pubsub_test.ts.

const peer = { peer: { address: "192.0.2.1:1", secure: false }, listener: "coap://:5683" };
const option = (number: number, value: string | Uint8Array) =>
  new Option(number, typeof value === "string" ? bytes(value) : value);

/** An answer, which must be an error that says why, or what else it is. */
function refusedOr<T>(found: T | Answer): T | undefined {
  if (!(found instanceof Answer)) return found;
  assert.ok(found.code >= Code.badRequest, `code ${found.code}`);
  assert.ok(found.payload.length > 0, "an error says why");
  return undefined;
}

const requests = [
  request(Code.put, "/topics/é?qos=1&retain=0&expiry=60&reply=5s&u=me&p=secret", {
    options: [
      option(Options.ifMatch, "v1"),
      option(Options.contentFormat, uint(50)),
      option(Options.block1, uint(0x1e)),
      option(Options.size1, uint(4096)),
      option(Options.noResponse, uint(2)),
    ],
    payload: "{}",
  }),
  request(Code.fetch, "/a/b", {
    options: [
      option(Options.uriHost, "gate"),
      option(Options.uriPort, uint(5683)),
      option(Options.etag, "v1"),
      option(Options.observe, uint(0)),
      option(Options.accept, uint(0)),
      option(Options.proxyScheme, "coap"),
      option(Options.echo, hex("0102030405060708")),
      option(Options.requestTag, hex("07")),
    ],
    payload: '["/a"]',
  }),
];

Deno.test("readRequest() reads a damaged request, which can be told in HTTP and carried out, or refuses it", () => {
  survive(requests.map((each) => encode(each)), (datagram) => {
    const message = decode(datagram, 32);
    const asked = refusedOr(readRequest(message));
    if (asked === undefined) return;
    assert.ok(asked.key().length > 0);
    assert.match(pathOf(message), /^\//);
    assert.equal(typeof targetOf(message), "string");
    assert.equal(credentialsOf(asked, peer).protocol, "coap");
    refusedOr(headOf(asked, new Etags()));
    refusedOr(publicationOptions(asked, true, undefined));
    const replyMs = refusedOr(replyMsOf(asked, 60_000));
    assert.ok(replyMs === undefined || replyMs <= 60_000);
  }, ProtocolError);
});

/** A request with this body, of this Content-Format. */
function withBody(payload: Uint8Array, format: number): Request {
  const options = [option(Options.contentFormat, uint(format))];
  return readRequest(request(Code.fetch, "/topics/a", { payload, options })) as Request;
}

Deno.test("FETCH selects by damaged pointers, or says what would be right", () => {
  const value = new Publication("a", bytes('{"a":[1,{"~":2}]}'));
  survive([bytes('["/a/1/~0",""]')], (payload) => {
    const select = refusedOr(selection(withBody(payload, 50), 1_000));
    if (select !== undefined) JSON.parse(new TextDecoder().decode(select(value).payload));
  });
  survive([bytes('{"a":[1,2.5e3,"é"],"b":null}')], (payload) => {
    const select = selection(withBody(bytes('["/a"]'), 50), 1_000) as (
      value: Publication,
    ) => Answer;
    const { code } = select(new Publication("a", payload));
    assert.ok(code === Code.content || code === Code.conflict);
  });
});

Deno.test("PATCH makes JSON of JSON by a damaged patch, or says what would be right", () => {
  const value = new Publication("a", bytes('{"a":{"b":1}}'));
  survive([bytes('{"a":{"b":null,"c":[{}]},"__proto__":{"d":1}}')], (payload) => {
    const changed = refusedOr(patched(value, withBody(payload, 52), 1_000));
    if (changed !== undefined) JSON.parse(new TextDecoder().decode(changed));
    assert.equal(Object.hasOwn(Object.prototype, "d"), false);
  });
});

Deno.test("nameOf() finds a topic in a damaged link, or says what would be right", () => {
  survive([bytes("</ps/a/b>;ct=0")], (payload) => {
    const name = refusedOr(nameOf(withBody(payload, 40), 9));
    if (name !== undefined) assert.doesNotMatch(name, /[<>+#\0]/);
  });
});

Deno.test("withOption() puts an option among any others, and changes nothing else", () => {
  const tail = encode(requests[1]!).subarray(5, -1 - requests[1]!.payload.length);
  survive([tail], (options) => {
    const head = hex("40010001"), all = decode(new Uint8Array([...head, ...options]), 64);
    if (all.payload.length > 0 || all.options.some(({ number }) => number === 14)) return;
    const more = withOption(options, 14, hex("3c"));
    const found = decode(new Uint8Array([...head, ...more]), 64).options;
    const expected = [...all.options, option(14, hex("3c"))].sort((a, b) => a.number - b.number);
    assert.deepEqual(found, expected);
  }, ProtocolError);
});

Deno.test("blockOf() reads every value of a Block option, and Block writes it again", () => {
  survive([hex("fffffe"), hex("16")], (value) => {
    if (value.length > 3) return;
    const block = blockOf(uintOf(value));
    assert.equal(uintOf(block.encode()), uintOf(value));
    assert.ok(block.size >= 16 && block.size <= 1024);
  });
});

Deno.test("formatOf() finds the number of a damaged media type, or none", () => {
  const types = ['application/cose; cose-type="cose-sign1"', "application/coap-payload;cf=65001"];
  survive([...types, "text/plain; charset=utf-8"], (type) => {
    const format = formatOf(type);
    if (format !== undefined) assert.ok(format >= 0 && format <= 0xffff);
  });
});

Deno.test("parseCoapUrl() finds a resource in a damaged URL, or says what would be right", () => {
  const urls = ["coap://gate:5683/a%20b/é?qos=1&x", "coaps+tcp://[::1]/.well-known/core"];
  survive(urls, (text) => {
    const { hostname, port, options } = parseCoapUrl(text);
    assert.notEqual(hostname, "");
    assert.ok(port >= 0 && port <= 0xffff);
    assert.ok(options.every(({ value }) => value.length <= 255));
    assert.deepEqual(options.toSorted((a, b) => a.number - b.number), options);
  }, TypeError);
  survive(["/a%20b//c?qos=1&&x"], (path) => {
    assert.ok(pathOptions(path).every(({ value }) => value.length <= 255));
  }, TypeError);
});

Deno.test("locationOptions() names a damaged location, or none", () => {
  const from = { host: "gate", path: "/rooms/now" };
  survive(["/rooms/a%20b%2Fc?d=1&e", "coap://gate/a", "../x"], (location) => {
    const options = locationOptions(location, from);
    if (options === undefined) return;
    const numbers: number[] = [Options.locationPath, Options.locationQuery];
    assert.ok(options.every(({ number }) => numbers.includes(number)));
    assert.ok(options.every(({ value }) => value.length <= 255));
  });
});

for (
  const [field, value] of [
    ["etag", 'W/"abc"'],
    ["cache-control", 'public, max-age="60"'],
    ["age", "30"],
    ["retry-after", "120"],
    ["location", "/rooms/7?a=b"],
    ["content-type", "text/plain; charset=utf-8"],
    ["content-encoding", "gzip"],
  ] as const
) {
  Deno.test(`An answer of HTTP whose ${field} is damaged has its like in CoAP`, () => {
    const etags = new Etags(), request = read(segments(Code.get, ["a"]));
    const head = headOf(request, etags) as RequestHead;
    survive([value], (harmed) => {
      for (const status of [200, 201, 304, 404, 503]) {
        const fields = [[field, harmed]] as const;
        const answer = answerOf({ status, fields }, bytes("x"), { request, head, etags });
        // What it says can be written, and read again.
        const message = new Message(0, answer.code, 1, NONE);
        const written = new Uint8Array([...encode(message), ...answer.options]);
        assert.equal(decode(written, 64).code, answer.code);
      }
    });
  });
}

Deno.test("Etags takes any bytes for an entity-tag that HTTP can carry, and any entity-tag for an ETag", () => {
  const etags = new Etags();
  survive([bytes("v1"), hex("00ff0d0a")], (etag) => {
    assert.match(etags.decode(etag), /^(W\/)?"[\x21\x23-\x7e]*"$/);
  });
  survive(['"v1"', 'W/"a longer one"'], (tag) => {
    const { length } = etags.encode(tag);
    assert.ok(length >= 1 && length <= 8);
  });
});

Deno.test("withLength() makes a message of a stream of a damaged one of a WebSocket, or refuses it", () => {
  survive([hex("0201 aabb b161 ff 6f6b"), hex("0001")], (socket) => {
    const limits = { maxMessageBytes: 1 << 16, maxOptions: 16 };
    const stream = withLength(socket);
    assert.equal(decodeFrame(stream, limits)!.used, stream.length);
  }, ProtocolError);
});

Deno.test("A damaged CSM is obeyed or refused, and leaves room for an answer", () => {
  survive([hex("22 1000 20"), hex("24 00100000")], (tail) => {
    const message = decode(new Uint8Array([0x40, 0xe1, 0, 1, ...tail]), 16);
    const csm = new Message(message.type, Signal.csm, 0, NONE, message.options, message.payload);
    const capabilities = new Capabilities();
    checkOptions(csm);
    capabilities.add(csm);
    assert.ok(capabilities.maxMessageBytes >= 64);
    assert.equal(typeof asksForCustody(csm), "boolean");
  }, ProtocolError);
});
