import { formatOf } from "../../../protocols/coap/messages/content_format.ts";
import type { CoapAnswer } from "../../clients/coap_answer.ts";
import { coapClient } from "../../clients/coap_client.ts";
import type { CoapRequestInit } from "../../clients/coap_request.ts";
import { plainText } from "../../handlers/plain_text.ts";
import { readBody } from "../../handlers/read_body.ts";

/** Bytes of the longest body that is passed on: what MQTT, HTTP and CoAP take here. */
export const MAX_BODY_BYTES = 1 << 20;

const methods = ["GET", "PUT", "POST", "DELETE", "PATCH"] as const;

/** Statuses of CoAP's codes (RFC 8075 §7). */
const statuses: Readonly<Record<string, number>> = {
  "2.01": 201,
  "2.02": 204,
  "2.03": 304,
  "2.04": 204,
  "2.05": 200,
  "4.00": 400,
  "4.01": 403,
  "4.02": 400,
  "4.03": 403,
  "4.04": 404,
  "4.05": 400,
  "4.06": 406,
  "4.08": 400,
  "4.09": 409,
  "4.12": 412,
  "4.13": 413,
  "4.15": 415,
  "4.22": 422,
  "4.29": 429,
  "5.00": 500,
  "5.01": 501,
  "5.02": 502,
  "5.03": 503,
  "5.04": 504,
  "5.05": 502,
};

/** Asks a CoAP server what an HTTP request wants (RFC 8075 §6, §7). */
export async function askCoap(
  origin: string,
  path: string,
  { request, timeoutMs }: { request: Request; timeoutMs: number },
): Promise<Response> {
  const isHead = request.method === "HEAD", method = isHead ? "GET" : request.method;
  if (!isMethod(method)) return plainText(501, `CoAP has no ${request.method}`);
  const init = await initOf(request);
  if (init === 413) return plainText(init, `The body has more than ${MAX_BODY_BYTES} bytes`);
  if (typeof init === "number") return plainText(init, "CoAP has no number for this media type");
  // A port of its own for each request is harder to guess than one for all (RFC 7252 §11.4).
  await using client = coapClient(origin, { timeoutMs });
  return responseTo(await client.request(method, path, init), isHead);
}

function isMethod(method: string): method is typeof methods[number] {
  return (methods as readonly string[]).includes(method);
}

/** Body and options of the CoAP request; 406, 413 or 415 when CoAP cannot express them. */
async function initOf(request: Request): Promise<CoapRequestInit | number> {
  const { headers, signal } = request, init: CoapRequestInit = { signal };
  const type = headers.get("content-type"), accept = headers.get("accept");
  const payload = await readBody(request, MAX_BODY_BYTES);
  if (payload === undefined) return 413;
  if (payload.length > 0) {
    init.payload = payload;
    const format = type === null ? undefined : formatOf(type);
    if (type !== null && format === undefined) return 415;
    if (format !== undefined) init.contentFormat = format;
  }
  // CoAP takes one, or whatever there is.
  if (accept !== null && !accept.includes("*") && !accept.includes(",")) {
    const format = formatOf(accept);
    if (format === undefined) return 406;
    init.accept = format;
  }
  const etag = bytesOf(headers.get("if-none-match")), match = bytesOf(headers.get("if-match"));
  if (headers.get("if-none-match") === "*") init.ifNoneMatch = true;
  else if (etag !== undefined) init.etag = etag;
  if (headers.get("if-match") === "*") init.ifMatch = new Uint8Array();
  else if (match !== undefined) init.ifMatch = match;
  return init;
}

function responseTo(answer: CoapAnswer, isHead: boolean): Response {
  const { code, payload, contentType, etag, maxAge, location, ok } = answer;
  const isText = !ok && contentType === undefined && payload.length > 0;
  const headers = new Headers();
  const type = contentType ?? (isText ? "text/plain; charset=utf-8" : undefined);
  if (type !== undefined) headers.set("content-type", type);
  if (etag !== undefined) headers.set("etag", `"${etag.toHex()}"`);
  if (ok) headers.set("cache-control", `max-age=${maxAge}`);
  if (location !== undefined) headers.set("location", location);
  if (code === "5.03") headers.set("retry-after", `${maxAge}`);
  // A success that has a body cannot be No Content.
  const usual = statuses[code] ?? (ok ? 200 : code.startsWith("4") ? 400 : 500);
  const status = usual === 204 && payload.length > 0 ? 200 : usual;
  const body = isHead || status === 204 || status === 304 ? null : payload.slice();
  return new Response(body, { status, headers });
}

/** An entity-tag of ours as the ETag that it was made of. */
function bytesOf(tag: string | null): Uint8Array | undefined {
  const [, digits] = /^(?:W\/)?"((?:[0-9a-f]{2}){1,8})"$/.exec(tag ?? "") ?? [];
  return digits === undefined ? undefined : Uint8Array.fromHex(digits);
}
