import { dirname } from "node:path";
import { escapeHtml } from "../../../protocols/web/html.ts";
import { formatFilePath } from "../../../protocols/web/path.ts";
import type { Pattern } from "../../../protocols/web/pattern.ts";
import { parseSsi, type SsiPart } from "../../../protocols/web/ssi.ts";
import type { RouteInfo } from "../../handlers/handler.ts";
import type { FileRoot, Found } from "../files/file_root.ts";
import { onward } from "../onward.ts";
import { Program } from "./program.ts";
import { defaults, type SsiOptions } from "./ssi_options.ts";
import { includedNames } from "./ssi_path.ts";

/** Says that a page with its includes is longer than it may be. */
export class PageTooLong extends Error {}

/** What a page is shown for. */
interface SsiContext {
  readonly request: Request;
  readonly info: RouteInfo;
  readonly prefix: string;
  readonly root: FileRoot;
  readonly pattern: Pattern;
}

/** A file of a page, by its names below the root. */
interface SsiFile {
  readonly names: readonly string[];
  readonly found: Found;
}

type Include = Extract<SsiPart, { kind: "include" }>;

/** One answer, put together from a page and what it includes. */
export class SsiPage {
  readonly #options: SsiOptions;
  readonly #context: SsiContext;
  readonly #pieces: Uint8Array[] = [];
  #length = 0;
  #directives = 0;

  constructor(options: SsiOptions, context: SsiContext) {
    this.#options = options;
    this.#context = context;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.#length);
    let at = 0;
    for (const piece of this.#pieces) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  /** Adds a page, and in place of its directives what they stand for. */
  async expand(page: SsiFile, depth = 1): Promise<void> {
    const bytes = await this.#read(page);
    for (const part of parseSsi(bytes)) {
      if (part.kind === "text") {
        this.#write(bytes.subarray(part.from, part.to));
        continue;
      }
      this.#context.request.signal.throwIfAborted();
      try {
        if (++this.#directives > defaults.directives) throw new Error("The page has too many");
        if (part.kind === "include") await this.#include(part, page, depth);
        else if (part.kind === "call") await this.#call(part, page);
        else await this.#exec(part.command, page);
      } catch (error) {
        if (error instanceof PageTooLong) throw error;
        this.#options.log?.warn("include failed", { file: page.found.file, ...part, error });
        this.#write(encoder.encode(`[cannot ${inWords(part)}]`));
      }
    }
  }

  async #include({ base, path }: Include, page: SsiFile, depth: number): Promise<void> {
    const { root, prefix, pattern } = this.#context;
    const wanted = await includedNames(path, { base, page: page.names, root: root.options.root });
    if (wanted === undefined) throw new Error("The path leads out of the root");
    const { names, query } = wanted;
    // Asked in any case, so that no way to write a name shows the source of a script.
    if (await this.#script(formatFilePath({ names, isDirectory: false }) + query)) return;
    const found = await root.find(names);
    if (found === undefined || found.isDirectory) throw new Error("There is no such file");
    const shown = prefix.replace(/\/$/, "") + `/${names.join("/")}`;
    if (pattern(shown) === 0) return this.#write(await this.#read({ names, found }));
    if (depth === defaults.depth) throw new Error("Too many pages include each other");
    await this.expand({ names, found }, depth + 1);
  }

  /** Adds what a script answers; false when the path is not that of a script. */
  async #script(path: string): Promise<boolean> {
    const { request, info, prefix } = this.#context;
    const question = onward(request, prefix.replace(/\/$/, "") + path);
    if (question === undefined) throw new Error("It includes itself");
    const answer = await this.#options.cgi?.(question, info, prefix);
    if (answer === undefined) return false;
    if (answer.status !== 200) {
      await answer.body?.cancel();
      throw new Error(`The script answered with ${answer.status}`);
    }
    for await (const piece of answer.body ?? []) this.#write(piece);
    return true;
  }

  async #call(
    { name, argument }: { name: string; argument: string },
    { found: { file } }: SsiFile,
  ): Promise<void> {
    const { functions = {}, hub } = this.#options, { request, info } = this.#context;
    const own = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (own === undefined) {
      if (name !== "topic") throw new Error("There is no such function");
      return this.#write(encoder.encode(escapeHtml(hub.retained(argument)?.text() ?? "")));
    }
    const text = await own({ argument, file, request, info });
    this.#write(typeof text === "string" ? encoder.encode(text) : text);
  }

  async #exec(command: string, { found: { file } }: SsiFile): Promise<void> {
    const { exec = false, commands = [], hub, log } = this.#options;
    if (!exec) throw new Error("Pages run no programs here");
    if (!commands.includes(command)) throw new Error("The command is not among those allowed");
    const [name, ...args] = command.trim().split(/\s+/);
    const program = new Program({
      hub,
      name: `exec ${name}`,
      command: name!,
      args,
      cwd: dirname(file),
      env: {},
      timeoutMs: defaults.execMs,
      signal: this.#context.request.signal,
      said: (text) => log?.warn("program complains", { command, text }),
    });
    try {
      await program.feed(null);
      for (let piece = await program.read(); piece; piece = await program.read()) {
        this.#write(piece);
      }
    } catch (error) {
      program.kill("output");
      throw error;
    } finally {
      await program.ended;
    }
    if (program.verdict !== undefined) throw new Error("The program was killed");
  }

  async #read({ found: { file, size } }: SsiFile): Promise<Uint8Array> {
    if (size > defaults.pageBytes - this.#length) throw new PageTooLong();
    return await Deno.readFile(file);
  }

  #write(bytes: Uint8Array): void {
    if ((this.#length += bytes.length) > defaults.pageBytes) throw new PageTooLong();
    this.#pieces.push(bytes);
  }
}

const encoder = new TextEncoder();

function inWords(part: Exclude<SsiPart, { kind: "text" }>): string {
  if (part.kind === "include") return `include ${escapeHtml(part.path)}`;
  return part.kind === "call" ? `call ${escapeHtml(part.name)}` : "run a program";
}
