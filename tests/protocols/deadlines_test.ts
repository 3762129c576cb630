import assert from "node:assert/strict";
import { Deadlines, type Due } from "../../protocols/deadlines.ts";
import { seeded } from "./coap/fake_datagrams.ts";

class Item implements Due {
  dueAt = Infinity;
  place = -1;
  constructor(readonly name: number, readonly fired: number[]) {}

  due(): void {
    this.fired.push(this.name);
  }
}

Deno.test("Deadlines runs what is due, soonest first, and nothing else", () => {
  const fired: number[] = [], deadlines = new Deadlines();
  const items = [5, 1, 4, 2, 3].map((at) => new Item(at, fired));
  for (const item of items) deadlines.set(item, item.name);
  assert.equal(deadlines.next, 1);
  deadlines.run(3);
  assert.deepEqual(fired, [1, 2, 3]);
  assert.equal(deadlines.next, 4);
  deadlines.run(10);
  deadlines.run(20);
  assert.deepEqual(fired, [1, 2, 3, 4, 5]);
  assert.equal(deadlines.next, Infinity);
});

Deno.test("Deadlines agrees with a sorted list through 20,000 random changes", () => {
  const seed = 20, random = seeded(seed), fired: number[] = [], deadlines = new Deadlines();
  const items = Array.from({ length: 200 }, (_, name) => new Item(name, fired));
  const model = new Map<Item, number>();
  let now = 0;
  for (let round = 0; round < 20_000; round++) {
    const item = items[random() * items.length | 0]!, choice = random();
    if (choice < 0.6) {
      const at = now + 1 + (random() * 1000 | 0);
      deadlines.set(item, at);
      model.set(item, at);
    } else if (choice < 0.9) {
      deadlines.delete(item);
      model.delete(item);
    } else {
      now += random() * 100 | 0;
      fired.length = 0;
      deadlines.run(now);
      const due = [...model].filter(([, at]) => at <= now);
      assert.deepEqual(
        [...fired].sort((a, b) => a - b),
        due.map(([{ name }]) => name).sort((a, b) => a - b),
        `seed ${seed}, round ${round}`,
      );
      for (const [each] of due) model.delete(each);
    }
    assert.equal(deadlines.next, Math.min(Infinity, ...model.values()), `seed ${seed}`);
    assert.equal(deadlines.size, model.size);
  }
});
