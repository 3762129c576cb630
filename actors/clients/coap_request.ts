import { szxOf } from "../../protocols/coap/blocks/block.ts";
import type { Wish } from "../../protocols/coap/client/questions.ts";
import { type CoapUrl, pathOptions } from "../../protocols/coap/client/url.ts";
import { Code } from "../../protocols/coap/messages/codec.ts";
import { formatOf } from "../../protocols/coap/messages/content_format.ts";
import { Option } from "../../protocols/coap/messages/option_bytes.ts";
import { Options, uint } from "../../protocols/coap/messages/options.ts";
import type { CoapMethod } from "../../protocols/coap/paths/http_request.ts";
import type { CoapClientOptions } from "./coap_client.ts";

/**
 * What a CoAP request says beside its method and path: its body, and its options.
 *
 * @example Setting a value that nobody else has changed meanwhile
 * ```ts
 * import { coap, coapClient, type CoapRequestInit, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}/topics/count`);
 * await client.put("", { payload: "1" });
 * const { etag } = await client.get("");
 * const request: CoapRequestInit = { payload: "2", contentFormat: "text/plain", ifMatch: etag! };
 * assert.equal((await client.put("", request)).code, "2.04");
 * assert.equal((await client.put("", request)).code, "4.12");
 * ```
 */
export interface CoapRequestInit {
  /** The body; text goes as UTF-8. */
  payload?: Uint8Array | string;
  /** The Content-Format of the body, by number or media type. */
  contentFormat?: number | string;
  /** The Content-Format that the answer must have, by number or media type; default: any. */
  accept?: number | string;
  /** The ETag that the resource must have for this to be done; an empty one stands for any. */
  ifMatch?: Uint8Array;
  /** True for a request that is done only if there is no such resource yet. */
  ifNoneMatch?: boolean;
  /** The ETag of the version that we have: if it is still current, 2.03 comes without a body. */
  etag?: Uint8Array;
  /** False sends each message once and wants no acknowledgement; default true. */
  confirmable?: boolean;
  /** Further options, in any order. */
  options?: readonly { number: number; value: Uint8Array }[];
  /** Gives up the request, or ends the observation, when it aborts. */
  signal?: AbortSignal;
}

/** The methods of CoAP (RFC 7252 §5.8, RFC 8132). */
const methods: Record<CoapMethod, number> = {
  GET: Code.get,
  POST: Code.post,
  PUT: Code.put,
  DELETE: Code.delete,
  FETCH: Code.fetch,
  PATCH: Code.patch,
  iPATCH: Code.ipatch,
};

/** MAX_TRANSMIT_WAIT (RFC 7252 §4.8.2). */
const TIMEOUT_MS = 93_000;

const utf8 = new TextEncoder();

/** What a client asks for, in CoAP's own terms. Throws a `TypeError` when that cannot be said. */
export function wishOf(
  method: CoapMethod,
  path: string,
  { request, url, options: { username, password, timeoutMs = TIMEOUT_MS, blockBytes }, maxBytes }: {
    request: CoapRequestInit;
    url: CoapUrl;
    options: CoapClientOptions;
    maxBytes: number;
  },
): Wish {
  const { payload = "" } = request, all = placeOf(path, url);
  const add = (number: number, value: Uint8Array) => all.push(new Option(number, value));
  if (username !== undefined) add(Options.uriQuery, utf8.encode(`u=${username}`));
  if (password !== undefined) add(Options.uriQuery, utf8.encode(`p=${password}`));
  if (request.ifMatch) add(Options.ifMatch, request.ifMatch);
  if (request.ifNoneMatch) add(Options.ifNoneMatch, new Uint8Array());
  if (request.etag) add(Options.etag, request.etag);
  if (request.contentFormat !== undefined) {
    add(Options.contentFormat, uint(formatNumber(request.contentFormat)));
  }
  if (request.accept !== undefined) add(Options.accept, uint(formatNumber(request.accept)));
  for (const { number, value } of request.options ?? []) add(number, value);
  return {
    code: methods[method],
    options: all.sort((a, b) => a.number - b.number),
    payload: typeof payload === "string" ? utf8.encode(payload) : payload,
    isConfirmable: request.confirmable ?? true,
    szx: blockBytes === undefined ? undefined : szxOf(blockBytes),
    maxBytes,
    timeoutMs,
  };
}

/** Host, path and query: an absolute path takes the place of that of the URL. */
function placeOf(path: string, { options }: CoapUrl): Option[] {
  const kept = path.startsWith("/")
    ? options.filter(({ number }) => number === Options.uriHost)
    : options;
  return [...kept, ...pathOptions(path)];
}

function formatNumber(format: number | string): number {
  const found = typeof format === "number" ? format : formatOf(format);
  if (found !== undefined && found >= 0 && found <= 0xffff) return found;
  throw new TypeError(
    `Cannot use "${format}" as a Content-Format: give a number from 0 to 65535, or a media type that has one`,
  );
}
