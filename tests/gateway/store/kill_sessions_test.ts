import assert from "node:assert/strict";
import { exportStore } from "../../../actors/store/transfer.ts";
import { eventually } from "../../interop/patience.ts";
import { dice } from "../../protocols/mqtt/dice.ts";
import { listening } from "../meerkat.ts";
import { Counter, ExactSubscriber } from "./durable_clients.ts";
import { isSound } from "./sound_store.ts";
import { Toggler } from "./toggler.ts";

const rounds = Number(Deno.env.get("KILL_ROUNDS") ?? 4);
const seed = Number(Deno.env.get("KILL_SEED") ?? Date.now() % 1_000_000);
const urls = ["mqtt://127.0.0.1:0", "http://127.0.0.1:0"];
const history = [{ filter: "log/#", keep: "24h", max: 1_000_000 }];

for (const durability of ["strict", "relaxed"]) {
  Deno.test({
    name: "Groups, subscriptions and the past survive kill -9, " +
      `${durability}: ${rounds} rounds, seed ${seed}`,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await new Ordeal(folder, durability).run();
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

class Ordeal {
  readonly #dice = dice(seed);
  readonly #work = new Counter("work", (number) => `work/${number}`);
  readonly #log = new Counter("log", (number) => `log/x=${number}`);
  readonly #toggler = new Toggler("toggler", this.#dice);
  readonly #members = ["m1", "m2", "m3"]
    .map((name) => new ExactSubscriber(name, ["$share/g/work/#"]));
  readonly #file: string;
  /** The numbers that were remembered after the last kill. */
  #past: number[] = [];

  constructor(readonly folder: string, readonly durability: string) {
    this.#file = `${folder}/meerkat.db`;
  }

  async run(): Promise<void> {
    const config = `${this.folder}/meerkat.json`;
    await Deno.writeTextFile(config, JSON.stringify({ history }));
    {
      await using gateway = await this.#start();
      for (const member of this.#members) {
        await (await member.connect(gateway.ports[0]!))!.close();
      }
    }
    for (let round = 0; round < rounds; round++) await this.#round(round);
    await this.#reckon();
  }

  #start() {
    const config = `${this.folder}/meerkat.json`;
    const args = ["--config", config, "--data", this.#file, "--durability", this.durability];
    return listening(urls, args);
  }

  async #round(round: number): Promise<void> {
    const gateway = await this.#start(), [mqtt, http] = gateway.ports;
    await this.#checkPast(http!);
    const clients = [
      this.#work.run(mqtt!),
      this.#log.run(mqtt!),
      this.#toggler.run(mqtt!),
      ...this.#members.filter(() => this.#dice(2) === 0).map((member) => member.run(mqtt!)),
    ];
    const ms = 5 + this.#dice(300);
    await new Promise((resolve) => setTimeout(resolve, ms));
    gateway.child.kill("SIGKILL");
    try {
      await Promise.all(clients);
      await gateway[Symbol.asyncDispose]();
      await isSound(this.#file);
      this.#checkSubscriptions();
    } catch (error) {
      throw new Error(`Round ${round}, killed after ${ms} ms, seed ${seed}`, { cause: error });
    }
  }

  #checkSubscriptions(): void {
    const rows = [...exportStore(this.#file)].map((line) => JSON.parse(line));
    const session = rows.find(({ table, name }) => table === "sessions" && name === "toggler");
    // Killed before it was known.
    if (session === undefined) return;
    const own = (row: Record<string, unknown>) => row.session === session.key;
    this.#toggler.check(rows.filter((row) => row.table === "subscriptions" && own(row)));
  }

  /** Each number once, in order; what was remembered once is remembered after the next kill. */
  async #checkPast(port: number): Promise<void> {
    const answer = await fetch(`http://127.0.0.1:${port}/topics/log/x?since=0&limit=1000`);
    const found: number[] = (await answer.json())
      .map(({ payload }: { payload: string }) => Number(payload.split("=")[1]));
    assert.deepEqual(found, [...new Set(found)].sort((one, other) => one - other), `seed ${seed}`);
    const still = new Set(found), first = found[0] ?? Infinity;
    const lost = this.#past.filter((number) => number >= first && !still.has(number));
    assert.deepEqual(lost, [], `seed ${seed}`);
    this.#past = found;
  }

  /** Whatever member it was that got it. */
  async #reckon(): Promise<void> {
    await using gateway = await this.#start();
    const port = gateway.ports[0]!;
    await this.#checkPast(gateway.ports[1]!);
    const present = await Promise.all(this.#members.map((member) => member.connect(port)));
    const drained = present.map(async (client, at) => {
      try {
        for (;;) this.#members[at]!.take(client!, await client!.next());
      } catch { /* Closed. */ }
    });
    for (let left = Infinity; this.#missing().length < left;) {
      left = this.#missing().length;
      await eventually("all work", () => this.#missing().length === 0).catch(() => {});
    }
    for (const client of present) await client!.close();
    await Promise.all(drained);
    const lost = this.#missing();
    assert.equal(lost.length, 0, `lost ${lost.slice(0, 20)}, seed ${seed}`);
    assert.ok(this.#work.acknowledged.size > 0 && this.#past.length > 0);
  }

  #missing(): string[] {
    return [...this.#work.acknowledged].map((number) => `work/${number}`)
      .filter((text) => !this.#members.some(({ heard }) => heard.has(text)));
  }
}
