import assert from "node:assert/strict";
import { eventually } from "../../interop/patience.ts";
import { dice } from "../../protocols/mqtt/dice.ts";
import { listening, type Running } from "../meerkat.ts";
import { Counter, ExactPublisher, ExactSubscriber } from "./durable_clients.ts";
import { isSound } from "./sound_store.ts";

const rounds = Number(Deno.env.get("KILL_ROUNDS") ?? 4);
const seed = Number(Deno.env.get("KILL_SEED") ?? Date.now() % 1_000_000);

Deno.test({
  name: "A bridge loses nothing when either end is killed, and brings nothing of QoS 2 twice: " +
    `${rounds} rounds, seed ${seed}`,
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await new Ordeal(folder).run();
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

class Ordeal {
  readonly #dice = dice(seed);
  readonly #up = new Counter("up", (number) => `up/${number}`);
  readonly #down = new Counter("down", (number) => `down/${number}`);
  readonly #two = new ExactPublisher("two");
  readonly #far = new ExactSubscriber("far", ["up/#"]);
  readonly #near = new ExactSubscriber("near", ["down/#", "two/#"]);
  /** Where the upstream is found again. */
  #port = 0;

  constructor(readonly folder: string) {}

  async run(): Promise<void> {
    {
      await using upstream = await this.#startUpstream();
      await (await this.#far.connect(this.#port))!.close();
      await using site = await this.#startSite();
      await (await this.#near.connect(site.ports[0]!))!.close();
      await isOnline(site);
      void upstream;
    }
    for (let round = 0; round < rounds; round++) await this.#round(round);
    await this.#reckon();
  }

  async #startUpstream(): Promise<Running> {
    const url = `mqtt://127.0.0.1:${this.#port}`, data = `${this.folder}/upstream.db`;
    const upstream = await listening([url], ["--data", data]);
    this.#port = upstream.ports[0]!;
    return upstream;
  }

  async #startSite(): Promise<Running> {
    const config = `${this.folder}/site.json`;
    const bridge = {
      name: "plant",
      url: `mqtt://127.0.0.1:${this.#port}`,
      clientId: "site",
      clean: false,
      routes: [
        { direction: "out", filter: "up/#", qos: 1 },
        { direction: "in", filter: "down/#", qos: 1 },
        { direction: "in", filter: "two/#", qos: 2 },
      ],
      limits: { retryMinMs: 10, retryMaxMs: 50 },
    };
    await Deno.writeTextFile(config, JSON.stringify({ bridges: [bridge] }));
    const urls = ["mqtt://127.0.0.1:0", "http://127.0.0.1:0"];
    return await listening(urls, ["--config", config, "--data", `${this.folder}/site.db`]);
  }

  async #round(round: number): Promise<void> {
    const upstream = await this.#startUpstream(), site = await this.#startSite();
    const near = site.ports[0]!, far = this.#port;
    const clients = [
      this.#up.run(near),
      this.#down.run(far),
      this.#two.run(far),
      ...this.#dice(2) === 0 ? [this.#near.run(near)] : [],
      ...this.#dice(2) === 0 ? [this.#far.run(far)] : [],
    ];
    const ends = this.#dice(2) === 0 ? [upstream, site] : [site, upstream];
    const pauses = [5 + this.#dice(400), this.#dice(200)];
    for (const [at, { child }] of ends.entries()) {
      await new Promise((resolve) => setTimeout(resolve, pauses[at]));
      child.kill("SIGKILL");
    }
    try {
      await Promise.all(clients);
    } catch (error) {
      throw new Error(`Round ${round}, killed after ${pauses} ms, seed ${seed}`, { cause: error });
    }
    for (const end of ends) await end[Symbol.asyncDispose]();
    for (const name of ["upstream", "site"]) await isSound(`${this.folder}/${name}.db`);
  }

  async #reckon(): Promise<void> {
    await using upstream = await this.#startUpstream();
    await using site = await this.#startSite();
    void upstream;
    await this.#two.run(this.#port, 0);
    const ends = [[this.#near, site.ports[0]!], [this.#far, this.#port]] as const;
    const present = await Promise.all(ends.map(([each, port]) => each.connect(port)));
    const drained = ends.map(async ([each], at) => {
      try {
        for (;;) each.take(present[at]!, await present[at]!.next());
      } catch { /* Closed. */ }
    });
    for (let left = Infinity; this.#missing().length < left;) {
      left = this.#missing().length;
      await eventually("all messages", () => this.#missing().length === 0).catch(() => {});
    }
    for (const client of present) await client!.close();
    await Promise.all(drained);
    const lost = this.#missing();
    assert.equal(lost.length, 0, `lost ${lost.slice(0, 20)} of ${lost.length}, seed ${seed}`);
    const { heard } = this.#near;
    const twice = [...heard].filter(([text, times]) => text.startsWith("two/") && times > 1);
    assert.deepEqual(twice, [], `twice, seed ${seed}`);
    assert.ok(this.#up.acknowledged.size > 0 && this.#down.acknowledged.size > 0);
  }

  #missing(): string[] {
    const lost = (
      { acknowledged }: Counter | ExactPublisher,
      name: string,
      { heard }: ExactSubscriber,
    ) =>
      [...acknowledged].map((number) => `${name}/${number}`)
        .filter((text) => !heard.has(text));
    return [
      ...lost(this.#up, "up", this.#far),
      ...lost(this.#down, "down", this.#near),
      ...lost(this.#two, "two", this.#near),
    ];
  }
}

async function isOnline(site: Running): Promise<void> {
  await eventually("the bridge", async () => {
    const answer = await fetch(`http://127.0.0.1:${site.ports[1]}/topics/$bridge/plant/state`);
    return await answer.text() === "online";
  });
}
