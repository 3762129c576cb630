import { fileURLToPath } from "node:url";
import type { Figures } from "./case.ts";
import { Process } from "./process.ts";
import type { Tools } from "./tools.ts";

const OURS = fileURLToPath(new URL("./load/", import.meta.url));
const SOURCES = fileURLToPath(new URL("../../../shared/bench/", import.meta.url));

/** The load generators: compiled where their sources and a compiler are found, otherwise ours. */
export class Load {
  #programs: ReadonlyMap<string, readonly string[]>;
  #wrk: string | undefined;

  constructor(programs: ReadonlyMap<string, readonly string[]>, wrk: string | undefined) {
    this.#programs = programs;
    this.#wrk = wrk;
  }

  /** What drives the load, in words. */
  get description(): string {
    const compiled = [...this.#programs].filter(([, [program]]) => program !== Deno.execPath());
    const names = [...compiled.map(([name]) => `${name} (C)`), ...(this.#wrk ? ["wrk"] : [])];
    return names.length === 0 ? "TypeScript" : `${names.join(", ")}, otherwise TypeScript`;
  }

  /** Runs `mqtt_load`; its figures. */
  mqtt(...args: (string | number)[]): Promise<Figures> {
    return finish("mqtt_load", this.startMqtt(...args));
  }

  /** Runs one of the generators in this repository, for what the others do not know; its figures. */
  own(name: string, ...args: (string | number)[]): Promise<Figures> {
    return finish(name, new Process([...ours(name), ...args.map(String)]));
  }

  /** Starts `mqtt_load` for whoever watches the server meanwhile. */
  startMqtt(...args: (string | number)[]): Process {
    return new Process([...this.#program("mqtt_load"), ...args.map(String)]);
  }

  /** Runs `coap_load`; its figures. */
  coap(...args: (string | number)[]): Promise<Figures> {
    const command = [...this.#program("coap_load"), "-j", ...args.map(String)];
    return finish("coap_load", new Process(command));
  }

  /** Starts `mqtt_hold` and waits until it holds what it was asked to hold. */
  async hold(...args: (string | number)[]): Promise<Process> {
    const child = this.startHold(...args);
    await child.says("holding");
    return child;
  }

  /** Starts `mqtt_hold` for whoever waits for what it says. */
  startHold(...args: (string | number)[]): Process {
    return new Process([...this.#program("mqtt_hold"), ...args.map(String)]);
  }

  /** GET requests on 64 connections, each with one outstanding. */
  async http(url: string, seconds: number): Promise<Figures> {
    if (this.#wrk === undefined) {
      return finish(
        "http_load",
        new Process([...this.#program("http_load"), url, "-c", "64", "-d", String(seconds)]),
      );
    }
    // wrk counts in whole seconds.
    const duration = `${Math.max(1, Math.round(seconds))}s`;
    const child = new Process([this.#wrk, "-t1", "-c64", `-d${duration}`, url]);
    await child.ended;
    const rate = /^Requests\/sec:\s+([\d.]+)$/m.exec(child.output)?.[1];
    if (rate === undefined) throw new Error(`wrk failed: ${child.lastWords}`);
    const wrong = /^\s+(Non-2xx.*|Socket errors.*)$/m.exec(child.output)?.[1];
    if (wrong !== undefined) throw new Error(`wrk saw ${wrong}`);
    return { rate: Number(rate) };
  }

  #program(name: string): readonly string[] {
    return this.#programs.get(name) ?? ours(name);
  }
}

/** Chooses the generators, compiling into `directory`. */
export async function prepareLoad(tools: Tools, directory: string): Promise<Load> {
  const programs = new Map<string, readonly string[]>();
  for (const name of ["mqtt_load", "coap_load"]) {
    const program = tools.cc && await compile(tools.cc, name, directory);
    if (program) programs.set(name, [program]);
  }
  return new Load(programs, tools.wrk);
}

/** The generators that need nothing but Deno. */
export function ownLoad(): Load {
  return new Load(new Map(), undefined);
}

/** The figures on the last line of a generator's output. */
export async function finish(name: string, child: Process): Promise<Figures> {
  const code = await child.ended;
  const line = child.output.trim().split("\n").at(-1) ?? "";
  // 1 means that messages were lost, which the figures say too.
  if (code > 1 || !line.startsWith("{")) {
    throw new Error(`${name} ended with ${code}: ${child.lastWords}`);
  }
  try {
    return JSON.parse(line);
  } catch {
    // A rate over no time at all is not a number.
    throw new Error(`${name} measured nothing: ${line}`);
  }
}

function ours(name: string): string[] {
  return [Deno.execPath(), "run", "-A", `${OURS}${name}.ts`];
}

async function compile(cc: string, name: string, into: string): Promise<string | undefined> {
  const source = `${SOURCES}${name}.c`;
  try {
    await Deno.stat(source);
  } catch {
    return undefined;
  }
  const program = `${into}/${name}`;
  const { success } = await new Deno.Command(cc, {
    args: ["-O2", "-w", "-o", program, source],
    stdout: "null",
    stderr: "inherit",
  }).output();
  return success ? program : undefined;
}
