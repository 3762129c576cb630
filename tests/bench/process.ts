// Raised because thousands of connections need a descriptor each, on both sides; `exec` keeps the process id.
const RAISE = 'n=$(ulimit -Hn); [ "$n" = unlimited ] && n=65536; ' +
  '[ "$n" -gt 65536 ] && n=65536; ulimit -n "$n"; ';

const running = new Set<Process>();

/** Where a child's output goes: to whoever asks for it, or to a file that costs us nothing. */
export interface ProcessOptions {
  log?: string;
  cwd?: string;
}

/** A child process, which never outlives the run. */
export class Process {
  readonly pid: number;
  /** Its exit code, once it has ended and all it said has been read. */
  readonly ended: Promise<number>;
  #child: Deno.ChildProcess;
  #output = "";
  #errors = "";
  #log: string | undefined;
  #listeners = new Set<() => void>();

  constructor(command: readonly string[], { log, cwd }: ProcessOptions = {}) {
    const script = RAISE + (log === undefined ? 'exec "$@"' : 'exec "$@" >"$0" 2>&1');
    this.#log = log;
    this.#child = new Deno.Command("/bin/sh", {
      args: ["-c", script, log ?? "sh", ...command],
      cwd,
      // Errors are read, not looked at.
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.ended = this.#run();
    running.add(this);
  }

  /** All of its standard output so far. */
  get output(): string {
    return this.#output;
  }

  /** The last of what it said, for an error message. */
  get lastWords(): string {
    const said = this.#log === undefined ? this.#errors : Deno.readTextFileSync(this.#log);
    return said.trim().split("\n").slice(-8).join("\n").slice(-1000);
  }

  /** Waits until it has said something that contains `text`. */
  async says(text: string): Promise<void> {
    const said = new Promise<true>((resolve) => {
      const look = () => {
        if (!this.#output.includes(text) && !this.#errors.includes(text)) return;
        this.#listeners.delete(look);
        resolve(true);
      };
      this.#listeners.add(look);
      look();
    });
    const ended = this.ended.then((code) => code);
    const first = await Promise.race([said, ended]);
    if (first !== true) throw new Error(`Ended with ${first} early: ${this.lastWords}`);
  }

  /** Asks it to end, insists after `graceMs`, and waits until it is gone. */
  async stop(graceMs = 5000): Promise<void> {
    const timer = setTimeout(() => this.kill("SIGKILL"), graceMs);
    this.kill("SIGTERM");
    await this.ended;
    clearTimeout(timer);
  }

  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch {
      // It has ended by itself.
    }
  }

  async #run(): Promise<number> {
    const [{ code }] = await Promise.all([
      this.#child.status,
      this.#listen(this.#child.stdout, (text) => this.#output += text),
      this.#listen(this.#child.stderr, (text) => this.#errors += text),
    ]);
    running.delete(this);
    return code;
  }

  async #listen(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      add(decoder.decode(chunk, { stream: true }));
      for (const look of [...this.#listeners]) look();
    }
  }
}

/** Ends every child that still runs, without waiting. */
export function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Processor time that a process has taken so far, in seconds; not a number where that cannot be told. */
export async function processorSeconds(pid: number): Promise<number> {
  if (Deno.build.os !== "linux") return NaN;
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // The name in brackets may have spaces; user and system time are the 14th and 15th field, in 10 ms.
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** Resident memory of a process in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  if (Deno.build.os === "linux") {
    const found = /^VmRSS:\s+(\d+) kB$/m.exec(await Deno.readTextFile(`/proc/${pid}/status`));
    return Number(found?.[1] ?? NaN) * 1024;
  }
  const ps = new Deno.Command("ps", { args: ["-o", "rss=", "-p", String(pid)] });
  return Number(new TextDecoder().decode((await ps.output()).stdout)) * 1024;
}
