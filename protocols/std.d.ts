// The npm package that carries the Deno standard library has no types: these are the functions in
// use.

declare module "@std/encoding/base64" {
  /** Bytes as base64 (RFC 4648 §4). */
  export function encodeBase64(data: Uint8Array | ArrayBuffer | string): string;
  /** Base64 as bytes; throws a `TypeError` when it is not base64. */
  export function decodeBase64(text: string): Uint8Array<ArrayBuffer>;
}

declare module "@std/http/negotiation" {
  /** The first of `types` in the client's order of preference; undefined when none will do. */
  export function accepts(
    request: { headers: { get(name: string): string | null | undefined } },
    ...types: string[]
  ): string | undefined;
}

declare module "@std/http/status" {
  /** Reason phrases by status code. */
  export const STATUS_TEXT: Record<number, string | undefined>;
}
