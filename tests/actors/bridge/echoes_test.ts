import assert from "node:assert/strict";
import { defaults, Echoes, Passes, passLimits } from "../../../actors/bridge/echoes.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("Echoes takes each message that was sent for an echo once", () => {
  const echoes = new Echoes();
  echoes.expect("a", bytes("1"), 0);
  echoes.expect("a", bytes("1"), 1);
  assert.ok(!echoes.returned("a", bytes("2"), 2));
  assert.ok(!echoes.returned("b", bytes("1"), 2));
  assert.ok(echoes.returned("a", bytes("1"), 2));
  assert.ok(echoes.returned("a", bytes("1"), 2));
  assert.ok(!echoes.returned("a", bytes("1"), 2));
});

Deno.test("Echoes forgets after a while, and the oldest when they are many", () => {
  const echoes = new Echoes();
  echoes.expect("a", bytes("1"), 0);
  assert.ok(!echoes.returned("a", bytes("1"), defaults.windowMs));
  for (let i = 0; i <= defaults.maxMessages; i++) echoes.expect(`${i}`, bytes(""), 1);
  assert.ok(!echoes.returned("0", bytes(""), 2));
  assert.ok(echoes.returned("1", bytes(""), 2));
  echoes.clear();
  assert.ok(!echoes.returned("2", bytes(""), 2));
});

Deno.test("Passes lets a message pass some times in its window", () => {
  const passes = new Passes();
  const passed = Array.from({ length: 20 }, () => passes.pass("a", bytes("1"), 5));
  assert.equal(passed.filter((each) => each).length, passLimits.times);
  assert.ok(passes.pass("b", bytes("1"), 5));
  assert.ok(passes.pass("a", bytes("1"), passLimits.windowMs + 6));
});
