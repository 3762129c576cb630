import { request as askPlainly } from "node:http";
import { request as askSecurely } from "node:https";
import { answerTo, toResponse } from "../web/upstream_answer.ts";
import { hasResolver, hostLookup } from "./names.ts";

/** Milliseconds after which a server that says no more of its answer is given up. */
const IDLE_MS = 60_000;

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
export async function fetchByName(url: string | URL, { body, ...asked }: Asked): Promise<Response> {
  if (!hasResolver()) {
    const sent = typeof body === "string" ? body : body?.slice();
    const answer = await fetch(url, sent === undefined ? asked : { ...asked, body: sent });
    if (answer.status >= 200) return answer;
    throw new Error(`Cannot use status ${answer.status}: nobody asked for another protocol`);
  }
  const target = new URL(url), { method = "GET", headers, signal } = asked;
  const ask = target.protocol === "https:" ? askSecurely : askPlainly;
  const lookup = hostLookup()!, fields = Object.fromEntries(new Headers(headers));
  const request = ask(target, { method, headers: fields, signal, lookup, agent: false });
  request.end(body);
  try {
    return toResponse(await answerTo(request), method, { idleMs: IDLE_MS, over() {} });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
