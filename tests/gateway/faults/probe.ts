import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { Child } from "../../interop/child.ts";
import { eventually } from "../../interop/patience.ts";

/** What a gateway holds, as `probe_gateway.ts` reports it. */
export interface Probe {
  /** Actors and supervisors. */
  actors: number;
  connections: number;
  subscriptions: number;
  receivers: number;
  /** MQTT sessions. */
  sessions: number;
  /** Timers that have neither fired nor been cancelled. */
  timers: number;
  /** Open file descriptors of the process; NaN where the system does not tell. */
  descriptors: number;
  /** After a collection of garbage. */
  heapBytes: number;
  /** Memory of buffers, beside the heap. */
  externalBytes: number;
  residentBytes: number;
  /** What crashed. */
  crashes: string[];
}

/** Where that gateway listens; TLS only when it is given a certificate and a key. */
export interface ProbePorts {
  mqtt: number;
  http: number;
  any: number;
  /** MQTT over TLS; 0 unless a certificate was given. */
  mqtts: number;
  /** Every protocol, with TLS and without; 0 unless a certificate was given. */
  either: number;
}

/** That gateway, in a process of its own. */
export class Probed implements AsyncDisposable {
  readonly #child: Child;
  #lines = 0;

  /** The arguments are the names of a certificate and its key, or nothing. */
  constructor(...identity: string[]) {
    const script = fileURLToPath(new URL("./probe_gateway.ts", import.meta.url));
    const flags = ["--quiet", "--v8-flags=--expose-gc", "-A"];
    this.#child = new Child(Deno.execPath(), ["run", ...flags, script, ...identity]);
  }

  /** To be asked once, and first. */
  ports(): Promise<ProbePorts> {
    return this.#next();
  }

  async look(): Promise<Probe> {
    await this.#child.write("look\n");
    return await this.#next();
  }

  /** Looks again until all is as it was in `fresh`, and fails when it never is. */
  async settled(fresh: Probe, seed: number): Promise<Probe> {
    let seen = fresh;
    await eventually("everyone to be gone", async () => {
      seen = await this.look();
      return JSON.stringify(counts(seen)) === JSON.stringify(counts(fresh));
    }).catch(() => assert.deepEqual(counts(seen), counts(fresh), `seed ${seed}`));
    return seen;
  }

  async #next<Answer>(): Promise<Answer> {
    const [line] = await this.#child.linesFrom(this.#lines++, 1);
    return JSON.parse(line!);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#child[Symbol.asyncDispose]();
  }
}

/** What must be there again to the last one. */
function counts({ actors, connections, subscriptions, receivers, sessions, timers }: Probe) {
  return { actors, connections, subscriptions, receivers, sessions, timers };
}
