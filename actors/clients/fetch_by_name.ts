import { type IncomingMessage, request as askPlainly } from "node:http";
import { request as askSecurely } from "node:https";
import { Readable } from "node:stream";
import { hasResolver, hostLookup } from "./names.ts";

/** What is asked: of a `RequestInit` what a gateway needs. */
export interface Asked {
  method?: string;
  headers?: HeadersInit;
  body?: string | Uint8Array;
  redirect?: RequestRedirect;
  signal: AbortSignal;
}

/**
 * `fetch`, but that a host is looked up by the name servers that are set, where some are: `fetch` asks
 * the system only. Then redirections are answers, which nobody follows.
 */
export function fetchByName(url: string | URL, { body, ...asked }: Asked): Promise<Response> {
  if (!hasResolver()) {
    const sent = typeof body === "string" ? body : body?.slice();
    return fetch(url, sent === undefined ? asked : { ...asked, body: sent });
  }
  const target = new URL(url), { method = "GET", headers, signal } = asked;
  const ask = target.protocol === "https:" ? askSecurely : askPlainly;
  return new Promise((resolve, reject) => {
    const lookup = hostLookup()!, fields = Object.fromEntries(new Headers(headers));
    const request = ask(target, { method, headers: fields, signal, lookup, agent: false });
    request.once("error", reject);
    request.once("response", (answer) => resolve(responseOf(answer)));
    request.end(body);
  });
}

function responseOf(answer: IncomingMessage): Response {
  const headers = new Headers(), { statusCode: status = 502, rawHeaders } = answer;
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    headers.append(rawHeaders[at]!, rawHeaders[at + 1]!);
  }
  const isEmpty = status === 204 || status === 205 || status === 304;
  if (isEmpty) answer.resume();
  const body = isEmpty ? null : Readable.toWeb(answer) as ReadableStream<Uint8Array<ArrayBuffer>>;
  return new Response(body, { status, headers });
}
