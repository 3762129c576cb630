/** False where Mosquitto is not installed: the tests that need it are left out, loudly. */
export const hasMosquitto = (() => {
  try {
    new Deno.Command("mosquitto", { args: ["-h"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
})();

/** What a test's name ends with. */
export const orSkipped = hasMosquitto ? "" : " (skipped: mosquitto is not installed)";

/** A Mosquitto that can be stopped and started again, with what it has stored. */
export class Mosquitto {
  readonly #folder = Deno.makeTempDirSync();
  #process: Deno.ChildProcess | undefined;
  #stopping: Promise<void> | undefined;
  #watched: Promise<void> | undefined;

  constructor(readonly port: number) {
    const lines = [
      `listener ${port} 127.0.0.1`,
      "allow_anonymous true",
      "persistence true",
      `persistence_location ${this.#folder}/`,
      "max_queued_messages 100000",
      // As root it would become somebody who may not write there.
      ...Deno.uid() === 0 ? ["user root"] : [],
    ];
    Deno.writeTextFileSync(`${this.#folder}/conf`, lines.join("\n") + "\n");
  }

  /** Starts one on a port of the system's choice. */
  static async start(): Promise<Mosquitto> {
    const probe = Deno.listen({ port: 0 });
    const { port } = probe.addr;
    probe.close();
    const mosquitto = new Mosquitto(port);
    await mosquitto.start();
    return mosquitto;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<void> {
    this.#stopping = undefined;
    this.#process = new Deno.Command("mosquitto", {
      args: ["-v", "-c", `${this.#folder}/conf`],
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const running = Promise.withResolvers<void>();
    this.#watch(this.#process.stderr, running.resolve);
    await running.promise;
  }

  /** Ends it; it saves what it holds. */
  stop(): Promise<void> {
    return this.#stopping ??= this.#stop();
  }

  async #stop(): Promise<void> {
    this.#process?.kill("SIGTERM");
    await this.#process?.status;
    await this.#watched;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  #watch(stderr: ReadableStream<Uint8Array<ArrayBuffer>>, running: () => void): void {
    this.#watched = (async () => {
      let text = "";
      for await (const piece of stderr.pipeThrough(new TextDecoderStream())) {
        text = (text + piece).slice(-4096);
        if (text.includes(" running")) running();
      }
    })();
  }
}
