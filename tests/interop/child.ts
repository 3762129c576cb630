import assert from "node:assert/strict";
import { within } from "./patience.ts";

/** Bytes that come in pieces, for those who wait until something particular is among them. */
class Heard {
  bytes: Uint8Array = new Uint8Array(0);
  ended = false;
  #listeners = new Set<() => void>();
  readonly done: Promise<void>;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.done = this.#read(stream);
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  /** Resolves with what `find` finds, or undefined when the stream ends without it. */
  until<T>(find: () => T | undefined): Promise<T | undefined> {
    return new Promise((resolve) => {
      const look = () => {
        const found = find();
        if (found === undefined && !this.ended) return;
        this.#listeners.delete(look);
        resolve(found);
      };
      this.#listeners.add(look);
      look();
    });
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    for await (const piece of stream) {
      const all = new Uint8Array(this.bytes.length + piece.length);
      all.set(this.bytes);
      all.set(piece, this.bytes.length);
      this.bytes = all;
      this.#tell();
    }
    this.ended = true;
    this.#tell();
  }

  #tell(): void {
    for (const look of [...this.#listeners]) look();
  }
}

/** How a program ended, and all that it said. */
export interface Ended {
  code: number;
  stdout: Uint8Array;
  stderr: string;
}

/** What a program is started with. */
export interface ChildOptions {
  cwd?: string | URL;
  env?: Record<string, string>;
}

/** A program that runs, and ends with the test at the latest. */
export class Child {
  readonly #name: string;
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  readonly #stdout: Heard;
  readonly #stderr: Heard;
  readonly #ended: Promise<Ended>;

  constructor(path: string, args: readonly string[], options: ChildOptions = {}) {
    this.#name = path.slice(path.lastIndexOf("/") + 1);
    const pipes = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#process = new Deno.Command(path, { args: [...args], ...pipes, ...options }).spawn();
    this.#stdin = this.#process.stdin.getWriter();
    this.#stdin.closed.catch(() => {});
    this.#stdout = new Heard(this.#process.stdout);
    this.#stderr = new Heard(this.#process.stderr);
    this.#ended = this.#end();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get stdout(): Uint8Array {
    return this.#stdout.bytes;
  }

  get stderr(): string {
    return this.#stderr.text;
  }

  /** Whole lines of standard output so far. */
  get lines(): string[] {
    return this.#stdout.text.split("\n").slice(0, -1);
  }

  /** Resolves with what `find` finds as standard output grows; fails when that ends without it. */
  async until<T>(what: string, find: () => T | undefined): Promise<T> {
    const waited = `${what} from ${this.#name}`;
    const found = await within(waited, this.#stdout.until(find)).catch((error: Error) => {
      throw new Error(`${error.message}; it said: ${this.#said}`);
    });
    assert.notEqual(found, undefined, `No ${waited}; it said: ${this.#said}`);
    return found!;
  }

  /** Resolves with the next `count` lines of standard output after the first `from`. */
  linesFrom(from: number, count: number): Promise<string[]> {
    const wanted = from + count;
    return this.until(`${wanted} lines`, () => {
      const { lines } = this;
      return lines.length >= wanted ? lines.slice(from, wanted) : undefined;
    });
  }

  /** Resolves with a whole line on standard error that contains `text`. */
  async complains(text: string): Promise<string> {
    const find = () => this.stderr.split("\n").slice(0, -1).find((line) => line.includes(text));
    const line = await within(`"${text}" from ${this.#name}`, this.#stderr.until(find));
    assert.ok(line, `${this.#name} did not say "${text}" but: ${this.#said}`);
    return line;
  }

  async write(text: string): Promise<void> {
    await this.#stdin.write(new TextEncoder().encode(text));
  }

  async closeInput(): Promise<void> {
    await this.#stdin.close();
  }

  kill(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Resolves when it has ended by itself. */
  ended(): Promise<Ended> {
    return within(`the end of ${this.#name}`, this.#ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#stdin.abort().catch(() => {});
    await this.#ended;
  }

  get #said(): string {
    return `${this.#stdout.text.slice(-500)}${this.stderr.slice(-2000)}` || "nothing";
  }

  async #end(): Promise<Ended> {
    const { code } = await this.#process.status;
    await this.#stdout.done;
    await this.#stderr.done;
    return { code, stdout: this.stdout, stderr: this.stderr };
  }
}

/** Runs a program to its end, which must be a good one. */
export async function run(path: string, ...args: string[]): Promise<Ended> {
  await using child = new Child(path, args);
  await child.closeInput();
  const ended = await child.ended();
  assert.equal(ended.code, 0, `${path} ended with ${ended.code}: ${ended.stderr}`);
  return ended;
}
