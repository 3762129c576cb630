import type { IncomingMessage } from "node:http";
import { endToEnd } from "../../protocols/web/forwarding.ts";

/** The head of a server's answer at once, and its body as it is taken; `over` hears of its end. */
export function toResponse(
  incoming: IncomingMessage,
  method: string,
  { idleMs, over }: { idleMs: number; over: () => void },
): Response {
  const { rawHeaders, statusCode: status = 502 } = incoming;
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  }
  const headers = new Headers(endToEnd(pairs, incoming.headers.connection ?? null));
  const isEmpty = method === "HEAD" || status === 204 || status === 304;
  if (isEmpty) {
    incoming.resume();
    over();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(incoming, idleMs, over), { status, headers });
}

/** The body, read from the server as it is taken from here. */
function bodyOf(
  incoming: IncomingMessage,
  idleMs: number,
  over: () => void,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  const finish = () => {
    if (!isOver) over();
    isOver = true;
  };
  incoming.setTimeout(idleMs, () => incoming.destroy(new Error("the server fell silent")));
  return new ReadableStream({
    start(controller) {
      incoming.on("data", (bytes: Uint8Array) => {
        controller.enqueue(new Uint8Array(bytes));
        incoming.pause();
      });
      incoming.once("end", () => {
        finish();
        controller.close();
      });
      incoming.once("error", (error) => {
        finish();
        controller.error(error);
      });
      incoming.once("close", () => {
        if (isOver) return;
        finish();
        controller.error(new Error("the server hung up within its answer"));
      });
      incoming.pause();
    },
    pull: () => void incoming.resume(),
    cancel() {
      finish();
      incoming.destroy();
    },
  }, { highWaterMark: 0 });
}
