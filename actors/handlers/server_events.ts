/**
 * One event of a stream of server-sent events (HTML §9.2).
 *
 * @example An event with a name, and an id from which a browser can go on
 * ```ts
 * import { events, type ServerEvent } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const event: ServerEvent = { id: "7", event: "alarm", data: "too hot\nvery" };
 * const answer = events((async function* () {
 *   yield event;
 * })());
 * assert.match(await answer.text(), /id: 7\nevent: alarm\ndata: too hot\ndata: very\n\n$/);
 * ```
 */
export interface ServerEvent {
  /** What it says, of any number of lines. */
  data: string;
  /** The name of the event; without one browsers call it `message`. */
  event?: string;
  /** What a browser that has lost the connection sends back in `Last-Event-ID`. */
  id?: string;
  /** Milliseconds that a browser which loses the connection waits before it connects again. */
  retryMs?: number;
}

/** Shorter than the minute after which proxies usually close what is silent. */
const KEEP_ALIVE_MS = 15_000;
const encoder = new TextEncoder();

/**
 * Makes an answer of server-sent events. They are taken from `source` as fast as the client reads,
 * until the source ends, or the client goes, which ends the source. A comment every `keepAliveMs`,
 * 15,000 by default, keeps the connection open while there is nothing to say.
 *
 * @example A countdown
 * ```ts
 * import { events, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * async function* countdown(from: number) {
 *   for (let left = from; left >= 0; left--) yield `${left}`;
 * }
 *
 * await using hub = gateway();
 * hub.handle("/countdown", () => events(countdown(2)));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/countdown`);
 * assert.equal(answer.headers.get("content-type"), "text/event-stream");
 * assert.match(await answer.text(), /data: 2\n\ndata: 1\n\ndata: 0\n\n$/);
 * ```
 */
export function events(
  source: AsyncIterable<ServerEvent | string>,
  { keepAliveMs = KEEP_ALIVE_MS, headers }: { keepAliveMs?: number; headers?: HeadersInit } = {},
): Response {
  const iterator = source[Symbol.asyncIterator]();
  let timer: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      // The head of the answer leaves with its first bytes, and the first event may take a while.
      controller.enqueue(encoder.encode(":\n\n"));
      timer = setInterval(() => {
        if ((controller.desiredSize ?? 0) > 0) controller.enqueue(encoder.encode(":\n\n"));
      }, keepAliveMs);
    },
    async pull(controller) {
      try {
        const { value, done } = await iterator.next();
        if (!done) return controller.enqueue(encoder.encode(textOf(value)));
        clearInterval(timer);
        controller.close();
      } catch (error) {
        clearInterval(timer);
        throw error;
      }
    },
    async cancel() {
      clearInterval(timer);
      await iterator.return?.();
    },
  });
  const fields = new Headers(headers);
  fields.set("content-type", "text/event-stream");
  if (!fields.has("cache-control")) fields.set("cache-control", "no-cache");
  return new Response(body, { headers: fields });
}

function textOf(event: ServerEvent | string): string {
  if (typeof event === "string") return textOf({ data: event });
  let text = "";
  if (event.id !== undefined) text += `id: ${line(event.id)}\n`;
  if (event.event !== undefined) text += `event: ${line(event.event)}\n`;
  if (event.retryMs !== undefined) text += `retry: ${Math.floor(event.retryMs)}\n`;
  for (const each of event.data.split(/\r\n|[\r\n]/)) text += `data: ${each}\n`;
  return `${text}\n`;
}

function line(text: string): string {
  if (/[\r\n\0]/.test(text)) throw new TypeError(`Cannot send "${text}": it must be one line`);
  return text;
}
