import assert from "node:assert/strict";
import { looksLikeCoap } from "../../protocols/coap/stream/codec.ts";
import type { Session, Wire } from "../../protocols/session.ts";
import { looksLikeHttp, looksLikeMqtt, sniff } from "../../protocols/sniff.ts";
import { bytes, hex, Stage } from "./fakes.ts";

/** A session that takes everything. */
function speak(label: string): (wire: Wire) => Session {
  return () => ({
    label,
    deadline: Infinity,
    receive: (bytes) => bytes.length,
    deliver() {},
    refuse() {},
    tick() {},
    shutdown() {},
    ended() {},
  });
}

function stage(): Stage {
  return new Stage(sniff([
    { name: "CoAP", recognises: looksLikeCoap, open: speak("coap") },
    { name: "MQTT", recognises: looksLikeMqtt, open: speak("mqtt") },
    { name: "HTTP", recognises: looksLikeHttp, open: speak("http") },
  ]));
}

const beginnings: [what: string, bytes: Uint8Array, protocol: string][] = [
  ["an empty CSM", hex("00 e1"), "coap"],
  ["a CSM of libcoap", hex("30 e1 23 800000"), "coap"],
  ["a long CSM", hex("d0 01 e1"), "coap"],
  ["a CSM that looks like a P", hex("50 e1 23 100000 20"), "coap"],
  ["a CSM of one option, and a request", hex("10 e1 40 b1 01 b1 61"), "coap"],
  ["CONNECT", hex("10 10 0004"), "mqtt"],
  ["CONNECT of 225 bytes", hex("10 e1 01"), "mqtt"],
  ["CONNECT of 8,289 bytes", hex("10 e1 40 0004 4d515454"), "mqtt"],
  ["CONNECT of 24,673 bytes", hex("10 e1 c0 01 0004 4d515454"), "mqtt"],
  ["CONNECT of MQTT 3.1, of 8,289 bytes", hex("10 e1 40 0006 4d51497364 70"), "mqtt"],
  ["GET", bytes("GET / HTTP/1.1"), "http"],
  ["POST", bytes("POST / HTTP/1.1"), "http"],
  ["an empty line", bytes("\r\nGET /"), "http"],
];

for (const [what, input, protocol] of beginnings) {
  for (const step of [1, 2, 3, 100]) {
    Deno.test(`sniff takes ${what} for ${protocol}, ${step} at a time`, () => {
      const client = stage();
      client.feed(input, step);
      assert.equal(client.current.label, protocol);
    });
  }
}

Deno.test("sniff waits a moment for what tells a CSM from the beginning of CONNECT", () => {
  const coap = stage();
  coap.feed(hex("10 e1 40"));
  assert.equal(coap.current.label, "any");
  coap.wait(1_999);
  assert.equal(coap.current.label, "any");
  coap.wait(1);
  assert.equal(coap.current.label, "coap");
});

for (const [what, input] of [["nothing", ""], ["half of a length", "d0"], ["a P", "50"]] as const) {
  Deno.test(`sniff hangs up on a client that says ${what}, after 10 seconds`, () => {
    const client = stage();
    client.feed(hex(input));
    client.wait(9_999);
    assert(!client.closed);
    client.wait(1);
    assert(client.closed);
    assert.equal(client.current.label, "any");
  });
}

Deno.test("sniff says which protocols it knows when it hears another", () => {
  assert.throws(
    () => stage().session.receive(hex("7f"), 0),
    /Cannot tell the protocol of first byte 0x7f: known are CoAP, MQTT, HTTP/,
  );
});
