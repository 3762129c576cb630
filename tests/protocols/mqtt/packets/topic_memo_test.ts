import assert from "node:assert/strict";
import { topicName } from "../../../../protocols/mqtt/packets/topic_memo.ts";
import { bytes, join } from "../../fakes.ts";

function read(topic: string, maxLevels = 100): string {
  const input = join([bytes("##"), bytes(topic), bytes("##")]);
  const text = topicName(input, 2, input.length - 2, maxLevels);
  input.fill(0);
  return text;
}

Deno.test("topicName() reads any topic, new or known, in any order", () => {
  const topics = Array.from({ length: 3000 }, (_, index) => `site/${index % 1500}/é`);
  topics.push("x".repeat(128), "x".repeat(129), "x".repeat(60_000));
  for (const topic of topics) assert.equal(read(topic), topic);
  for (const topic of topics) {
    for (let again = 0; again < 2; again++) assert.equal(read(topic), topic);
  }
});

Deno.test("topicName() looks at the limit of levels even for known topics", () => {
  assert.equal(read("p/q/r", 3), "p/q/r");
  assert.throws(() => read("p/q/r", 2), { code: 0x90 });
  assert.equal(read("p/q/r", 3), "p/q/r");
});

Deno.test("topicName() does not remember what is wrong", () => {
  for (let again = 0; again < 2; again++) {
    assert.throws(() => read("a/#"), { code: 0x90 });
    assert.throws(() => read("a\0"), { code: 0x81 });
  }
});
