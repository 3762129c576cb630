import { Fields, type RequestHead } from "../../http/messages/message.ts";
import { isHost } from "../../http/messages/target.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { mediaTypeOf } from "../messages/content_format.ts";
import { Options, uintOf } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import type { Etags } from "./etags.ts";
import { hasDots, pathOf, queryOf, textsOf } from "./uri.ts";

/**
 * A method of CoAP (RFC 7252 §5.8, RFC 8132 §1).
 *
 * @example Those that change nothing
 * ```ts
 * import type { CoapMethod } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const safe: CoapMethod[] = ["GET", "FETCH"];
 * assert.equal(safe.length, 2);
 * ```
 */
export type CoapMethod = "GET" | "POST" | "PUT" | "DELETE" | "FETCH" | "PATCH" | "iPATCH";

/** The methods in the order of their codes, from 0.01 on. */
const methods: readonly CoapMethod[] = ["GET", "POST", "PUT", "DELETE", "FETCH", "PATCH", "iPATCH"];

/** The name of a method; undefined for a code that is none. */
export function methodOf(code: number): CoapMethod | undefined {
  return methods[code - 1];
}

/** A request in HTTP (RFC 7252 §10.2, RFC 8075 §5), or the refusal of one that HTTP cannot say. */
export function headOf(request: Request, etags: Etags): RequestHead | Answer {
  const { message, contentFormat, accept, payload } = request, method = methodOf(message.code);
  if (method === undefined) return refusal(Code.methodNotAllowed, "This method is not known here");
  if (hasDots(message)) return refusal(Code.badRequest, 'Cannot use "." or ".." in a path');
  const host = hostOf(request);
  if (!isHost(host)) return refusal(Code.badRequest, `Cannot use "${host}" as a host`);
  const fields = new Fields([["host", host]]);
  if (contentFormat !== undefined) fields.append("content-type", mediaTypeOf(contentFormat));
  if (payload.length > 0) fields.append("content-length", `${payload.length}`);
  if (accept !== undefined) fields.append("accept", mediaTypeOf(accept));
  const { ifMatch, ifNoneMatch } = request;
  if (ifMatch !== undefined) {
    const isAny = ifMatch.some((each) => each.length === 0);
    fields.append("if-match", isAny ? "*" : tagsOf(ifMatch, etags));
  }
  // The ETags of a request are a condition as in HTTP (RFC 7252 §5.10.6.2).
  if (ifNoneMatch) fields.append("if-none-match", "*");
  else if (request.etags) fields.append("if-none-match", tagsOf(request.etags, etags));
  return { method, path: pathOf(message), query: queryOf(message), minor: 1, fields };
}

/** The authority in the URI of a request; "localhost" without one, as our address is not known. */
export function hostOf({ message }: Pick<Request, "message">): string {
  const [host = "localhost"] = textsOf(message, Options.uriHost);
  const port = message.options.find(({ number }) => number === Options.uriPort);
  return port === undefined ? host : `${host}:${uintOf(port.value)}`;
}

function tagsOf(all: readonly Uint8Array[], etags: Etags): string {
  return all.map((each) => etags.decode(each)).join(", ");
}
