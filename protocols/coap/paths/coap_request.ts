import { Options } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { sameBytes } from "../topics/representation.ts";
import { type CoapMethod, methodOf } from "./http_request.ts";
import { pathOf, textsOf } from "./uri.ts";

/**
 * A request in CoAP's own terms (RFC 7252 §5), with its whole body. Content-Formats are numbers,
 * such as 0 for text and 50 for JSON.
 *
 * @example A value that is set only by who knows the last one
 * ```ts
 * import { type CoapRequest, type CoapResponse, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * let value = "on", version = 1;
 * function lamp(request: CoapRequest): CoapResponse {
 *   const etag = `v${version}`;
 *   if (!request.meets(etag)) return { code: "4.12" };
 *   if (request.method === "GET") return { payload: value, etag };
 *   value = request.text();
 *   return { code: "2.04", etag: `v${++version}` };
 * }
 *
 * await using hub = gateway();
 * const resource = hub.coap("/lamp", lamp, { rt: "lamp" });
 * assert.equal(resource.observers, 0);
 * ```
 */
export interface CoapRequest {
  /** Its method; there are no others. */
  readonly method: CoapMethod;
  /** Its path as in a URI: `/a/b%20c`. */
  readonly path: string;
  /** The segments of its path, decoded: `["a", "b c"]`. One may be empty, or contain a slash. */
  readonly segments: readonly string[];
  /** Its Uri-Query options, decoded: `["unit=C", "raw"]`. */
  readonly queries: readonly string[];
  /** The body. */
  readonly payload: Uint8Array;
  /** The Content-Format of the body; undefined when it does not say. */
  readonly format: number | undefined;
  /** The only Content-Format that the client accepts; undefined for any (RFC 7252 §5.10.4). */
  readonly accept: number | undefined;
  /** ETags of values that the client has. GET and FETCH of one of them are answered 2.03 by us. */
  readonly etags: readonly Uint8Array[];
  /** The value must have one of these ETags; an empty one stands for any value. */
  readonly ifMatch: readonly Uint8Array[] | undefined;
  /** There must be no value (RFC 7252 §5.10.8.2). */
  readonly ifNoneMatch: boolean;
  /** True when the client wants to be told of changes, or this is for a notification. */
  readonly observes: boolean;
  /** The body as text, with U+FFFD for what is not UTF-8. */
  text(): string;
  /** The value of a query such as `unit=C`; empty for one without a value, undefined for none. */
  query(name: string): string | undefined;
  /** The values of all options with this number. */
  option(number: number): readonly Uint8Array[];
  /**
   * True when If-Match and If-None-Match are met by a value with this ETag; undefined: no value.
   */
  meets(etag: string | Uint8Array | undefined): boolean;
}

const encoder = new TextEncoder(), decoder = new TextDecoder();

/** The bytes of an ETag, which may be given as text. */
export function etagBytes(etag: string | Uint8Array): Uint8Array {
  return typeof etag === "string" ? encoder.encode(etag) : etag;
}

/** A request that has been read, as handlers see it. */
export class ReadRequest implements CoapRequest {
  readonly method: CoapMethod;
  readonly #request: Request;

  /** The method of `request` must be a known one. */
  constructor(request: Request) {
    this.#request = request;
    this.method = methodOf(request.message.code)!;
  }

  get path(): string {
    return pathOf(this.#request.message);
  }

  get segments(): readonly string[] {
    return textsOf(this.#request.message, Options.uriPath);
  }

  get queries(): readonly string[] {
    return this.#request.queries ?? [];
  }

  get payload(): Uint8Array {
    return this.#request.payload;
  }

  get format(): number | undefined {
    return this.#request.contentFormat;
  }

  get accept(): number | undefined {
    return this.#request.accept;
  }

  get etags(): readonly Uint8Array[] {
    return this.#request.etags ?? [];
  }

  get ifMatch(): readonly Uint8Array[] | undefined {
    return this.#request.ifMatch;
  }

  get ifNoneMatch(): boolean {
    return this.#request.ifNoneMatch;
  }

  get observes(): boolean {
    return this.#request.observe === 0;
  }

  text(): string {
    return decoder.decode(this.payload);
  }

  query(name: string): string | undefined {
    const found = this.queries.find((each) => each === name || each.startsWith(`${name}=`));
    return found?.slice(name.length + 1);
  }

  option(number: number): readonly Uint8Array[] {
    const { options } = this.#request.message;
    return options.flatMap((each) => each.number === number ? [each.value] : []);
  }

  meets(etag: string | Uint8Array | undefined): boolean {
    const { ifMatch, ifNoneMatch } = this;
    if (ifNoneMatch && etag !== undefined) return false;
    if (ifMatch === undefined) return true;
    if (etag === undefined) return false;
    const now = etagBytes(etag);
    return ifMatch.some((each) => each.length === 0 || sameBytes(each, now));
  }
}
