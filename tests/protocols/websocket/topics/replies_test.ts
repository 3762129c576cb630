import assert from "node:assert/strict";
import { Publication } from "../../../../protocols/publication.ts";
import { bytes, type Stage } from "../../fakes.ts";
import { connect, lines, text } from "../peer.ts";

function json(maxRequests = 100): Stage {
  const stage = connect("/", { subprotocol: "json", limits: { maxRequests } });
  // Somebody has to be there to reply.
  stage.subscribe("question", { qos: 0 }, { name: "responder", deliver: () => true });
  return stage;
}

function request(
  stage: Stage,
  id: unknown,
  reply: unknown = "5s",
  topic = "question",
): Publication {
  stage.feed(text(JSON.stringify({ op: "publish", id, topic, payload: "?", reply })));
  return stage.space.published.at(-1)!;
}

function reply(stage: Stage, { properties }: Publication, payload: string): void {
  const { responseTopic, correlationData } = properties!;
  const answer = new Publication(responseTopic!, bytes(payload), {
    properties: { correlationData },
  });
  stage.space.publish(answer);
  stage.turn();
}

function answers(stage: Stage): Record<string, unknown>[] {
  return lines(stage.take()).map((line) => JSON.parse(line.slice(5)));
}

Deno.test("JsonMode gives the reply to the request that waits for it", () => {
  const stage = json();
  const first = request(stage, 1), second = request(stage, "two");
  assert.deepEqual(answers(stage), []);
  reply(stage, second, "second");
  reply(stage, first, "first");
  const seen = answers(stage).map(({ op, id, payload }) => ({ op, id, payload }));
  assert.deepEqual(seen, [
    { op: "reply", id: "two", payload: "second" },
    { op: "reply", id: 1, payload: "first" },
  ]);
});

Deno.test("JsonMode gives one reply to a request", () => {
  const stage = json();
  const asked = request(stage, 1);
  reply(stage, asked, "first");
  reply(stage, asked, "again");
  assert.equal(answers(stage).length, 1);
});

Deno.test("JsonMode says so when no reply comes in time", () => {
  const stage = json();
  const asked = request(stage, 1, "5s");
  request(stage, 2, "1500ms");
  stage.wait(4_999);
  assert.deepEqual(answers(stage), [{ op: "error", id: 2, reason: "No reply within 1.5 s" }]);
  stage.wait(1);
  assert.deepEqual(answers(stage), [{ op: "error", id: 1, reason: "No reply within 5 s" }]);
  reply(stage, asked, "late");
  assert.deepEqual(answers(stage), []);
});

Deno.test("JsonMode does not wait when nobody is there to reply", () => {
  const stage = json();
  request(stage, 1, "5s", "nobody");
  const [answer] = answers(stage);
  assert.match(answer!.reason as string, /nobody is there to reply$/);
  stage.wait(10_000);
  assert.deepEqual(answers(stage), []);
});

Deno.test("JsonMode bounds the requests that wait", () => {
  const stage = json(2);
  request(stage, 1);
  request(stage, 2);
  request(stage, 3);
  assert.match(answers(stage)[0]!.reason as string, /^Cannot wait for more than 2 replies$/);
  assert.equal(stage.space.published.length, 2);
});

Deno.test("JsonMode refuses a wait that is none", () => {
  const stage = json();
  for (const wait of ["5", "5h", "-1s", "0s", "61s", 5, null, "1.5s"]) {
    request(stage, 1, wait);
    assert.match(answers(stage)[0]!.reason as string, /^Cannot use "reply": /, `${wait}`);
  }
  request(stage, undefined);
  assert.match(answers(stage)[0]!.reason as string, /without "id"/);
});

Deno.test("JsonMode has a response topic that another client does not", () => {
  const first = request(json(), 1), second = request(json(), 1);
  assert.notEqual(first.properties!.responseTopic, second.properties!.responseTopic);
});
