/** Option numbers (RFC 7252 §12.2, RFC 7641 §2, RFC 7959 §6, RFC 7967 §6, RFC 9175 §6). */
export const Options = {
  ifMatch: 1,
  uriHost: 3,
  etag: 4,
  ifNoneMatch: 5,
  observe: 6,
  uriPort: 7,
  locationPath: 8,
  uriPath: 11,
  contentFormat: 12,
  maxAge: 14,
  uriQuery: 15,
  accept: 17,
  locationQuery: 20,
  block2: 23,
  block1: 27,
  size2: 28,
  proxyUri: 35,
  proxyScheme: 39,
  size1: 60,
  echo: 252,
  noResponse: 258,
  requestTag: 292,
} as const;

/** How the value of an option is read. */
type OptionFormat = "empty" | "opaque" | "uint" | "string";

/** What a request may say about one option. */
export interface OptionRule {
  readonly name: string;
  readonly format: OptionFormat;
  /** Bytes of the shortest and of the longest value. */
  readonly min: number;
  readonly max: number;
  readonly repeatable: boolean;
}

function rule(
  name: string,
  format: OptionFormat,
  [min, max]: readonly [number, number],
  repeatable = false,
): OptionRule {
  return { name, format, min, max, repeatable };
}

// A Map would hash for every option of every request; the highest number is 292.
const rules: (OptionRule | undefined)[] = Array.from({ length: Options.requestTag + 1 });
rules[Options.ifMatch] = rule("If-Match", "opaque", [0, 8], true);
rules[Options.uriHost] = rule("Uri-Host", "string", [1, 255]);
rules[Options.etag] = rule("ETag", "opaque", [1, 8], true);
rules[Options.ifNoneMatch] = rule("If-None-Match", "empty", [0, 0]);
rules[Options.observe] = rule("Observe", "uint", [0, 3]);
rules[Options.uriPort] = rule("Uri-Port", "uint", [0, 2]);
rules[Options.uriPath] = rule("Uri-Path", "string", [0, 255], true);
rules[Options.contentFormat] = rule("Content-Format", "uint", [0, 2]);
rules[Options.maxAge] = rule("Max-Age", "uint", [0, 4]);
rules[Options.uriQuery] = rule("Uri-Query", "string", [0, 255], true);
rules[Options.accept] = rule("Accept", "uint", [0, 2]);
rules[Options.block2] = rule("Block2", "uint", [0, 3]);
rules[Options.block1] = rule("Block1", "uint", [0, 3]);
rules[Options.size2] = rule("Size2", "uint", [0, 4]);
rules[Options.proxyUri] = rule("Proxy-Uri", "string", [1, 1034]);
rules[Options.proxyScheme] = rule("Proxy-Scheme", "string", [1, 255]);
rules[Options.size1] = rule("Size1", "uint", [0, 4]);
rules[Options.echo] = rule("Echo", "opaque", [1, 40]);
rules[Options.noResponse] = rule("No-Response", "uint", [0, 1]);
rules[Options.requestTag] = rule("Request-Tag", "opaque", [0, 8], true);

/** The rule of an option, or undefined when we do not know it. */
export function ruleOf(number: number): OptionRule | undefined {
  return rules[number];
}

/** True when who does not understand the option must refuse the message (RFC 7252 §5.4.6). */
export function isCritical(number: number): boolean {
  return (number & 1) === 1;
}

/** An unsigned integer; leading zeros are allowed to a sender that knows no better (§3.2). */
export function uintOf(value: Uint8Array): number {
  let out = 0;
  for (let i = 0; i < value.length; i++) out = out * 256 + value[i]!;
  return out;
}

/** The shortest form of an unsigned integer of at most 32 bits: 0 has no bytes. */
export function uint(value: number): Uint8Array<ArrayBuffer> {
  const size = value === 0
    ? 0
    : value < 0x100
    ? 1
    : value < 0x10000
    ? 2
    : value < 0x1000000
    ? 3
    : 4;
  const out = new Uint8Array(size);
  for (let i = size - 1; i >= 0; i--, value = Math.floor(value / 256)) out[i] = value;
  return out;
}
