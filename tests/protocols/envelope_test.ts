import assert from "node:assert/strict";
import { decodePayload, envelope } from "../../protocols/envelope.ts";
import { Delivery, Publication, type PublicationOptions } from "../../protocols/publication.ts";

function envelopeOf(topic: string, payload: Uint8Array | string, options: PublicationOptions = {}) {
  const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
  return envelope(new Delivery(new Publication(topic, bytes, options), 0, false, undefined));
}

Deno.test("envelope is the JSON that is documented", () => {
  assert.equal(
    envelopeOf("a/b", "21.5", { time: 1732147200000 }),
    '{"topic":"a/b","payload":"21.5","qos":0,"retain":false,"time":1732147200000}',
  );
});

Deno.test("envelope carries every text as it is", () => {
  for (const text of ['"\\\n\0\u2028', "", "é☃😀", "\ufeffx", "</script>"]) {
    const parsed = JSON.parse(envelopeOf(text, text, { contentType: text }));
    assert.deepEqual([parsed.topic, parsed.payload, parsed.contentType], [text, text, text]);
    assert.equal(parsed.encoding, undefined);
  }
});

Deno.test("envelope has what is not UTF-8 in base64", () => {
  for (const payload of [[255], [0xc0, 0x80], [0xed, 0xa0, 0x80], [97, 0xe2, 0x98]]) {
    const parsed = JSON.parse(envelopeOf("a", Uint8Array.from(payload)));
    assert.equal(parsed.encoding, "base64");
    assert.deepEqual([...decodePayload(parsed.payload, parsed.encoding)!], payload);
  }
});

Deno.test("decodePayload takes text and base64 and nothing else", () => {
  assert.deepEqual(decodePayload("é", undefined), new TextEncoder().encode("é"));
  assert.deepEqual(decodePayload("/wA=", "base64"), Uint8Array.of(255, 0));
  assert.equal(decodePayload("*", "base64"), undefined);
  assert.equal(decodePayload("x", "hex"), undefined);
  assert.equal(decodePayload(5, undefined), undefined);
  assert.equal(decodePayload(undefined, "base64"), undefined);
});
