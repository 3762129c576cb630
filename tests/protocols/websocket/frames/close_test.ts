import assert from "node:assert/strict";
import { ProtocolError } from "../../../../protocols/session.ts";
import { closeFrame, readClose } from "../../../../protocols/websocket/frames/close.ts";
import { isCloseCode } from "../../../../protocols/websocket/frames/codes.ts";
import { bytes, hex, join } from "../../fakes.ts";

const good = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014];
const bad = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535];

function codeBytes(code: number): Uint8Array {
  return Uint8Array.of(code >> 8, code);
}

Deno.test("readClose accepts the codes that may travel", () => {
  for (const code of [...good, 3000, 3999, 4000, 4999]) {
    assert(isCloseCode(code));
    assert.deepEqual(readClose(codeBytes(code)), { code, reason: "" });
  }
});

Deno.test("readClose refuses the codes that may not", () => {
  for (const code of bad) {
    assert.throws(() => readClose(codeBytes(code)), ({ code }: ProtocolError) => code === 1002);
  }
});

Deno.test("readClose accepts a close that says nothing", () => {
  assert.deepEqual(readClose(hex("")), { reason: "" });
});

Deno.test("readClose refuses half a code", () => {
  assert.throws(() => readClose(hex("03")), ({ code }: ProtocolError) => code === 1002);
});

Deno.test("readClose reads the reason", () => {
  const payload = join([codeBytes(1000), bytes("näh")]);
  assert.deepEqual(readClose(payload), { code: 1000, reason: "näh" });
});

Deno.test("readClose refuses a reason that is not UTF-8", () => {
  assert.throws(() => readClose(hex("03e8 ce")), ({ code }: ProtocolError) => code === 1007);
});

Deno.test("closeFrame writes code and reason", () => {
  assert.deepEqual(closeFrame({ code: 1000, reason: "bye" }), hex("88 05 03e8 627965"));
  assert.deepEqual(closeFrame({ reason: "" }), hex("88 00"));
});

Deno.test("closeFrame cuts a long reason between characters", () => {
  const frame = closeFrame({ code: 1000, reason: "é".repeat(100) });
  assert.equal(frame[1], 124);
  assert.deepEqual(readClose(frame.subarray(2)), { code: 1000, reason: "é".repeat(61) });
});
