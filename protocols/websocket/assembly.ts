import { isUtf8 } from "node:buffer";
import { ProtocolError } from "../session.ts";
import { Backlog } from "./backlog.ts";
import { closeCodes } from "./codes.ts";
import type { WebSocketLimits } from "./limits.ts";
import { Utf8Check } from "./utf8.ts";

/** Puts whole messages together from the pieces in which frames and reads bring them. */
export class Assembly {
  /** True when the message at hand is text. */
  text = false;
  #charged = 0;
  #utf8 = new Utf8Check();
  readonly #backlog = new Backlog();
  readonly #limits: WebSocketLimits;

  constructor(limits: WebSocketLimits) {
    this.#limits = limits;
  }

  /** A data frame begins: refuses what will be too long before it arrives. */
  frame(text: boolean, length: number, final: boolean): void {
    const { maxMessageBytes, minFragmentBytes } = this.#limits;
    if (this.#charged + length > maxMessageBytes) {
      throw new ProtocolError(
        `Cannot accept a message of more than ${maxMessageBytes} bytes`,
        closeCodes.tooBig,
      );
    }
    this.text = text;
    // Many tiny fragments must not be cheaper than the work that they make.
    this.#charged += final ? length : Math.max(length, minFragmentBytes);
  }

  /** The next piece of a message that nobody puts together: only checks that text is UTF-8. */
  check(bytes: Uint8Array, last: boolean): void {
    if (!this.text) return;
    if (!this.#utf8.push(bytes) || (last && !this.#utf8.whole)) throw notUtf8();
  }

  /** The next piece of payload; the message once it is whole, valid until the next call. */
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
