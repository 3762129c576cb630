import assert from "node:assert/strict";
import { replyTopic } from "../../protocols/reply_topic.ts";
import { faultOfTopic, matches } from "../../protocols/topic.ts";

Deno.test("replyTopic() gives topics of which none tells the next", () => {
  const topics = Array.from({ length: 1000 }, () => replyTopic());
  assert.equal(new Set(topics.map((each) => each.slice(0, "$reply/1234".length))).size > 990, true);
  for (const topic of topics) assert.equal(faultOfTopic(topic, 2), undefined);
  assert.ok(!matches("#", topics[0]!) && matches("$reply/+", topics[0]!));
  assert.ok(matches(`${topics[0]}/+`, replyTopic(topics[0])));
});
