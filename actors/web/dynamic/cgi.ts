import { dirname } from "node:path";
import { cgiEnvironment } from "../../../protocols/web/cgi_environment.ts";
import { type CgiHead, findHeadEnd, parseCgiHead } from "../../../protocols/web/cgi_head.ts";
import { compilePattern } from "../../../protocols/web/pattern.ts";
import type { RouteInfo } from "../../handlers/handler.ts";
import { FileRoot, isAbsence } from "../files/file_root.ts";
import { type FilesOptions, INDEX } from "../files/files_options.ts";
import { onward } from "../onward.ts";
import type { RootPart } from "../part.ts";
import { findTarget, type Target } from "../target.ts";
import { type CgiOptions, defaults } from "./cgi_options.ts";
import { Program } from "./program.ts";

/**
 * Makes a part of a web site that runs scripts (CGI 1.1, RFC 3875): executable files below the root
 * whose paths match a pattern. Other paths are left to the next part. A script is killed when its
 * client goes.
 *
 * @example A script beside files
 * ```ts
 * import { cgi, files, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const root = await Deno.makeTempDir();
 * const script = "#!/bin/sh\necho Content-Type: text/plain\necho\necho $QUERY_STRING\n";
 * await Deno.writeTextFile(`${root}/ask.cgi`, script, { mode: 0o755 });
 * await using hub = gateway();
 * const scripts = cgi({ hub, root, pattern: "**.cgi$" });
 * const rest = files({ root });
 * hub.handle("/*", async (request, info) => await scripts(request, info) ?? rest(request, info));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const answer = await fetch(`http://127.0.0.1:${port}/ask.cgi?why`);
 * assert.equal(await answer.text(), "why\n");
 * ```
 */
export function cgi(options: CgiOptions): RootPart {
  return new Scripts(options).part(options);
}

/** Where scripts are. */
type ScriptRoot = Pick<
  FilesOptions,
  "root" | "prefix" | "index" | "hidden" | "dotfiles" | "outsideLinks"
>;

/** Scripts of one kind in one or more roots; their bounds hold for all together. */
export class Scripts {
  readonly #options: Omit<CgiOptions, keyof ScriptRoot>;
  #running = 0;

  constructor(options: Omit<CgiOptions, keyof ScriptRoot>) {
    this.#options = options;
  }

  /** Runs those of one root. */
  part(place: ScriptRoot): RootPart {
    const { index = INDEX } = place, root = new FileRoot(place);
    const pattern = compilePattern(this.#options.pattern);
    return async (request, info, prefix = place.prefix ?? "") => {
      const search = { root, prefix, pattern, index, open: true };
      const target = await findTarget(new URL(request.url).pathname, search);
      return target && await this.#answer(request, info, { target, root: place.root });
    };
  }

  async #answer(
    request: Request,
    info: RouteInfo,
    { target, root }: { target: Target; root: string },
  ): Promise<Response> {
    const { interpreter, maxRunning = defaults.maxRunning } = this.#options;
    const { found: { file }, shown, rest } = target;
    if (interpreter === undefined && !await isExecutable(file)) {
      return refusal(403, `Cannot run ${shown.slice(0, 200)}: it is not executable`);
    }
    if (this.#running >= maxRunning) {
      return refusal(503, "Too many scripts run at once", { "retry-after": "1" });
    }
    const { remoteAddr, identity } = info;
    const isTcp = remoteAddr.transport === "tcp";
    const env = cgiEnvironment({
      method: request.method,
      url: new URL(request.url),
      fields: request.headers,
      address: isTcp ? remoteAddr.hostname : "",
      clientPort: isTcp ? remoteAddr.port : undefined,
      user: identity.user,
    }, { root: await Deno.realPath(root), file, name: shown, pathInfo: rest });
    // Others may have been started while the root was looked up; from here on nothing waits.
    if (this.#running >= maxRunning) return refusal(503, "Too many scripts run at once");
    const { timeoutMs = defaults.timeoutMs, variables, log } = this.#options;
    const program = new Program({
      hub: this.#options.hub,
      name: `cgi ${shown}`,
      command: interpreter ?? file,
      args: interpreter === undefined ? [] : [file],
      cwd: dirname(file),
      env: { ...variables, ...env },
      timeoutMs,
      signal: request.signal,
      said: (text) => log?.warn("script complains", { script: shown, text }),
    });
    this.#running++;
    program.ended.then(({ success, code, signal }) => {
      this.#running--;
      if (!success && program.verdict === undefined) {
        log?.warn("script failed", { script: shown, code, signal });
      }
    });
    program.feed(request.body);
    return await this.#answerOf(program, request, info);
  }

  async #answerOf(program: Program, request: Request, info: RouteInfo): Promise<Response> {
    const { maxOutputBytes = defaults.maxOutputBytes, redirected, log } = this.#options;
    const { head, body } = await readHead(program);
    if (head === undefined) {
      if (program.verdict === "time") return refusal(504, "The script took too long");
      log?.warn("script said no head", { path: new URL(request.url).pathname });
      return refusal(502, "The script did not answer with a head as CGI wants it");
    }
    const { status, fields, localPath } = head;
    if (localPath !== undefined) {
      program.drain(maxOutputBytes);
      if (redirected === undefined) {
        return new Response(null, { status: 302, headers: { location: localPath } });
      }
      // The server's own answer to another path (RFC 3875 §6.2.2).
      const other = onward(request, localPath);
      if (other === undefined) return refusal(502, "The script redirects in a circle");
      return await redirected(other, info) ??
        refusal(404, `Cannot find ${localPath.slice(0, 200)}`);
    }
    const headers = new Headers();
    for (const [name, value] of fields) headers.append(name, value);
    if (request.method === "HEAD" || status === 204 || status === 205 || status === 304) {
      program.drain(maxOutputBytes);
      return new Response(null, { status, headers });
    }
    const length = Number(headers.get("content-length") ?? Infinity);
    const stream = new Output(program, { first: body, maxOutputBytes, length }).stream;
    return new Response(stream, { status, headers });
  }
}

