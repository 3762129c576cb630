import assert from "node:assert/strict";
import type { Batch, Value } from "../../../actors/store/batch.ts";
import { batchesIn, RedoLog } from "../../../actors/store/redo_log.ts";
import { dice } from "../../protocols/mqtt/dice.ts";

const ID = 4_000_000_000;

function batch(number: number, size = 3): Batch {
  const values: Value[] = [number, "ä", null];
  return { batch: number, values, bytes: new Uint8Array(size).fill(number) };
}

async function withLog(fn: (log: RedoLog) => void): Promise<void> {
  const folder = await Deno.makeTempDir(), log = new RedoLog(`${folder}/redo`, ID);
  try {
    fn(log);
  } finally {
    log.remove();
    await Deno.remove(folder);
  }
}

function found(log: RedoLog, after: number): number[] {
  return batchesIn(Deno.readFileSync(log.path), ID, after).map(({ batch }) => batch);
}

Deno.test("RedoLog gives back what the database does not have, and only without a gap", () =>
  withLog((log) => {
    for (const number of [5, 6, 7, 9]) assert.ok(log.append(batch(number), 4));
    const bytes = Deno.readFileSync(log.path);
    assert.deepEqual(batchesIn(bytes, ID, 5), [batch(6), batch(7)]);
    assert.deepEqual(found(log, 4), [5, 6, 7]);
    assert.deepEqual(found(log, 7), []);
    assert.deepEqual(batchesIn(bytes, ID + 1, 4), [], "another store's");
  }));

Deno.test("RedoLog goes round, and stops where the database has not been", () =>
  withLog((log) => {
    const size = 6 << 20;
    let number = 0;
    for (let count = 0; count < 4; count++) assert.ok(log.append(batch(++number, size), 0));
    assert.equal(log.append(batch(5, size), 0), false);
    assert.equal(log.append(batch(5, size), 1), false);
    assert.ok(log.append(batch(++number, size), 2));
    assert.deepEqual(found(log, 2), [3, 4, 5]);
    assert.equal(log.append(batch(6, 17 << 20), 5), false, "larger than there is ever room for");
    assert.ok(log.append(batch(6), 5));
    assert.deepEqual(found(log, 5), [6]);
  }));

Deno.test("A log cut short anywhere, or with any byte flipped, gives what is whole before that", () =>
  withLog((log) => {
    for (const number of [1, 2, 3]) log.append(batch(number), 0);
    const whole = Deno.readFileSync(log.path), one = whole.length / 3;
    for (let length = 0; length < whole.length; length++) {
      const left = batchesIn(whole.subarray(0, length), ID, 0);
      assert.equal(left.length, Math.floor(length / one));
    }
    for (let at = 0; at < whole.length; at++) {
      const flipped = whole.slice();
      flipped[at]! ^= 0x55;
      assert.equal(batchesIn(flipped, ID, 0).length, Math.floor(at / one), `at ${at}`);
    }
    const roll = dice(2);
    for (let round = 0; round < 1000; round++) {
      const noise = Uint8Array.from({ length: roll(100) }, () => roll(256));
      assert.deepEqual(batchesIn(noise, ID, 0), []);
    }
  }));
