import { encodeAnswer } from "../../../protocols/http/messages/encode.ts";
import { directoryPage, orderOf, sorted } from "../../../protocols/web/directory.ts";
import { formatFilePath, parseFilePath } from "../../../protocols/web/path.ts";
import type { Handler } from "../../handlers/handler.ts";
import { withShortcut } from "../../handlers/shortcut.ts";
import { answerWithFile } from "./file_answer.ts";
import { FileRoot, type Found, isAbsence } from "./file_root.ts";
import { defaults, type FilesOptions, INDEX } from "./files_options.ts";
import { KeptAnswers } from "./kept_answers.ts";

/**
 * Makes a handler that shows the files below a directory, with `ETag`, ranges, conditions and
 * compression (RFC 9110). Names that begin with a dot are hidden, and no path or symbolic link
 * leads out of the directory.
 *
 * @example The first bytes of a file
 * ```ts
 * import { files, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * await Deno.writeTextFile(`${root}/hello.txt`, "Hello!");
 * await using hub = gateway();
 * hub.handle("/files/*", files({ root, prefix: "/files" }));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const url = `http://127.0.0.1:${port}/files/hello.txt`;
 * const answer = await fetch(url, { headers: { range: "bytes=0-3" } });
 * assert.deepEqual([answer.status, await answer.text()], [206, "Hell"]);
 * ```
 */
export function files(options: FilesOptions): Handler {
  const server = new FileServer(options);
  return withShortcut(
    (request) => server.answer(request),
    (exchange) => server.kept.answer(exchange),
  );
}

const ALLOW = "GET, HEAD, OPTIONS";

/** Answers with files below a directory. */
export class FileServer {
  readonly kept: KeptAnswers;
  readonly #options: FilesOptions;
  readonly #root: FileRoot;

  constructor(options: FilesOptions) {
    this.#options = options;
    this.kept = new KeptAnswers(options.source ?? Deno);
    this.#root = new FileRoot(options);
  }

  /** Answers a request; its path begins with `prefix`, which is no part of the file's path. */
  async answer(request: Request, prefix = this.#options.prefix ?? ""): Promise<Response> {
    const kept = this.kept.response(request);
    if (kept !== undefined) return kept;
    const answer = await this.#answer(request, prefix);
    for (const [name, value] of Object.entries(this.#options.headers ?? {})) {
      answer.headers.set(name, value);
    }
    return await this.#keep(request, answer);
  }

  async #answer(request: Request, prefix: string): Promise<Response> {
    const { method } = request, url = new URL(request.url);
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow: ALLOW } });
    const { index = INDEX } = this.#options;
    if (!url.pathname.startsWith(prefix)) return missing(url);
    const path = parseFilePath(url.pathname.slice(prefix.length));
    const found = path && await this.#root.find(path.names);
    if (path === undefined || found === undefined) return missing(url);
    if (method !== "GET" && method !== "HEAD") return readOnly(method);
    if (!found.isDirectory) {
      return path.isDirectory ? missing(url) : await this.#file(request, path.names, found);
    }
    if (!url.pathname.endsWith("/")) {
      const location = prefix.replace(/\/$/, "") + formatFilePath({ ...path, isDirectory: true });
      // Two slashes would lead a browser to another host.
      const headers = { location: location.replace(/^\/+/, "/") + url.search };
      return new Response(null, { status: 301, headers });
    }
    for (const name of index) {
      const names = [...path.names, name], page = await this.#root.find(names);
      if (page?.isDirectory === false) return await this.#file(request, names, page);
    }
    return this.#options.listing ? await this.#list(request, path.names) : missing(url);
  }

  async #file(request: Request, names: readonly string[], found: Found): Promise<Response> {
    const { types, compress = true, source = Deno } = this.#options;
    const name = names.at(-1) ?? found.file;
    const sibling = (ending: string) =>
      this.#root.find([...names.slice(0, -1), `${name}${ending}`]);
    try {
      const answer = await answerWithFile(request, found, {
        name,
        types,
        compress,
        source,
        sibling,
      });
      sources.set(answer, found);
      return answer;
    } catch (error) {
      // It went away meanwhile, or is not for us to read.
      if (!isAbsence(error)) throw error;
      return missing(new URL(request.url));
    }
  }

  async #list(request: Request, names: readonly string[]): Promise<Response> {
    const url = new URL(request.url), order = orderOf(url.searchParams);
    const entries = await this.#root.list(names);
    const headers = new Headers({
      vary: "accept",
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
    });
    if (entries.length === defaults.listedEntries) {
      headers.set("entries-limit", `${entries.length}`);
    }
    const wanted = request.headers.get("accept") ?? "";
    if (/\bapplication\/json\b/.test(wanted) && !/\btext\/html\b/.test(wanted)) {
      headers.set("content-type", "application/json");
      return new Response(JSON.stringify(sorted(entries, order)), { headers });
    }
    headers.set("content-type", "text/html;charset=utf-8");
    return new Response(directoryPage(url.pathname, entries, order), { headers });
  }

  /** Keeps the answer with a short file, so that the next client gets it without looking again. */
  async #keep(request: Request, answer: Response): Promise<Response> {
    const found = sources.get(answer);
    const length = Number(answer.headers.get("content-length") ?? Infinity);
    if (found === undefined || answer.status !== 200 || request.method !== "GET") return answer;
    if (length > defaults.keptFileBytes) return answer;
    const body = new Uint8Array(await answer.arrayBuffer());
    const fields = [...answer.headers].filter(([name]) => name !== "content-length");
    const bytes = encodeAnswer({ status: 200, fields }, { now: 0, length: body.length }, body);
    const accepted = request.headers.get("accept-encoding") ?? "";
    const kept = { bytes, fields: [...answer.headers], body, ...found };
    this.kept.keep(new URL(request.url).pathname, accepted, kept);
    return new Response(body, { headers: answer.headers });
  }
}

/** The file that an answer was made of. */
const sources = new WeakMap<Response, Found>();

function missing({ pathname }: URL): Response {
  return new Response(`Cannot find ${pathname.slice(0, 200)}\n`, { status: 404 });
}

function readOnly(method: string): Response {
  return new Response(`Cannot ${method.slice(0, 20)} a file: it can be read\n`, {
    status: 405,
    headers: { allow: ALLOW },
  });
}
