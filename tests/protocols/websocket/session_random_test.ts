import assert from "node:assert/strict";
import { join, type Stage } from "../fakes.ts";
import { echo, frame, lines, randoms } from "./peer.ts";

const seed = Date.now() >>> 0;

Deno.test("WebSocketSession does the same in pieces as whole, for random conversations", () => {
  const random = randoms(seed);
  for (let round = 0; round < 2_000; round++) {
    const input = conversation(random);
    const whole = echo();
    whole.feed(input);
    const pieces = echo();
    for (let at = 0; at < input.length && !pieces.closed;) {
      const end = at + 1 + random(20);
      pieces.feed(input.subarray(at, end));
      at = end;
    }
    const where = `seed ${seed}, round ${round}`;
    assert.deepEqual(lines(pieces.take()), lines(whole.take()), where);
    assert.equal(pieces.closed, whole.closed, where);
  }
});

Deno.test("WebSocketSession survives 100,000 random inputs", () => {
  const random = randoms(seed);
  for (let round = 0; round < 100_000; round++) {
    survives(echo(), Uint8Array.from({ length: random(24) }, () => random(256)), `round ${round}`);
  }
});

Deno.test("WebSocketSession survives every flip in a conversation", () => {
  const random = randoms(seed);
  const input = conversation(random).subarray(0, 200);
  for (let at = 0; at < input.length; at++) {
    for (const flip of [0x01, 0x10, 0x40, 0x80, 0xff]) {
      survives(echo(), input.with(at, input[at]! ^ flip), `byte ${at} ^ ${flip}`);
    }
  }
});

function survives(stage: Stage, input: Uint8Array, where: string): void {
  try {
    stage.feed(input);
    stage.wait(100_000);
    lines(stage.take());
  } catch (error) {
    assert.fail(`seed ${seed}, ${where}: ${error}`);
  }
}

/** Mostly good frames, so that the bad ones are reached. */
function conversation(random: (below: number) => number): Uint8Array<ArrayBuffer> {
  const frames: Uint8Array[] = [];
  let fragmented = false;
  for (let count = random(12); count >= 0; count--) {
    const payload = Uint8Array.from({ length: random(random(8) ? 20 : 200) }, () => random(128));
    const mask = Array.from({ length: 4 }, () => random(256));
    if (random(4) === 0) {
      frames.push(frame(9 + random(2), payload.subarray(0, 125), { mask }));
      continue;
    }
    const final = random(2) === 0;
    const opcode = fragmented ? 0 : 1 + random(2);
    frames.push(frame(opcode, payload, { final, mask }));
    fragmented = !final;
  }
  const all = join(frames);
  if (random(4) === 0) all[random(all.length)] = random(256);
  return all;
}
