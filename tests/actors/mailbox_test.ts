import assert from "node:assert/strict";
import { Mailbox } from "../../actors/mailbox.ts";

Deno.test("Mailbox gives back what it was given, in order", () => {
  const mailbox = new Mailbox<number>(1000);
  const seen: number[] = [];
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 30; i++) mailbox.push(round * 30 + i);
    for (let i = 0; i < 20; i++) seen.push(mailbox.shift()!);
  }
  while (mailbox.size > 0) seen.push(mailbox.shift()!);
  assert.deepEqual(seen, Array.from({ length: 1500 }, (_, i) => i));
});

Deno.test("Mailbox answers false when it is full, and takes more once it is not", () => {
  const mailbox = new Mailbox<number>(10);
  for (let i = 0; i < 10; i++) assert.equal(mailbox.push(i), true);
  assert.equal(mailbox.push(10), false);
  assert.equal(mailbox.shift(), 0);
  assert.equal(mailbox.push(10), true);
  assert.equal(mailbox.highWater, 10);
});

Deno.test("Mailbox answers undefined when it is empty", () => {
  const mailbox = new Mailbox<number>(4);
  assert.equal(mailbox.shift(), undefined);
  mailbox.push(1);
  mailbox.shift();
  assert.equal(mailbox.shift(), undefined);
});

Deno.test("Mailbox with room for nothing takes nothing", () => {
  assert.equal(new Mailbox<number>(0).push(1), false);
});
