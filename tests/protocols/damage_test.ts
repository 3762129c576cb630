import assert from "node:assert/strict";
import { Reader, utf8 } from "../../protocols/bytes.ts";
import { looksLikeCoap } from "../../protocols/coap/stream/codec.ts";
import { decodePayload } from "../../protocols/envelope.ts";
import { readSince } from "../../protocols/history.ts";
import { isSelected, type Link, linkText } from "../../protocols/link_format.ts";
import { Publication } from "../../protocols/publication.ts";
import { ProtocolError } from "../../protocols/session.ts";
import { looksLikeHttp, looksLikeMqtt } from "../../protocols/sniff.ts";
import {
  faultOfFilter,
  faultOfTopic,
  matches,
  pathToTopic,
  topicToPath,
} from "../../protocols/topic.ts";
import { VIA, viaOf } from "../../protocols/trail.ts";
import { hex } from "./fakes.ts";
import { survive } from "./harm.ts";

Deno.test("Reader never reads beyond its packet, and calls a packet that ends early the peer's fault", () => {
  survive([hex("00 0102 03040506 02 6162")], (bytes) => {
    const reader = new Reader(bytes, 7);
    try {
      reader.u8();
      reader.u16();
      reader.u32();
      assert.equal(reader.take(reader.u8()).buffer, bytes.buffer);
    } catch (error) {
      assert.ok(error instanceof ProtocolError && error.code === 7, String(error));
    }
    assert.equal(reader.at + reader.left, bytes.length);
    assert.ok(reader.left >= 0);
  });
});

Deno.test("utf8() reads what is UTF-8 exactly, and nothing else", () => {
  survive([new TextEncoder().encode("\ufeffé☃😀\0")], (bytes) => {
    const text = utf8(bytes);
    if (text !== undefined) assert.deepEqual(new TextEncoder().encode(text), bytes);
  });
});

Deno.test("decodePayload() finds bytes in any base64 that is whole, and nothing in the rest", () => {
  survive(["AP+Aab==", "AAAA"], (text) => {
    const found = decodePayload(text, "base64");
    if (found !== undefined) assert.ok(found.length <= 3 * Math.ceil(text.length / 4));
    assert.equal(decodePayload(text, text), undefined);
  });
});

Deno.test("readSince() takes any text for a moment or for none", () => {
  survive(["2026-11-21T08:00:00Z", "24h", "1763700000000"], (text) => {
    const found = readSince(text, 0);
    assert.ok(found === undefined || Number.isFinite(found));
  });
});

Deno.test("A topic that is found in a damaged path comes back to the same path", () => {
  survive(["a%20b/%C3%A9/%2B/c", "$SYS//x"], (path) => {
    const topic = pathToTopic(path);
    if (topic !== undefined) assert.equal(pathToTopic(topicToPath(topic)), topic);
  });
});

Deno.test("Damaged topics and filters are right, or have a fault that is said", () => {
  survive(["a/b/+/#", "$share/x/y", "+/a"], (text) => {
    const [topic, filter] = [faultOfTopic(text, 3), faultOfFilter(text, 3)];
    for (const fault of [topic, filter]) if (fault !== undefined) assert.match(fault, /^Cannot /);
    if (topic === undefined) assert.equal(filter, undefined, "a topic is a filter");
    if (topic === undefined) assert.ok(matches(text, text), "and selects itself");
  });
});

Deno.test("viaOf() reads a trail that is whole, or takes it for none", () => {
  survive(["there/5 between here"], (via) => {
    const message = new Publication("a", new Uint8Array(), {
      properties: { userProperties: [[VIA, via]] },
    });
    const found = viaOf(message);
    assert.ok(found === undefined || (found === via && found.split(" ").every((each) => each)));
  });
});

Deno.test("isSelected() answers any query", () => {
  const attributes = { rt: "core.ps core.x", ct: 40, obs: true } as const;
  const link: Link = { target: "/topics/a", attributes };
  assert.equal(linkText(link), '</topics/a>;rt="core.ps core.x";ct=40;obs');
  survive(["rt=core.*", "href=/topics/a*", "obs", "ct=40"], (query) => {
    if (isSelected(link, [query])) assert.match(query, /^(rt|href|obs|ct)(=|$)/);
  });
});

Deno.test("Whatever a stream begins with, recognising its protocol takes it for one or for none", () => {
  survive([hex("10e180800100044d"), hex("d001e1"), hex("474554202f")], (bytes) => {
    if (bytes.length === 0) return;
    for (const recognises of [looksLikeCoap, looksLikeMqtt, looksLikeHttp]) {
      assert.ok([true, false, "perhaps", undefined].includes(recognises(bytes)));
    }
  });
});
