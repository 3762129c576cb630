import { Code, type Message } from "./codec.ts";
import { Options } from "./options.ts";

/**
 * What requests for the blocks of one body have in common (RFC 7252 §5.4.2, RFC 7959 §2.4): the
 * method and the options of the cache key, and the payload where that is part of the question
 * (RFC 8132 §2). Request-Tags are among them (RFC 9175 §3.3).
 */
export function cacheKey({ code, options }: Message, payload: Uint8Array): string {
  let key = String.fromCharCode(code);
  for (const { number, value } of options) {
    if (isBlock(number) || (number & 0x1e) === 0x1c || number === Options.observe) continue;
    key += String.fromCharCode(number, value.length) + textOf(value);
  }
  return code === Code.fetch ? key + textOf(payload) : key;
}

function isBlock(number: number): boolean {
  return number === Options.block1 || number === Options.block2;
}

/** Bytes as text: one character for each. */
export function textOf(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
