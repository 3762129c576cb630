import {
  Agent as HttpAgent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { hostLookup } from "../../clients/names.ts";
import { answerTo, toResponse } from "./upstream_answer.ts";

const defaults = {
  /** 5 s: a server in the same house connects within milliseconds. */
  connectTimeoutMs: 5_000,
  /** 60 s: what browsers and their users wait. */
  answerTimeoutMs: 60_000,
  /** 60 s between two pieces of a body. */
  idleTimeoutMs: 60_000,
  /** 256 connections to one server, and as many that wait for the next request. */
  maxSockets: 256,
};

/** Why a request could not be passed on: the status says whose fault it is. */
export class ProxyError extends Error {
  constructor(message: string, readonly status: 502 | 504) {
    super(message);
  }
}

/** What is asked of a server. */
interface UpstreamQuestion {
  server: URL;
  /** Path and query. */
  target: string;
  /** Without those that say how long the body is. */
  headers: [string, string][];
  /** Called once when the answer's body is over, however it ends. */
  ended: () => void;
}

/**
 * Asks other servers by HTTP/1.1, over connections that are kept. `fetch` is no use here: it unpacks
 * compressed bodies, follows redirects and chooses the Host itself.
 */
export class UpstreamClient {
  readonly #limits: typeof defaults;
  readonly #kept = agents(true);
  /** A body that a server sends to HEAD, which it must not, would be the answer to the next request. */
  readonly #single = agents(false);

  constructor(limits: Partial<typeof defaults>) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Resolves with the head of the answer, whose body streams. Rejects with a `ProxyError`. */
  async ask(request: Request, question: UpstreamQuestion): Promise<Response> {
    const outgoing = this.#open(request, question);
    const giveUp = () => outgoing.destroy();
    request.signal.addEventListener("abort", giveUp);
    const over = () => {
      request.signal.removeEventListener("abort", giveUp);
      question.ended();
    };
    try {
      const incoming = await this.#answerOf(outgoing, request, question);
      const { server } = question, idleMs = this.#limits.idleTimeoutMs;
      return toResponse(incoming, request.method, { server, idleMs, over });
    } catch (error) {
      request.signal.removeEventListener("abort", giveUp);
      outgoing.destroy();
      throw error;
    }
  }

  #open(request: Request, { server, target, headers }: UpstreamQuestion): ClientRequest {
    const { method } = request;
    const isSecure = server.protocol === "https:";
    const { hostname, port } = server;
    const open = isSecure ? httpsRequest : httpRequest;
    return open({
      hostname: hostname.replace(/^\[|\]$/g, ""),
      port: port || (isSecure ? 443 : 80),
      path: target,
      method,
      headers: { ...grouped(headers), ...framingOf(request) },
      agent: (method === "HEAD" ? this.#single : this.#kept)[isSecure ? "secure" : "plain"],
      lookup: hostLookup(),
    });
  }

  async #answerOf(
    outgoing: ClientRequest,
    request: Request,
    { server }: UpstreamQuestion,
  ): Promise<IncomingMessage> {
    const { connectTimeoutMs, answerTimeoutMs } = this.#limits;
    let late: string | undefined;
    const giveUp = (why: string) => {
      late = why;
      outgoing.destroy();
    };
    const connecting = setTimeout(giveUp, connectTimeoutMs, "it takes too long to connect");
    const answering = setTimeout(giveUp, answerTimeoutMs, "it does not answer in time");
    outgoing.once("socket", (socket) => {
      if (!socket.connecting) clearTimeout(connecting);
      else socket.once("connect", () => clearTimeout(connecting));
    });
    try {
      const answer = answerTo(outgoing);
      sendBody(outgoing, request).catch(() => outgoing.destroy());
      return await answer;
    } catch (error) {
      const why = `Cannot pass this on to ${server.host}: ${late ?? (error as Error).message}`;
      throw new ProxyError(why, late === undefined ? 502 : 504);
    } finally {
      clearTimeout(connecting);
      clearTimeout(answering);
    }
  }
}

/** Who keeps connections for more than one request, or does not, and how many there may be. */
function agents(keepAlive: boolean): { plain: HttpAgent; secure: HttpsAgent } {
  const options = { keepAlive, maxSockets: defaults.maxSockets };
  return { plain: new HttpAgent(options), secure: new HttpsAgent(options) };
}

/**
 * The fields by which the server finds the end of the body. Every body has them: Node would send
 * one of DELETE without, and its bytes would pass for the next request of the connection.
 */
function framingOf({ method, body, headers }: Request): Record<string, string> {
  const length = headers.get("content-length");
  if (body !== null) {
    return length === null ? { "transfer-encoding": "chunked" } : { "content-length": length };
  }
  return length !== "0" || method === "GET" || method === "HEAD" ? {} : { "content-length": "0" };
}

/** Passes the body on, no faster than the server takes it. */
async function sendBody(outgoing: ClientRequest, { body }: Request): Promise<void> {
  if (body !== null) {
    for await (const bytes of body) {
      if (outgoing.destroyed) return;
      if (outgoing.write(bytes)) continue;
      await new Promise<void>((resolve) => {
        outgoing.once("drain", resolve);
        outgoing.once("close", resolve);
      });
    }
  }
  outgoing.end();
}

/** Fields of one name as Node wants them: in a list. */
function grouped(fields: readonly [string, string][]): Record<string, string | string[]> {
  const found: Record<string, string[]> = Object.create(null);
  for (const [name, value] of fields) (found[name] ??= []).push(value);
  return Object.fromEntries(
    Object.entries(found).map((
      [name, values],
    ) => [name, values.length === 1 ? values[0]! : values]),
  );
}
