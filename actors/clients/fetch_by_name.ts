import { request as askPlainly } from "node:http";
import { request as askSecurely } from "node:https";
import { answerTo, toResponse } from "../web/proxy/upstream_answer.ts";
import { hasResolver, hostLookup } from "./names.ts";

/** Milliseconds after which a server that says no more of its answer is given up. */
const IDLE_MS = 60_000;

/** What is asked: those members of a `RequestInit` that a gateway needs. */
interface Asked {
  method?: string;
  headers?: HeadersInit;
  body?: string | Uint8Array;
  redirect?: RequestRedirect;
  signal: AbortSignal;
}

/**
 * `fetch`, which looks hosts up by the name servers that are set: Deno's own only asks the system.
 * With name servers, a redirection is an answer like any other, and nobody follows it.
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
    const server = new URL(target.origin);
    return toResponse(await answerTo(request), method, { server, idleMs: IDLE_MS, over() {} });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
