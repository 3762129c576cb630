import assert from "node:assert/strict";
import { namedLevels, plainFilter, subscriber } from "../../../actors/gateway/subscriber.ts";
import { Supervisor } from "../../../actors/supervisor.ts";
import { Delivery, Publication } from "../../../protocols/publication.ts";
import { settle } from "../fakes.ts";

/** A filter with names, without them, and what the names stand for in a topic. */
const filters: [string, string, string, Record<string, string>][] = [
  ["a/b", "a/b", "a/b", {}],
  ["a/+", "a/+", "a/b", {}],
  ["a/+x", "a/+", "a/b", { x: "b" }],
  ["+first/+second", "+/+", "a/b", { first: "a", second: "b" }],
  ["+x/+/c", "+/+/c", "a/b/c", { x: "a" }],
  ["#all", "#", "a/b/c", { all: "a/b/c" }],
  ["a/#rest", "a/#", "a/b/c", { rest: "b/c" }],
  ["a/#rest", "a/#", "a", { rest: "" }],
  ["a/+x/#rest", "a/+/#", "a/b", { x: "b", rest: "" }],
  ["+x//+y", "+//+", "a//", { x: "a", y: "" }],
  ["a+b/c#d", "a+b/c#d", "a+b/c#d", {}],
  ["+straße/+😀", "+/+", "a/b", { straße: "a", "😀": "b" }],
];

for (const [filter, plain, topic, levels] of filters) {
  Deno.test(`The filter ${filter} is ${plain}, and of ${topic} it names ${JSON.stringify(levels)}`, () => {
    assert.equal(plainFilter(filter), plain);
    assert.deepEqual(namedLevels(filter, topic), levels);
  });
}

function deliver(topic: string, text: string): Delivery {
  const payload = new TextEncoder().encode(text);
  return new Delivery(new Publication(topic, payload), 0, false, undefined);
}

Deno.test("A subscriber calls its handler for each delivery, in order", async () => {
  const supervisor = new Supervisor("test");
  const seen: string[] = [];
  const ref = supervisor.spawn(
    "s",
    subscriber("a/+x", (message, { x }) => void seen.push(`${x} ${message.text()}`)),
  );
  for (const text of ["1", "2", "3"]) ref.tell(deliver("a/b", text));
  await settle();
  assert.deepEqual(seen, ["b 1", "b 2", "b 3"]);
  supervisor.stop();
});

Deno.test("A handler that throws or whose promise rejects crashes its actor only", async () => {
  const crashes: string[] = [];
  const supervisor = new Supervisor("test", {
    maxRestarts: Infinity,
    crashed: (name, error) => crashes.push(`${name} ${(error as Error).message}`),
  });
  const seen: string[] = [];
  const ref = supervisor.spawn(
    "s",
    subscriber("a", (message) => {
      const text = message.text();
      seen.push(text);
      if (text === "throw") throw new Error("thrown");
      return text === "reject" ? Promise.reject(new Error("rejected")) : Promise.resolve();
    }),
    { restart: "crash" },
  );
  for (const text of ["1", "throw", "2", "reject", "3"]) ref.tell(deliver("a", text));
  await settle();
  assert.deepEqual(seen, ["1", "throw", "2", "reject", "3"]);
  assert.deepEqual(crashes, ["s thrown", "s rejected"]);
  supervisor.stop();
});

Deno.test("A rejection that comes after the subscription has ended concerns nobody", async () => {
  const crashes: unknown[] = [];
  const supervisor = new Supervisor("test", { crashed: (_, error) => crashes.push(error) });
  const late = Promise.withResolvers<void>();
  const ref = supervisor.spawn("s", subscriber("a", () => late.promise), { restart: "crash" });
  ref.tell(deliver("a", "x"));
  await settle();
  supervisor.stopChild("s");
  late.reject(new Error("too late"));
  await settle();
  assert.deepEqual(crashes, []);
});
