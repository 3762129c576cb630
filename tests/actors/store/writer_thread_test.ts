import assert from "node:assert/strict";
import { BatchBuilder } from "../../../actors/store/batch.ts";
import { WriterThread } from "../../../actors/store/writer_thread.ts";

Deno.test("WriterThread that has ended says so to whoever gives it more", async () => {
  const file = "/no/such/folder/meerkat.db";
  const writer = new WriterThread({ kind: "open", file, fsync: true, maxPages: 0, retryMs: 1_000 });
  const reason = await new Promise<string>((resolve) => writer.onFault = resolve);
  assert.match(reason, /Cannot use .*: it is not there/);
  assert.equal(await writer.close(), false);
  const builder = new BatchBuilder(1);
  builder.add("endRetained", ["a"]);
  const answer = new Promise((resolve) => writer.onAnswer = resolve);
  writer.write(builder.build());
  assert.deepEqual(await answer, {
    kind: "failed",
    reason: "its thread has ended: start the gateway again",
  });
});
