import type { Gateway } from "../../gateway/gateway.ts";

/** What is run, and what ends it. */
interface ProgramOptions {
  /** Where it appears in the tree of actors; it ends with this gateway at the latest. */
  hub: Pick<Gateway, "spawn">;
  /** What an operator reads. */
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Milliseconds after which it is killed. */
  timeoutMs: number;
  /** Aborts when nobody waits for it any more. */
  signal: AbortSignal;
  /** Takes what it writes to standard error. */
  said(text: string): void;
}

/** Why a program was killed before its end. */
type Verdict = "time" | "output" | "unwanted";

const defaults = {
  /** 4 KiB of standard error are logged; the rest is read and thrown away. */
  saidBytes: 4096,
  /** 100 characters of a path tell an operator enough. */
  nameLength: 100,
};

let count = 0;

/**
 * A program that runs as an actor. It is killed, with all that it has started, when its time is
 * over, its client goes or the gateway stops; and it is always reaped.
 */
export class Program {
  /** Resolves when it has ended. */
  readonly ended: Promise<Deno.CommandStatus>;
  readonly #child: Deno.ChildProcess;
  readonly #stdout: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #stderr: ReadableStreamDefaultReader<Uint8Array>;
  #input: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  #verdict: Verdict | undefined;
  #over = false;

  /** Throws when it cannot be started. */
  constructor({ hub, name, signal, timeoutMs, said, ...what }: ProgramOptions) {
    const { command, args, cwd, env } = what;
    signal.throwIfAborted();
    const shown = `${name.slice(0, defaults.nameLength)} ${++count}`;
    const ref = hub.spawn<"ended">(shown, (self) => ({
      receive: () => self.stop(),
      stopped: ({ kind }) => {
        if (kind !== "done") this.kill("unwanted");
      },
      describe: () => ({ pid: this.#child?.pid }),
    }), { kind: "program" });
    const path = Deno.env.get("PATH");
    try {
      this.#child = new Deno.Command(command, {
        args: [...args],
        cwd,
        env: { ...path !== undefined && { PATH: path }, ...env },
        clearEnv: true,
        // A group of its own, so that what it starts can be killed with it.
        detached: true,
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      ref.tell("ended");
      throw error;
    }
    const child = this.#child;
    this.#stdout = child.stdout.getReader();
    this.#stderr = child.stderr.getReader();
    const kill = () => this.kill("unwanted");
    const timer = setTimeout(() => this.kill("time"), timeoutMs);
    const complaints = this.#complain(said).catch(() => {});
    this.ended = child.status.then(async (status) => {
      // Processes that it has started end with it, so that none of them holds its pipes open.
      this.#signal();
      this.#over = true;
      await this.#input?.cancel().catch(() => {});
      await complaints;
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      removeEventListener("unload", kill);
      ref.tell("ended");
      return status;
    });
    signal.addEventListener("abort", kill);
    addEventListener("unload", kill);
  }

  /** Why it was killed, if it was. */
  get verdict(): Verdict | undefined {
    return this.#verdict;
  }

  /** Kills it, unless it has ended. */
  kill(verdict: Verdict): void {
    if (this.#verdict !== undefined) return;
    if (!this.#over) this.#verdict = verdict;
    this.#signal();
    // A process that has left the group may hold the pipes open.
    this.#stdout.cancel().catch(() => {});
    this.#stderr.cancel().catch(() => {});
    this.#input?.cancel().catch(() => {});
  }

  /** Writes `body` to its standard input, as fast as it reads. */
  async feed(body: ReadableStream<Uint8Array<ArrayBuffer>> | null): Promise<void> {
    const writer = this.#child.stdin.getWriter();
    writer.closed.catch(() => {});
    const input = this.#input = body?.getReader();
    try {
      for (let next = await input?.read(); next && !next.done; next = await input!.read()) {
        // The program may end its input before it has read everything.
        const taken = await writer.write(next.value).then(() => true, () => false);
        if (!taken) break;
      }
    } catch {
      // Half a body must not pass for a whole one.
      this.kill("unwanted");
    }
    await input?.cancel().catch(() => {});
    await writer.close().catch(() => {});
  }

  /** The next piece of its standard output; undefined at the end. */
  async read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const { value, done } = await this.#stdout.read();
    return done ? undefined : value;
  }

  /** Reads the rest of its output and throws it away; kills it beyond `bytes`. */
  async drain(bytes: number): Promise<void> {
    let left = bytes;
    for (let piece = await this.read(); piece !== undefined; piece = await this.read()) {
      if ((left -= piece.length) < 0) return this.kill("output");
    }
  }

  async #complain(said: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    let left = defaults.saidBytes;
    for (let next = await this.#stderr.read(); !next.done; next = await this.#stderr.read()) {
      const text = decoder.decode(next.value.subarray(0, left)).trim();
      left = Math.max(0, left - next.value.length);
      if (text !== "") said(text);
    }
  }

  #signal(): void {
    if (this.#over) return;
    try {
      if (Deno.build.os === "windows") this.#child.kill("SIGKILL");
      else Deno.kill(-this.#child.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
