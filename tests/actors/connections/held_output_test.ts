import assert from "node:assert/strict";
import { HeldDatagrams } from "../../../actors/connections/held_datagrams.ts";
import { HeldOutput } from "../../../actors/connections/held_output.ts";
import type { Holder, Ledger } from "../../../actors/space/ledger.ts";

/** A ledger that only counts batches. */
function ledger(): { ledger: Ledger; state: { dirty: boolean; batch: number }; holders: Holder[] } {
  const holders: Holder[] = [];
  const state = { dirty: true, batch: 1, hold: (holder: Holder) => void holders.push(holder) };
  return { ledger: state as unknown as Ledger, state, holders };
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (all: Uint8Array[]) => all.map((each) => new TextDecoder().decode(each)).join("");

Deno.test("HeldOutput lets go batch by batch, in order, and what is not recorded waits behind", () => {
  const { ledger: given, state, holders } = ledger();
  const out: Uint8Array[] = [];
  let end: boolean | undefined;
  const held = new HeldOutput(
    given,
    (each) => void out.push(each.slice()),
    (isSafe) => end = isSafe,
  );
  held.push(bytes("a"));
  state.dirty = false;
  held.push(bytes("b"));
  state.dirty = true;
  state.batch = 2;
  held.push(bytes("c"));
  assert.equal(held.size, 3);
  assert.equal(holders[0]!.committed(1), false);
  assert.equal(text(out), "ab");
  assert.equal(end, undefined);
  assert.equal(holders[0]!.committed(2), true);
  assert.equal(text(out), "abc");
  assert.equal(end, true);
});

Deno.test("HeldOutput keeps a copy, and says nothing when the store has failed", () => {
  const { ledger: given, holders } = ledger();
  const out: Uint8Array[] = [], reused = bytes("a");
  let end: boolean | undefined;
  const held = new HeldOutput(
    given,
    (each) => void out.push(each.slice()),
    (isSafe) => end = isSafe,
  );
  held.push(reused);
  reused[0] = 0x7a;
  holders[0]!.committed(0);
  holders[0]!.unstored();
  assert.equal(text(out), "");
  assert.equal(end, false);
});

Deno.test("HeldDatagrams lets go in order, or says something else instead", () => {
  const { ledger: given, state, holders } = ledger();
  const sent: string[] = [];
  const held = new HeldDatagrams({
    transmit: (each, to) => void sent.push(`${text([each])} to ${to}`),
    instead: (each) => text([each]) === "b" ? undefined : bytes("sorry"),
  });
  held.push(bytes("a"), "x", given);
  state.batch = 2;
  held.push(bytes("b"), "y", given);
  held.push(bytes("c"), "z", given);
  assert.equal(holders.length, 1);
  assert.equal(held.committed(1), false);
  assert.deepEqual(sent, ["a to x"]);
  held.unstored();
  assert.deepEqual(sent, ["a to x", "sorry to z"]);
  assert.equal(held.isHolding, false);
});
