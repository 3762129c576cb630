import { isUtf8 } from "node:buffer";
import { ProtocolError } from "../../session.ts";
import type { WebSocketLimits } from "../limits.ts";
import { Backlog } from "./backlog.ts";
import { closeCodes } from "./codes.ts";
import { Utf8Check } from "./utf8.ts";

/** Puts messages together from the pieces in which frames and reads bring them. */
export class Assembly {
  /** True when the present message is text. */
  text = false;
  /** Bytes that the frames of the present message count for in its limit. */
  #charged = 0;
  #utf8 = new Utf8Check();
  readonly #backlog = new Backlog();
  readonly #limits: WebSocketLimits;

  constructor(limits: WebSocketLimits) {
    this.#limits = limits;
  }

  /** A data frame begins. Throws when the message will be too long, before its bytes arrive. */
  frame(text: boolean, length: number, final: boolean): void {
    const { maxMessageBytes, minFragmentBytes } = this.#limits;
    if (this.#charged + length > maxMessageBytes) {
      throw new ProtocolError(
        `Cannot accept a message of more than ${maxMessageBytes} bytes`,
        closeCodes.tooBig,
      );
    }
    this.text = text;
    // Many tiny fragments make work without reaching the limit, so each counts for some bytes.
    this.#charged += final ? length : Math.max(length, minFragmentBytes);
  }

  /** Takes the next piece of a message that is not put together here, but must be UTF-8 if text. */
  check(bytes: Uint8Array, last: boolean): void {
    if (!this.text) return;
    if (!this.#utf8.push(bytes) || (last && !this.#utf8.whole)) throw notUtf8();
  }

  /** Takes the next piece of payload. Returns the message once it is whole, until the next call. */
  add(bytes: Uint8Array, last: boolean): Uint8Array | undefined {
    if (last && this.#backlog.size === 0 && this.#utf8.whole) {
      if (this.text && !isUtf8(bytes)) throw notUtf8();
      this.#charged = 0;
      return bytes;
    }
    if (this.text && !this.#utf8.push(bytes)) throw notUtf8();
    this.#backlog.append(bytes);
    if (!last) return undefined;
    if (!this.#utf8.whole) throw notUtf8();
    const message = this.#backlog.view;
    this.#backlog.clear();
    this.#charged = 0;
    return message;
  }
}

function notUtf8(): ProtocolError {
  return new ProtocolError(
    "Cannot read the text: it is not UTF-8; send a binary frame",
    closeCodes.invalidPayload,
  );
}
