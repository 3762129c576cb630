import { Code, NON, NONE, writeHead } from "./codec.ts";
import { writeObserved } from "./representation.ts";

/** Bytes of header, token and Observe option at their longest. */
const MAX_HEAD_BYTES = 4 + 8 + 4;

/** Bytes that every error fits into, whatever the wire carries: RFC 7252 §4.6 asks for 1,152. */
const MIN_BYTES = 512;

/** The one buffer in which datagrams are composed. What it returns is valid until the next one. */
export class Composer {
  readonly #out: Uint8Array;
  /** Bytes of the longest options and payload. */
  readonly maxBodyBytes: number;

  constructor(maxBytes: number) {
    this.#out = new Uint8Array(Math.max(maxBytes, MIN_BYTES));
    this.maxBodyBytes = this.#out.length - MAX_HEAD_BYTES;
  }

  message(
    type: number,
    code: number,
    id: number,
    token: Uint8Array,
    body: Uint8Array,
  ): Uint8Array {
    const at = writeHead(this.#out, type, code, id, token);
    if (body.length > 0) this.#out.set(body, at);
    return this.#out.subarray(0, at + body.length);
  }

  /** A message of four bytes: an acknowledgement or a reset. */
  empty(type: number, id: number): Uint8Array {
    return this.message(type, Code.empty, id, NONE, NONE);
  }

  /** A notification, `NON` unless `type` says otherwise. */
  notification(
    id: number,
    token: Uint8Array,
    body: Uint8Array,
    sequence: number,
    type: number = NON,
  ): Uint8Array {
    const at = writeHead(this.#out, type, Code.content, id, token);
    return this.#out.subarray(0, writeObserved(this.#out, at, body, sequence));
  }
}
