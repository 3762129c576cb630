import type { ClientRequest, IncomingMessage } from "node:http";
import { endToEnd } from "../../../protocols/web/forwarding.ts";
import { BrokenBody } from "../../handlers/broken_body.ts";

/** The answer to what was asked of a server; rejects when none comes that can be passed on. */
export function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const refuse = (why: string) => {
      outgoing.destroy();
      reject(new Error(why));
    };
    outgoing.once("response", (incoming: IncomingMessage) => {
      const fault = faultOf(incoming);
      if (fault === undefined) resolve(incoming);
      else refuse(fault);
    });
    // Without a listener Node hangs up, and tells nobody.
    outgoing.once("upgrade", (_, socket) => {
      socket.destroy();
      refuse("it changes to a protocol that nobody asked for");
    });
    outgoing.on("error", reject);
    outgoing.once("close", () => reject(new Error("it hung up")));
  });
}

/** What makes an answer one that nobody could be given. */
function faultOf({ statusCode = 0, headers }: IncomingMessage): string | undefined {
  if (statusCode < 200 || statusCode > 599) return `it answers with status ${statusCode}`;
  const coding = headers["transfer-encoding"];
  // Node leaves other codings in the body, whose label ends here (RFC 9112 §6.1).
  if (coding !== undefined && !/^chunked$/i.test(coding)) {
    return `its answer has the transfer encoding "${coding}", and only "chunked" is known`;
  }
  return undefined;
}

/** The head of a server's answer at once, and its body as it is taken; `over` hears of its end. */
export function toResponse(
  incoming: IncomingMessage,
  method: string,
  { server, idleMs, over }: { server: URL; idleMs: number; over: () => void },
): Response {
  const { rawHeaders, statusCode: status = 502 } = incoming;
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  }
  const headers = new Headers(endToEnd(pairs, incoming.headers.connection ?? null));
  if (method === "HEAD" || status === 204 || status === 205 || status === 304) {
    // Only 205 could bring a body, which it must not (RFC 9110 §15.3.6).
    if (status === 205) incoming.destroy();
    else incoming.resume();
    over();
    return new Response(null, { status, headers });
  }
  return new Response(bodyOf(incoming, { server, idleMs, over }), { status, headers });
}

/** What Node calls "aborted". */
const HUNG_UP = "it hung up within its answer";

/** The body, read from the server as it is taken from here. */
function bodyOf(
  incoming: IncomingMessage,
  { server, idleMs, over }: { server: URL; idleMs: number; over: () => void },
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let isOver = false;
  const finish = () => {
    if (!isOver) over();
    isOver = true;
  };
  incoming.setTimeout(idleMs, () => incoming.destroy(new Error("it fell silent")));
  return new ReadableStream({
    start(controller) {
      const breakOff = (why: string) => {
        finish();
        controller.error(new BrokenBody(why, server.href));
      };
      incoming.on("data", (bytes: Uint8Array) => {
        controller.enqueue(new Uint8Array(bytes));
        incoming.pause();
      });
      incoming.once("end", () => {
        finish();
        controller.close();
      });
      incoming.on("error", ({ message }) => breakOff(message === "aborted" ? HUNG_UP : message));
      incoming.once("close", () => {
        if (!isOver) breakOff(HUNG_UP);
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
