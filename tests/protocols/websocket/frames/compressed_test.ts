import assert from "node:assert/strict";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Delivery, Publication } from "../../../../protocols/publication.ts";
import type { OpenSession } from "../../../../protocols/session.ts";
import { Deflation } from "../../../../protocols/websocket/frames/deflation.ts";
import {
  acceptOffer,
  compressionDefaults,
} from "../../../../protocols/websocket/frames/extensions.ts";
import { bytes, FakeSpace, hex } from "../../fakes.ts";
import { EchoUser, frames, meet, rawFrame } from "../conversation.ts";
import { InnerSession } from "../inner.ts";
import { closeCode, frame, lines, randoms, text } from "../peer.ts";

const SYNC = { finishFlush: 2 };

/** A whole message compressed for itself, as any client may send it. */
function packed(message: Uint8Array | string, windowBits = 15): Uint8Array {
  const plain = typeof message === "string" ? bytes(message) : message;
  return new Uint8Array(deflateRawSync(plain, { ...SYNC, windowBits }).subarray(0, -4));
}

const OFFER = "permessage-deflate";

// The parameters that Autobahn's groups 13.1 to 13.7 offer.
const offers = [
  OFFER,
  `${OFFER}; client_max_window_bits`,
  `${OFFER}; server_no_context_takeover`,
  `${OFFER}; client_no_context_takeover; server_no_context_takeover`,
  `${OFFER}; server_max_window_bits=9`,
  `${OFFER}; server_max_window_bits=15`,
  `${OFFER}; server_no_context_takeover; server_max_window_bits=9`,
  `${OFFER}; server_no_context_takeover; server_max_window_bits=15`,
  `${OFFER}; server_no_context_takeover; server_max_window_bits=9, ${OFFER}; server_no_context_takeover, ${OFFER}`,
  `${OFFER}; server_max_window_bits=8; client_max_window_bits=8`,
];

for (const offer of offers) {
  Deno.test(`Compressed messages of every size are echoed after the offer "${offer}"`, () => {
    const seed = 5, random = randoms(seed);
    const stage = meet(new EchoUser(), { offer, limits: { maxMessageBytes: 1 << 20 } });
    const { agreement } = acceptOffer(offer, { ...compressionDefaults })!;
    assert.match(stage.head, /\r\nSec-WebSocket-Extensions: permessage-deflate/);
    const mirror = { ours: agreement.bits.theirs, theirs: agreement.bits.ours };
    const takeover = { ours: agreement.takeover.theirs, theirs: agreement.takeover.ours };
    const client = new Deflation({ bits: mirror, takeover }, {
      ...compressionDefaults,
      minBytes: 1,
    });
    for (const size of [16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072]) {
      for (const pieces of [1, 3]) {
        const plain = bytes(`{"n":${random(1000)}}`.repeat(size)).slice(0, size);
        const data = client.deflate(plain)!;
        const cut = Math.ceil(data.length / pieces);
        for (let at = 0; at < data.length; at += cut) {
          const final = at + cut >= data.length ? 0x80 : 0;
          stage.feed(rawFrame(final | (at === 0 ? 0x41 : 0), data.slice(at, at + cut)));
        }
        const [answer, ...others] = frames(stage.take());
        assert.deepEqual(others, []);
        assert.equal(answer!.opcode, 1);
        assert.equal(answer!.compressed, size >= compressionDefaults.minBytes);
        const echoed = answer!.compressed ? client.inflate(answer!.payload, size) : answer!.payload;
        assert.deepEqual(new Uint8Array(echoed), plain, `${size} bytes, seed ${seed}`);
      }
    }
  });
}

Deno.test("Without an offer, or with compression switched off, the bit RSV1 ends the WebSocket", () => {
  for (const options of [{}, { offer: OFFER, compression: false }]) {
    const stage = meet(new EchoUser(), options);
    assert.doesNotMatch(stage.head, /Extensions/);
    stage.feed(rawFrame(0xc1, packed("Hello")));
    assert.equal(closeCode(stage), "close 1002");
  }
});

