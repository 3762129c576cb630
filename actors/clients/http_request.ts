import { randomBytes } from "node:crypto";
import { answerChallenge } from "../../protocols/web/digest.ts";
import { formatUri, parseUri } from "../../protocols/web/uri.ts";
import type { BridgeTls } from "../bridge/bridge_options.ts";

/**
 * What an HTTP request says beside its URL.
 *
 * @example A name and a password, for a server that wants them
 * ```ts
 * import { gateway, http, httpRequest, type HttpRequestOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway({
 *   hooks: { authenticate: ({ username }) => username === "ann" ? { user: username } : false },
 * });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/topics/attic`;
 * const options: HttpRequestOptions = { method: "PUT", body: "21.5" };
 * assert.equal((await httpRequest(url, options)).status, 401);
 * assert.equal((await httpRequest(url, { ...options, username: "ann" })).status, 201);
 * ```
 */
export interface HttpRequestOptions {
  /** The method; default: POST with a body, GET without. */
  method?: string;
  /** Header fields beside those that are always sent. */
  headers?: HeadersInit;
  /** What is sent. No stream, since it is sent again when the server asks for a login. */
  body?: string | Uint8Array<ArrayBuffer> | Blob | FormData | URLSearchParams;
  /** Who we are, for a server that asks; default: what stands before `@` in the URL. */
  username?: string;
  /** The password of that name. */
  password?: string;
  /** Whom to trust and who we are, for `https:`. */
  tls?: Pick<BridgeTls, "ca" | "cert" | "key">;
  /** Gives up the request when it aborts. */
  signal?: AbortSignal;
}

/**
 * Sends a request to an HTTP server, by `fetch`, and adds what that lacks: URLs without a scheme,
 * logins by Digest (RFC 7616) and Basic (RFC 7617), certificates of your own. Connections are kept
 * for the next request. Rejects as `fetch` does, with a `TypeError`, when the server cannot be
 * reached.
 *
 * @throws {TypeError} When the URL is not `http:` or `https:`.
 * @example A body is sent by POST
 * ```ts
 * import { gateway, http, httpRequest, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.handle("/shout", async (request) => new Response((await request.text()).toUpperCase()));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await httpRequest(`127.0.0.1:${port}/shout`, { body: "hello" });
 * assert.equal(await answer.text(), "HELLO");
 * ```
 */
export async function httpRequest(
  url: string | URL,
  { tls, ...options }: HttpRequestOptions = {},
): Promise<Response> {
  const target = targetOf(String(url));
  if (tls === undefined) return await ask(target, options);
  const { ca, cert, key } = tls;
  // Disposed of here, it still serves the body of this answer until that has been read.
  using client = Deno.createHttpClient({
    ...ca !== undefined && { caCerts: [ca] },
    ...cert !== undefined && key !== undefined && { cert, key },
  });
  return await ask(target, options, client);
}

/** A URL without the name and the password that it may bring. */
interface Target {
  url: URL;
  user: string[] | undefined;
}

function targetOf(text: string): Target {
  const uri = parseUri(text), { scheme = "http" } = uri ?? {};
  const whole = uri && formatUri({ ...uri, scheme });
  if (whole === undefined || !/^https?$/.test(scheme) || !URL.canParse(whole)) {
    throw new TypeError(`Cannot ask "${text}": give a URL such as http://example.org/path`);
  }
  const url = new URL(whole), { username, password } = url;
  url.username = url.password = "";
  const user = username === "" ? undefined : [username, password].map(decodeURIComponent);
  return { url, user };
}

async function ask(
  { url, user }: Target,
  { method, headers, body, username = user?.[0], password = user?.[1], signal }: Omit<
    HttpRequestOptions,
    "tls"
  >,
  client?: Deno.HttpClient,
): Promise<Response> {
  const fields = new Headers(headers);
  const verb = (method ?? (body === undefined ? "GET" : "POST")).toUpperCase();
  const init = {
    method: verb,
    headers: fields,
    body: body ?? null,
    client,
    signal: signal ?? null,
  };
  const answer = await fetch(url, init);
  const challenges = answer.headers.get("www-authenticate");
  if (answer.status !== 401 || username === undefined || challenges === null) return answer;
  // A redirect may have led to somebody who must not get the password.
  if (answer.redirected || fields.has("authorization")) return answer;
  const login = {
    username,
    password: password ?? "",
    method: verb,
    uri: url.pathname + url.search,
  };
  const authorization = loginOf(challenges, login);
  if (authorization === undefined) return answer;
  await answer.body?.cancel();
  fields.set("authorization", authorization);
  return await fetch(url, init);
}

/** The `Authorization` that meets the first challenge that we know, Digest before Basic. */
function loginOf(
  challenges: string,
  login: { username: string; password: string; method: string; uri: string },
): string | undefined {
  const each = challenges.split(/,\s*(?=[\w-]+\s+[\w-]+\s*=)/);
  for (const challenge of each) {
    const met = answerChallenge(challenge, {
      ...login,
      cnonce: randomBytes(12).toString("base64"),
    });
    if (met !== undefined) return met;
  }
  if (!each.some((challenge) => /^Basic\b/i.test(challenge))) return undefined;
  const pair = new TextEncoder().encode(`${login.username}:${login.password}`);
  return `Basic ${pair.toBase64()}`;
}
