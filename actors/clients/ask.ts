import type { Answered, Asking } from "../command/client/client.ts";
import type { CoapAnswer } from "./coap_answer.ts";
import { coapClient } from "./coap_client.ts";
import type { CoapRequestInit } from "./coap_request.ts";
import { httpRequest } from "./http_request.ts";
import { webEvents } from "./web_events.ts";

/** Asks for a command, by CoAP or HTTP. */
export async function ask(asking: Asking): Promise<Answered> {
  if (isWeb(asking)) return await askWeb(asking);
  await using client = clientOf(asking);
  return answered(await client.request(asking.method, "", requestOf(asking)));
}

/** Follows for a command, by CoAP or as server-sent events. */
export async function* follow(asking: Asking, signal: AbortSignal): AsyncIterable<Answered> {
  if (isWeb(asking)) return yield* webEvents(asking.url, initOf(asking, signal));
  await using client = clientOf(asking);
  const request = { ...requestOf(asking), signal };
  for await (const answer of client.observe("", request)) yield answered(answer);
}

function isWeb({ url }: Asking): boolean {
  return /^https?:/i.test(url);
}

function clientOf({ url, username, password, tls, timeoutMs, blockBytes }: Asking) {
  return coapClient(url, { username, password, tls, timeoutMs, blockBytes });
}

function requestOf({ payload, contentType, accept, confirmable }: Asking): CoapRequestInit {
  return {
    confirmable,
    ...payload && { payload },
    ...contentType !== undefined && { contentFormat: formatOf(contentType) },
    ...accept !== undefined && { accept: formatOf(accept) },
  };
}

function formatOf(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function answered(answer: CoapAnswer): Answered {
  const { code, ok, payload, contentType, etag, maxAge, location } = answer;
  const head = [code];
  if (contentType !== undefined) head.push(`Content-Format: ${contentType}`);
  if (etag !== undefined) head.push(`ETag: ${etag.toHex()}`);
  if (maxAge !== 60) head.push(`Max-Age: ${maxAge}`);
  if (location !== undefined) head.push(`Location: ${location}`);
  return { ok, payload, head };
}

async function askWeb(asking: Asking): Promise<Answered> {
  const { url, method, payload, timeoutMs, tls } = asking;
  if (tls.rejectUnauthorized === false) {
    throw new Error("over https: a certificate is always looked at; name it with --cafile");
  }
  const { ca, cert, key } = tls;
  const init = initOf(asking, AbortSignal.timeout(timeoutMs));
  const body = payload && payload.slice();
  const answer = await httpRequest(url, { ...init, method, tls: { ca, cert, key }, body });
  const { status, statusText, headers } = answer;
  const head = [
    `${status} ${statusText}`,
    ...[...headers].map(([name, value]) => `${name}: ${value}`),
  ];
  return { ok: answer.ok, head, payload: new Uint8Array(await answer.arrayBuffer()) };
}

function initOf(asking: Asking, signal: AbortSignal): { headers: Headers; signal: AbortSignal } {
  const { username, password = "", contentType, accept } = asking, headers = new Headers();
  if (username !== undefined) {
    headers.set(
      "authorization",
      `Basic ${new TextEncoder().encode(`${username}:${password}`).toBase64()}`,
    );
  }
  if (contentType !== undefined) headers.set("content-type", contentType);
  if (accept !== undefined) headers.set("accept", accept);
  return { headers, signal };
}
