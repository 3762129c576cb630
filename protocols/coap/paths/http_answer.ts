import type { RequestHead, ResponseHead } from "../../http/messages/message.ts";
import { Fields } from "../../http/messages/message.ts";
import { Answer, MAX_ERROR_BYTES, refusal, shortened } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { Format, formatOf } from "../messages/content_format.ts";
import { Option } from "../messages/option_bytes.ts";
import { Options, uint } from "../messages/options.ts";
import type { Request } from "../messages/request.ts";
import { sameBytes } from "../topics/representation.ts";
import type { Etags } from "./etags.ts";
import { locationOptions, sortedOptions } from "./uri.ts";

/** The codes of HTTP errors (RFC 8075 §7, RFC 8132 §4, RFC 8516). Others become 4.00 or 5.00. */
const errors: Readonly<Record<number, number>> = {
  401: Code.unauthorized,
  403: Code.forbidden,
  404: Code.notFound,
  405: Code.methodNotAllowed,
  406: Code.notAcceptable,
  409: Code.conflict,
  410: Code.notFound,
  412: Code.preconditionFailed,
  413: Code.tooLarge,
  415: Code.unsupportedFormat,
  422: Code.unprocessable,
  429: Code.tooManyRequests,
  501: Code.notImplemented,
  502: Code.badGateway,
  503: Code.unavailable,
  504: Code.gatewayTimeout,
};

/** The request that an HTTP answer is for, in both forms. */
export interface Asked {
  readonly request: Request;
  readonly head: RequestHead;
  readonly etags: Etags;
}

/** An HTTP answer in CoAP (RFC 7252 §10.2, and RFC 8075 §7 the other way round). */
export function answerOf({ status, fields = [] }: ResponseHead, body: Uint8Array, asked: Asked) {
  const all = new Fields(fields), { isForOther } = asked.request;
  // With 505 a forward proxy says that it does not forward this.
  const isRefused = isForOther && status === 505;
  const code = isRefused ? Code.noProxy : codeOf(status, asked.head.method);
  if (code >= Code.badRequest) return errorOf(code, status, all, body);
  return successOf(code, all, body, asked);
}

function successOf(code: number, fields: Fields, body: Uint8Array, asked: Asked): Answer {
  const { request, head } = asked, options: Option[] = [];
  const etag = etagOf(code, fields, asked);
  if (etag !== undefined) options.push(new Option(Options.etag, etag));
  const age = maxAgeOf(fields);
  if (age !== undefined) options.push(new Option(Options.maxAge, uint(age)));
  if (code === Code.valid && etag === undefined) {
    return refusal(Code.internal, "The handler of this path does not say which value is valid");
  }
  const reads = code === Code.content || code === Code.valid;
  const isKnown = reads && request.etags?.some((each) => etag && sameBytes(each, etag));
  if (code === Code.valid || isKnown) return new Answer(Code.valid, sortedOptions(options));
  const location = fields.get("location");
  if (location !== undefined) {
    const host = head.fields.get("host")!;
    options.push(...locationOptions(location, { host, path: head.path }) ?? []);
  }
  const format = body.length === 0 ? undefined : formatIn(fields);
  // Only for GET and FETCH: after a change it is too late to refuse because of the format.
  const type = fields.get("content-type"), { accept } = request;
  if (reads && body.length > 0 && accept !== undefined && type !== undefined && format !== accept) {
    return refusal(Code.notAcceptable, `Cannot answer in format ${accept}: it is ${type}`);
  }
  if (format !== undefined) options.push(new Option(Options.contentFormat, uint(format)));
  return new Answer(code, sortedOptions(options), body);
}

/**
 * Text becomes a diagnostic payload (RFC 7252 §5.5.2); other bodies are sent if short and typed.
 */
function errorOf(code: number, status: number, fields: Fields, body: Uint8Array): Answer {
  const options: Option[] = [], after = fields.get("retry-after") ?? "";
  if (/^\d{1,9}$/.test(after)) options.push(new Option(Options.maxAge, uint(Number(after))));
  const type = fields.get("content-type"), format = formatIn(fields);
  if (type === undefined || format === Format.text) {
    return new Answer(code, sortedOptions(options), shortened(body));
  }
  if (status >= 300 && status < 400) return refusal(code, "CoAP knows no redirections");
  if (format === undefined || body.length > MAX_ERROR_BYTES) {
    return new Answer(code, sortedOptions(options));
  }
  options.push(new Option(Options.contentFormat, uint(format)));
  return new Answer(code, sortedOptions(options), body);
}

function codeOf(status: number, method: string): number {
  if (status === 304) return Code.valid;
  // 303 after a change means that it was made, and where to see the result (RFC 9110 §15.4.4).
  const isDone = status === 303 && method !== "GET" && method !== "FETCH";
  if (status >= 300 && !isDone) {
    return errors[status] ??
      (status < 400 ? Code.badGateway : status < 500 ? Code.badRequest : Code.internal);
  }
  if (method === "GET" || method === "FETCH") return Code.content;
  if (status === 201) return Code.created;
  return method === "DELETE" ? Code.deleted : Code.changed;
}

/** The ETag of an answer. A 304 without one means the client's, if it sent only one. */
function etagOf(code: number, fields: Fields, { request, etags }: Asked): Uint8Array | undefined {
  const tag = fields.get("etag");
  if (tag !== undefined) return etags.encode(tag);
  return code === Code.valid && request.etags?.length === 1 ? request.etags[0] : undefined;
}

/** The number of the media type; none for an encoded body, which the number would not tell. */
function formatIn(fields: Fields): number | undefined {
  const type = fields.get("content-type"), encoding = fields.get("content-encoding") ?? "identity";
  return type === undefined || encoding !== "identity" ? undefined : formatOf(type);
}

/** Seconds for which an answer is fresh (RFC 9111 §4.2); undefined when it does not say. */
function maxAgeOf(fields: Fields): number | undefined {
  const control = (fields.get("cache-control") ?? "").toLowerCase();
  // CoAP has no way to say that an answer is for one client, or must not be kept, but Max-Age 0.
  if (/(?:^|[\s,])(?:no-store|no-cache|private)\b/.test(control)) return 0;
  const [, seconds] = /(?:^|[\s,])max-age="?(\d{1,10})\b/.exec(control) ?? [];
  if (seconds === undefined) return undefined;
  const age = Number(/^\d{1,9}$/.exec(fields.get("age") ?? "0")?.[0] ?? 0);
  return Math.min(Math.max(0, Number(seconds) - age), 0xffffffff);
}
