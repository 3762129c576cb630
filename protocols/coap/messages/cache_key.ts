import { Code, type Message } from "./codec.ts";
import { Options } from "./options.ts";

/**
 * What requests for the blocks of one body have in common (RFC 7252 §5.4.2, RFC 7959 §2.4): their
 * method, the options of the cache key, among which is Request-Tag (RFC 9175 §3.3), and for FETCH
 * the payload (RFC 8132 §2).
 */
export function cacheKey({ code, options }: Message, payload: Uint8Array): string {
  let key = String.fromCharCode(code);
  for (const { number, value } of options) {
    // Left out are Block options, Observe, and what is NoCacheKey (RFC 7252 §5.4.6).
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
