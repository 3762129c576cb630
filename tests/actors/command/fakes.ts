import { type CommandHost, run, type Running } from "../../../actors/command/command.ts";
import type { Settings } from "../../../actors/command/config/resolved.ts";
import type { PolicyOptions } from "../../../actors/identity/policy.ts";
import type { Log } from "../../../actors/log.ts";

/** A world that is all in memory: files, output, signals and a gateway that only pretends. */
export class FakeHost implements CommandHost {
  readonly version = "1.2.3";
  readonly program = "deno run -A mod.ts";
  readonly limits = { maxPacketBytes: 1 << 20, graceMs: 250, maxTopicLevels: 32 };
  readonly out: string[] = [];
  readonly err: string[] = [];
  readonly read: string[] = [];
  settings: Settings | undefined;
  log: Log | undefined;
  /** What `serve` answers with. */
  running: Running | Error = {
    listeners: ["mqtt://127.0.0.1:1883"],
    finished: Promise.withResolvers<void>().promise,
    renew: (policy) => this.renewed.push(policy),
    stop: (drainMs) => {
      this.stoppedWith = drainMs;
      return Promise.resolve();
    },
  };
  stoppedWith: number | undefined;
  /** The policies that came while it was running. */
  readonly renewed: PolicyOptions[] = [];
  /** Who is told that a file has changed, by its name. */
  readonly watched = new Map<string, () => void>();
  /** Resolves once `serve` was called. */
  readonly served = Promise.withResolvers<void>();
  readonly #listeners = new Set<(signal: string) => void>();

  /** `files` are texts by their names; a name that ends in a slash is a folder. */
  constructor(readonly files: Record<string, string> = {}) {}

  serve(settings: Settings, log: Log): Promise<Running> {
    this.settings = settings;
    this.log = log;
    this.served.resolve();
    return this.running instanceof Error
      ? Promise.reject(this.running)
      : Promise.resolve(this.running);
  }

  readonly stdout = (line: string) => void this.out.push(line);
  readonly stderr = (line: string) => void this.err.push(line);

  readonly readFile = (path: string): Promise<string> => {
    this.read.push(path);
    const text = this.files[path];
    if (text !== undefined) return Promise.resolve(text);
    const code = this.files[`${path}/`] === undefined ? "ENOENT" : "EISDIR";
    return Promise.reject(Object.assign(new Error("not here"), { code }));
  };

  readonly readBytes = async (path: string): Promise<Uint8Array> =>
    new TextEncoder().encode(await this.readFile(path));

  readonly watch = (paths: readonly string[], changed: () => void): () => void => {
    for (const path of paths) this.watched.set(path, changed);
    return () => paths.forEach((path) => this.watched.delete(path));
  };

  onSignal(heard: (signal: string) => void): () => void {
    this.#listeners.add(heard);
    return () => void this.#listeners.delete(heard);
  }

  get listensToSignals(): boolean {
    return this.#listeners.size > 0;
  }

  signal(name: string): void {
    for (const heard of this.#listeners) heard(name);
  }

  /** Runs a command line that ends by itself, or starts the gateway and stops it at once. */
  async run(...args: string[]): Promise<number> {
    const code = run(args, this);
    await Promise.race([code, this.served.promise]);
    this.signal("SIGTERM");
    return await code;
  }
}

export const certificate = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
export const privateKey = "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n";
