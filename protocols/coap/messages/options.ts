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

/** How an option of a request must be. */
export interface OptionRule {
  readonly name: string;
  /** Bytes of the shortest and of the longest value. */
  readonly min: number;
  readonly max: number;
  readonly repeatable: boolean;
}

/** Bytes of the longest segment of a path, query or host (RFC 7252 §5.10). */
export const MAX_TEXT_BYTES = 255;

function rule(
  name: string,
  [min, max]: readonly [number, number],
  repeatable = false,
): OptionRule {
  return { name, min, max, repeatable };
}

// A Map would hash for every option of every request; the highest number is 292.
const rules: (OptionRule | undefined)[] = Array.from({ length: Options.requestTag + 1 });
rules[Options.ifMatch] = rule("If-Match", [0, 8], true);
rules[Options.uriHost] = rule("Uri-Host", [1, MAX_TEXT_BYTES]);
rules[Options.etag] = rule("ETag", [1, 8], true);
rules[Options.ifNoneMatch] = rule("If-None-Match", [0, 0]);
rules[Options.observe] = rule("Observe", [0, 3]);
rules[Options.uriPort] = rule("Uri-Port", [0, 2]);
rules[Options.uriPath] = rule("Uri-Path", [0, MAX_TEXT_BYTES], true);
rules[Options.contentFormat] = rule("Content-Format", [0, 2]);
rules[Options.maxAge] = rule("Max-Age", [0, 4]);
rules[Options.uriQuery] = rule("Uri-Query", [0, MAX_TEXT_BYTES], true);
rules[Options.accept] = rule("Accept", [0, 2]);
rules[Options.block2] = rule("Block2", [0, 3]);
rules[Options.block1] = rule("Block1", [0, 3]);
rules[Options.size2] = rule("Size2", [0, 4]);
rules[Options.proxyUri] = rule("Proxy-Uri", [1, 1034]);
rules[Options.proxyScheme] = rule("Proxy-Scheme", [1, MAX_TEXT_BYTES]);
rules[Options.size1] = rule("Size1", [0, 4]);
rules[Options.echo] = rule("Echo", [1, 40]);
rules[Options.noResponse] = rule("No-Response", [0, 1]);
rules[Options.requestTag] = rule("Request-Tag", [0, 8], true);

/** The rule of an option; undefined for one that we do not know. */
export function ruleOf(number: number): OptionRule | undefined {
  return rules[number];
}

/** True when a receiver that does not know the option must refuse the message (RFC 7252 §5.4.6). */
export function isCritical(number: number): boolean {
  return (number & 1) === 1;
}

/** Reads an unsigned integer, which may have leading zeros (RFC 7252 §3.2). */
export function uintOf(value: Uint8Array): number {
  let out = 0;
  for (let i = 0; i < value.length; i++) out = out * 256 + value[i]!;
  return out;
}

/** An unsigned integer of at most 32 bits in its shortest form: 0 has no bytes (RFC 7252 §3.2). */
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
