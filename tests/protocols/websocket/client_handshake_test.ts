import assert from "node:assert/strict";
import { ProtocolError } from "../../../protocols/session.ts";
import { openingRequest, readOpening } from "../../../protocols/websocket/client_handshake.ts";
import { decodeHeader } from "../../../protocols/websocket/frames/codec.ts";
import { unmask } from "../../../protocols/websocket/frames/mask.ts";
import { encodeMaskedFrame } from "../../../protocols/websocket/frames/masked.ts";
import { acceptKey, switchingProtocols } from "../../../protocols/websocket/handshake.ts";

const key = "dGhlIHNhbXBsZSBub25jZQ==";
const wanted = { key, subprotocol: "mqtt" };
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("openingRequest() asks for a WebSocket of MQTT", () => {
  const text = new TextDecoder().decode(
    openingRequest({ host: "host:8080", path: "/mqtt?a=b", ...wanted }),
  );
  assert.match(text, /^GET \/mqtt\?a=b HTTP\/1\.1\r\nHost: host:8080\r\n/);
  assert.match(text, /\r\nSec-WebSocket-Protocol: mqtt\r\n/);
  assert.match(text, /\r\n\r\n$/);
});

Deno.test("readOpening() waits for the whole answer, and leaves what follows it", () => {
  const answer = switchingProtocols(key, "mqtt");
  for (let cut = 0; cut < answer.length; cut++) {
    assert.equal(readOpening(answer.subarray(0, cut), wanted)?.end, undefined);
  }
  const more = new Uint8Array([...answer, 1, 2, 3]);
  assert.equal(readOpening(more, wanted)?.end, answer.length);
});

Deno.test("readOpening() takes nothing but what it asked for", () => {
  const good = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    `Sec-WebSocket-Accept: ${acceptKey(key)}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`;
  assert.equal(readOpening(bytes(good), wanted)?.end, good.length);
  const cases: [string, string, RegExp][] = [
    ["101", "403", /status 403/],
    ["HTTP/1.1", "SSH-2.0", /not HTTP/],
    ["Upgrade: websocket", "Upgrade: h2c", /does not upgrade/],
    [acceptKey(key), acceptKey("other"), /does not belong to our key/],
    ["Protocol: mqtt", "Protocol: chat", /subprotocol mqtt/],
    ["\r\n\r\n", "\r\nSec-WebSocket-Extensions: x\r\n\r\n", /extension/],
  ];
  for (const [from, to, message] of cases) {
    const answer = bytes(good.replace(from, to));
    assert.throws(() => readOpening(answer, wanted), (error) => {
      assert.ok(error instanceof ProtocolError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => readOpening(bytes("x".repeat(20_000)), wanted), /16384 bytes of header/);
});

Deno.test("encodeMaskedFrame() is read back by whoever unmasks it", () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536]) {
    const payload = Uint8Array.from({ length }, (_, i) => i * 7);
    const frame = encodeMaskedFrame(2, payload, 0xdeadbeef | 0);
    const header = decodeHeader(frame, 0, true)!;
    assert.equal(header.length, length);
    const body = frame.slice(header.size);
    unmask(body, header.key);
    assert.deepEqual(body, payload);
  }
});