interface Bounds {
  /** What came together with the head. */
  first: Uint8Array<ArrayBuffer>;
  maxOutputBytes: number;
  /** What the script has said; Infinity when it said nothing. */
  length: number;
}

/** The body of a script's answer. */
class Output {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;

  constructor(program: Program, { first, maxOutputBytes, length }: Bounds) {
    let next: Uint8Array<ArrayBuffer> | undefined = first.length > 0 ? first : undefined;
    let written = 0;
    this.stream = new ReadableStream({
      async pull(controller) {
        const piece = next ?? await program.read();
        next = undefined;
        if (piece === undefined) {
          // Half an answer must not pass for a whole one.
          const { signal } = await program.ended;
          const why = program.verdict ?? signal;
          if (why !== null) throw new Error(`The script was killed: ${why}`);
          return controller.close();
        }
        const wanted = piece.subarray(0, length - written);
        if ((written += wanted.length) > maxOutputBytes) {
          program.kill("output");
          throw new Error("The script wrote too much");
        }
        if (wanted.length > 0) controller.enqueue(wanted);
        if (written < length) return;
        program.drain(maxOutputBytes);
        controller.close();
      },
      cancel() {
        program.kill("unwanted");
      },
    }, { highWaterMark: 0 });
  }
}

/** Reads to the empty line behind the head; what comes behind that in the same piece is body. */
async function readHead(
  program: Program,
): Promise<{ head?: CgiHead; body: Uint8Array<ArrayBuffer> }> {
  let bytes = new Uint8Array(0);
  for (;;) {
    const piece = await program.read();
    if (piece === undefined) {
      await program.ended;
      return { body: bytes };
    }
    const longer = new Uint8Array(bytes.length + piece.length);
    longer.set(bytes);
    longer.set(piece, bytes.length);
    bytes = longer;
    const end = findHeadEnd(bytes);
    if (end !== undefined) {
      const head = parseCgiHead(bytes.subarray(0, end.head));
      if (head === undefined) program.kill("output");
      return { ...head && { head }, body: bytes.subarray(end.body) };
    }
    if (bytes.length > defaults.headBytes) {
      program.kill("output");
      return { body: bytes };
    }
  }
}

async function isExecutable(file: string): Promise<boolean> {
  try {
    // Windows has neither this mode nor the `#!` of scripts.
    return ((await Deno.stat(file)).mode ?? 0) & 0o111 ? true : false;
  } catch (error) {
    if (isAbsence(error)) return false;
    throw error;
  }
}

function refusal(status: number, why: string, headers: Record<string, string> = {}): Response {
  return new Response(`${why}\n`, { status, headers });
}
