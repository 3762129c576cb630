import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { bytes, join } from "../../fakes.ts";
import { connect, lines, text } from "../peer.ts";

Deno.test("JsonMode sends no more stored values of a filter that it unsubscribed from", () => {
  const stage = connect("/", { subprotocol: "json" });
  for (const topic of ["s/1", "s/2", "t"]) {
    stage.space.values.set(topic, new Publication(topic, bytes("v"), { retain: true }));
  }
  stage.full = true;
  const operations = [
    { op: "subscribe", filter: "s/+" },
    { op: "subscribe", filter: "t" },
    { op: "unsubscribe", filter: "s/+" },
  ];
  stage.feed(join(operations.map((each) => text(JSON.stringify(each)))));
  stage.full = false;
  stage.session.drained!(0);
  const topics = lines(stage.take()).map((line) => JSON.parse(line.slice("text ".length)).topic);
  assert.deepEqual(topics, ["t"]);
});
