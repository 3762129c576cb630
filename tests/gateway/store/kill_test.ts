import assert from "node:assert/strict";
import { eventually } from "../../interop/patience.ts";
import { dice } from "../../protocols/mqtt/dice.ts";
import { listening } from "../meerkat.ts";
import { Counter, ExactPublisher, ExactSubscriber } from "./durable_clients.ts";
import { coapPuts, webPuts } from "./puts.ts";
import { isSound } from "./sound_store.ts";

const rounds = Number(Deno.env.get("KILL_ROUNDS") ?? 4);
const seed = Number(Deno.env.get("KILL_SEED") ?? Date.now() % 1_000_000);
const urls = ["mqtt://127.0.0.1:0", "http://127.0.0.1:0", "coap://127.0.0.1:0"];
const KEYS = 10;

for (const durability of ["strict", "relaxed"]) {
  Deno.test({
    name: `What was acknowledged survives kill -9, ${durability}: ${rounds} rounds, seed ${seed}`,
    sanitizeOps: true,
    sanitizeResources: true,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await new Ordeal(`${folder}/meerkat.db`, durability).run();
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}

class Ordeal {
  readonly #dice = dice(seed);
  readonly #one = new Counter("one", (number) => `one/${number}`);
  readonly #two = new ExactPublisher("two");
  readonly #state = new Counter("state", (number) => `state/${number % KEYS}=${number}`);
  readonly #follower = new ExactSubscriber("follower", ["one/#", "two/#"]);
  /** The last number acknowledged of each path. */
  readonly #web = new Map<string, number>();
  readonly #coap = new Map<string, number>();

  constructor(readonly file: string, readonly durability: string) {}

  async run(): Promise<void> {
    {
      await using gateway = await this.#start();
      await (await this.#follower.connect(gateway.ports[0]!))!.close();
    }
    for (let round = 0; round < rounds; round++) {
      await this.#round(round);
      await isSound(this.file);
    }
    await this.#reckon();
  }

  #start() {
    return listening(urls, ["--data", this.file, "--durability", this.durability]);
  }

  async #round(round: number): Promise<void> {
    const gateway = await this.#start(), [mqtt, http, coap] = gateway.ports;
    const clients = [
      this.#one.run(mqtt!),
      this.#two.run(mqtt!),
      this.#state.run(mqtt!),
      webPuts(http!, this.#web, KEYS),
      coapPuts(coap!, this.#coap, KEYS),
      ...this.#dice(2) === 0 ? [this.#follower.run(mqtt!)] : [],
    ];
    const ms = 5 + this.#dice(300);
    await new Promise((resolve) => setTimeout(resolve, ms));
    gateway.child.kill("SIGKILL");
    try {
      await Promise.all(clients);
    } catch (error) {
      throw new Error(`Round ${round}, killed after ${ms} ms, seed ${seed}`, { cause: error });
    }
    await gateway[Symbol.asyncDispose]();
  }

  /** All that was promised is there. */
  async #reckon(): Promise<void> {
    await using gateway = await this.#start();
    const [mqtt, http] = gateway.ports;
    await this.#two.run(mqtt!, 0);
    const { heard } = this.#follower, follower = (await this.#follower.connect(mqtt!))!;
    const drained = (async () => {
      for (;;) this.#follower.take(follower, await follower.next());
    })().catch(() => {});
    const waiting = new Set(this.#missing());
    const isAll = () => {
      for (const text of waiting) {
        if (!heard.has(text)) return false;
        waiting.delete(text);
      }
      return true;
    };
    // As long as more comes: many rounds leave much to hear.
    for (let left = Infinity; waiting.size < left;) {
      left = waiting.size;
      await eventually("all messages", isAll).catch(() => {});
    }
    await follower.close();
    await drained;
    const lost = this.#missing();
    assert.equal(lost.length, 0, `lost ${lost.slice(0, 20)}, seed ${seed}`);
    const twice = [...heard].filter(([text, times]) => text.startsWith("two/") && times > 1);
    assert.deepEqual(twice, [], `twice, seed ${seed}`);
    for (const [path, least] of this.#states()) {
      const answer = await fetch(`http://127.0.0.1:${http}/topics/${path}`);
      const stored = Number((await answer.text()).replace(/.*=/, ""));
      assert.ok(stored >= least, `${path} is ${stored}, and ${least} was promised, seed ${seed}`);
    }
    assert.ok(heard.size > 0 && this.#web.size > 0 && this.#coap.size > 0);
  }

  #missing(): string[] {
    const promised = [
      ...[...this.#one.acknowledged].map((number) => `one/${number}`),
      ...[...this.#two.acknowledged].map((number) => `two/${number}`),
    ];
    return promised.filter((text) => !this.#follower.heard.has(text));
  }

  *#states(): Generator<[string, number]> {
    const last = new Map<string, number>();
    for (const number of this.#state.acknowledged) {
      const path = `state/${number % KEYS}`;
      last.set(path, Math.max(number, last.get(path) ?? 0));
    }
    yield* last;
    yield* this.#web;
    yield* this.#coap;
  }
}