Deno.test("A client that agreed to compression may send any message without it", () => {
  const stage = meet(new EchoUser(), { offer: OFFER });
  stage.feed(text("plain"));
  stage.feed(rawFrame(0xc1, packed("packed")));
  stage.feed(frame(1, "in ", { final: false }));
  stage.feed(frame(9, "x"));
  stage.feed(frame(0, "two"));
  assert.deepEqual(lines(stage.take()), ["text plain", "text packed", "pong 78", "text in two"]);
});

Deno.test("A ping between the fragments of a compressed message is answered at once", () => {
  const stage = meet(new EchoUser(), { offer: OFFER }), data = packed("Hello");
  stage.feed(rawFrame(0x41, data.slice(0, 3)));
  stage.feed(frame(9, "x"));
  assert.deepEqual(lines(stage.take()), ["pong 78"]);
  stage.feed(rawFrame(0x80, data.slice(3)));
  assert.deepEqual(lines(stage.take()), ["text Hello"]);
});

Deno.test("RSV1 on a continuation or a control frame ends the WebSocket, also where it was agreed", () => {
  for (const first of [0xc9, 0xca, 0xc8]) {
    const stage = meet(new EchoUser(), { offer: OFFER });
    stage.feed(rawFrame(first, ""));
    assert.equal(closeCode(stage), "close 1002");
  }
  const stage = meet(new EchoUser(), { offer: OFFER }), data = packed("Hello");
  stage.feed(rawFrame(0x41, data.slice(0, 3)));
  stage.feed(rawFrame(0xc0, data.slice(3)));
  assert.equal(closeCode(stage), "close 1002");
});

Deno.test("A bomb ends the WebSocket with 1009, and so does one that is spread over fragments", () => {
  const bomb = packed(new Uint8Array(64 << 20));
  const limits = { maxMessageBytes: 1 << 20 };
  const whole = meet(new EchoUser(), { offer: OFFER, limits });
  whole.feed(rawFrame(0xc2, bomb));
  assert.equal(closeCode(whole), "close 1009");
  const cut = meet(new EchoUser(), { offer: OFFER, limits });
  cut.feed(rawFrame(0x42, bomb.slice(0, 20_000)));
  cut.feed(rawFrame(0x80, bomb.slice(20_000)));
  assert.equal(closeCode(cut), "close 1009");
});

Deno.test("A compressed message counts as what it takes before it is inflated as well", () => {
  const stage = meet(new EchoUser(), { offer: OFFER, limits: { maxMessageBytes: 1000 } });
  stage.feed(rawFrame(0xc2, new Uint8Array(1001)));
  assert.equal(closeCode(stage), "close 1009");
});

Deno.test("Compressed data that is broken, or text that is not UTF-8, ends the WebSocket with 1007", () => {
  for (const data of [hex("ffffff"), packed(hex("c328"))]) {
    const stage = meet(new EchoUser(), { offer: OFFER });
    stage.feed(rawFrame(0xc1, data));
    assert.equal(closeCode(stage), "close 1007");
  }
});

Deno.test("What many receive on a topic is compressed once, and refers to nothing before it", () => {
  const space = new FakeSpace(), payload = "long enough to be compressed ".repeat(20);
  const path = "/topics/a";
  const sockets = [1, 2].map(() => meet(new EchoUser(), { offer: OFFER, path, space }));
  const publication = new Publication("a", bytes(payload));
  for (let round = 0; round < 2; round++) {
    for (const socket of sockets) {
      socket.current.deliver(new Delivery(publication, 0, false, undefined), 0);
      const [sent] = frames(socket.take());
      assert.deepEqual([sent!.compressed, sent!.opcode], [true, 1]);
      const tail = Uint8Array.of(...sent!.payload, 0, 0, 0xff, 0xff);
      assert.equal(inflateRawSync(tail, SYNC).toString(), payload);
    }
  }
});

Deno.test("MQTT inside a WebSocket is not compressed", () => {
  const mqtt: OpenSession = (wire, hub) => new InnerSession(wire, hub);
  const path = "/mqtt", subprotocol = "mqtt";
  const stage = meet(new EchoUser(), { offer: OFFER, path, subprotocol, mqtt });
  assert.doesNotMatch(stage.head, /Extensions/);
});
