import assert from "node:assert/strict";
import {
  dateOffset,
  encodeAnswer,
  encodeHead,
  encodeLastChunk,
  sendChunk,
} from "../../../../protocols/http/messages/encode.ts";
import { bytes, join } from "../../fakes.ts";

const NOW = Date.UTC(1994, 10, 6, 8, 49, 37);
const DATE = "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

function text(encoded: Uint8Array): string {
  return Array.from(encoded, (byte) => String.fromCharCode(byte)).join("");
}

Deno.test("encodeHead writes status, date, fields, length and connection", () => {
  const head = { status: 200, fields: [["etag", '"a"']] as const };
  assert.equal(
    text(encodeHead(head, { now: NOW, length: 5, connection: "close" })),
    `HTTP/1.1 200 OK\r\n${DATE}etag: "a"\r\ncontent-length: 5\r\nconnection: close\r\n\r\n`,
  );
  assert.equal(
    text(encodeHead({ status: 299 }, { now: NOW, chunked: true })),
    `HTTP/1.1 299 \r\n${DATE}transfer-encoding: chunked\r\n\r\n`,
  );
});

Deno.test("encodeHead writes values byte for byte as HTTP reads them", () => {
  const fields = [["b", "caf\xe9\x80\xff\tx"]] as const;
  assert(
    text(encodeHead({ status: 204, fields }, { now: NOW })).includes("b: caf\xe9\x80\xff\tx\r\n"),
  );
});

Deno.test("encodeHead has room for fields of any length", () => {
  const fields = [["b", "x".repeat(100_000)], ["c", "\xe9"]] as const;
  const head = text(encodeHead({ status: 204, fields }, { now: NOW }));
  assert(head.endsWith(`${"x".repeat(100_000)}\r\nc: \xe9\r\n\r\n`));
});

Deno.test("encodeHead lets nothing split an answer in two", () => {
  for (const value of ["a\r\nset-cookie: b", "a\nb", "a\rb", "a\0b", "a\x01", "\x7f", "snow ☃"]) {
    const fields = [["b", value]] as const;
    assert.throws(() => encodeHead({ status: 200, fields }, { now: NOW }), TypeError, value);
  }
  for (const name of ["", "a b", "a:", "a\r\nb", "Upper", "é"]) {
    const fields = [[name, "x"]] as const;
    assert.throws(() => encodeHead({ status: 200, fields }, { now: NOW }), TypeError, name);
  }
  assert.throws(() => encodeLastChunk([["a", "b\r\n"]]), TypeError);
});

Deno.test("encodeHead leaves the framing to the session", () => {
  for (const name of ["content-length", "transfer-encoding"]) {
    const fields = [[name, "5"]] as const;
    assert.throws(() => encodeHead({ status: 200, fields }, { now: NOW }), TypeError);
  }
  for (const status of [0, 99, 1000, 200.5, NaN]) {
    assert.throws(() => encodeHead({ status }, { now: NOW }), TypeError);
  }
});

Deno.test("encodeHead writes its own date only", () => {
  const fields = [["date", "never"]] as const;
  assert(!text(encodeHead({ status: 200, fields }, { now: NOW })).includes("never"));
});

Deno.test("encodeAnswer has the date where dateOffset says", () => {
  const answer = text(encodeAnswer({ status: 404 }, { now: NOW, length: 2 }, bytes("no")));
  assert.equal(answer.slice(dateOffset(404)).slice(0, 29), "Sun, 06 Nov 1994 08:49:37 GMT");
  assert(answer.endsWith("\r\n\r\nno"));
});

Deno.test("sendChunk and encodeLastChunk write chunks of all sizes", () => {
  const pieces: Uint8Array[] = [];
  const send = (piece: Uint8Array) => pieces.push(piece.slice()) > 0;
  sendChunk(bytes("hello"), send);
  sendChunk(bytes("x".repeat(20_000)), send);
  pieces.push(encodeLastChunk([["a", "b"]]).slice());
  assert.equal(
    text(join(pieces)),
    `5\r\nhello\r\n4e20\r\n${"x".repeat(20_000)}\r\n0\r\na: b\r\n\r\n`,
  );
  assert.equal(text(encodeLastChunk()), "0\r\n\r\n");
});
