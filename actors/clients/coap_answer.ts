import { Code, type Message } from "../../protocols/coap/messages/codec.ts";
import { mediaTypeOf } from "../../protocols/coap/messages/content_format.ts";
import { Options, uintOf } from "../../protocols/coap/messages/options.ts";
import { textsOf } from "../../protocols/coap/paths/uri.ts";

/**
 * A CoAP server's answer to a request (RFC 7252 §5.2), also when that is an error.
 *
 * @example An error and its reason
 * ```ts
 * import { coap, CoapAnswer, coapClient, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}`);
 * const answer = await client.get("/topics/home/door");
 * assert.ok(answer instanceof CoapAnswer);
 * assert.equal(answer.code, "4.04");
 * assert.equal(answer.ok, false);
 * assert.equal(answer.text(), "This topic holds no value");
 * ```
 */
export class CoapAnswer {
  readonly #message: Message;

  /** @ignore */
  constructor(message: Message) {
    this.#message = message;
  }

  /** The response code as class and detail, such as `2.05` (RFC 7252 §12.1.2). */
  get code(): string {
    const { code } = this.#message;
    return `${code >> 5}.${String(code & 31).padStart(2, "0")}`;
  }

  /** True for success: 2.xx. */
  get ok(): boolean {
    return this.#message.code < Code.badRequest;
  }

  /** The whole body, its blocks joined (RFC 7959). */
  get payload(): Uint8Array {
    return this.#message.payload;
  }

  /** The number of the Content-Format; undefined when the server does not say. */
  get contentFormat(): number | undefined {
    return this.#number(Options.contentFormat);
  }

  /** The Content-Format as a media type, such as `application/json`. */
  get contentType(): string | undefined {
    const format = this.contentFormat;
    return format === undefined ? undefined : mediaTypeOf(format);
  }

  /** The tag of this version of the resource, for `ifMatch` and `etag` of later requests. */
  get etag(): Uint8Array | undefined {
    return this.#value(Options.etag);
  }

  /** Seconds for which the answer is fresh; 60 when the server does not say (RFC 7252 §5.10.5). */
  get maxAge(): number {
    return this.#number(Options.maxAge) ?? 60;
  }

  /** The path, with its query, of the resource that was created; undefined when there is none. */
  get location(): string | undefined {
    const path = textsOf(this.#message, Options.locationPath).map(encodeURIComponent);
    const query = textsOf(this.#message, Options.locationQuery).map(encodeURI);
    if (path.length + query.length === 0) return undefined;
    return `/${path.join("/")}${query.length === 0 ? "" : `?${query.join("&")}`}`;
  }

  /** Numbers and values of all options, in rising order. */
  get options(): readonly { readonly number: number; readonly value: Uint8Array }[] {
    return this.#message.options;
  }

  /** The body as UTF-8 text; of an error, its reason. */
  text(): string {
    return new TextDecoder().decode(this.payload);
  }

  /** The body as JSON. Throws a `SyntaxError` when it is none. */
  json(): unknown {
    return JSON.parse(this.text());
  }

  #value(wanted: number): Uint8Array | undefined {
    return this.#message.options.find(({ number }) => number === wanted)?.value;
  }

  #number(wanted: number): number | undefined {
    const value = this.#value(wanted);
    return value && uintOf(value);
  }
}
