import assert from "node:assert/strict";
import {
  type Registration,
  registrationDefaults,
  Registrations,
} from "../../protocols/presence.ts";

/** Registrations, and all that they make known. */
function registered(limits = {}): { all: Registrations; said: string[] } {
  const said: string[] = [];
  const herald = {
    tell: (id: string, presence: string) => said.push(`${id} ${presence}`),
    publish: ({ topic }: { topic: string }) => said.push(`will ${topic}`),
    forgotten() {},
  };
  const bounds = { ...registrationDefaults, maxRegistrations: 3, maxWillBytes: 100, ...limits };
  return { all: new Registrations(herald, bounds), said };
}

function sensor(id: string, payload = "gone", owner = "user ann"): Registration {
  const will = { topic: id, payload: new TextEncoder().encode(payload), qos: 1, retain: false };
  return { id, user: undefined, owner, lifetimeMs: 1000, will: will as Registration["will"] };
}

Deno.test("Registrations publish a will once its client is missed, and give up after as long again", () => {
  const { all, said } = registered();
  assert(all.set(sensor("a"), 0));
  assert.deepEqual([all.deadline, all.dueAt("a")], [1000, 1000]);
  all.tick(999);
  assert.deepEqual(said, ["a online"]);
  all.tick(1000);
  assert.deepEqual(said.splice(0), ["a online", "a stale", "will a"]);
  all.tick(1999);
  assert.deepEqual(said, []);
  all.tick(2000);
  assert.deepEqual(said, ["a offline"]);
  assert.deepEqual([all.size, all.deadline, all.dueAt("a")], [0, Infinity, undefined]);
});

Deno.test("Registrations know a client that is heard again, and its will is good once more", () => {
  const { all, said } = registered();
  all.set(sensor("a"), 0);
  all.tick(1500);
  assert(all.hear("a", 1600));
  all.tick(2600);
  assert.deepEqual(said, ["a online", "a stale", "will a", "a online", "a stale", "will a"]);
  assert(!all.hear("b", 0));
});

Deno.test("Registrations publish no will of a client that says goodbye", () => {
  const { all, said } = registered();
  all.set(sensor("a"), 0);
  assert(all.delete("a"));
  assert(!all.delete("a"));
  all.tick(10_000);
  assert.deepEqual(said, ["a online", "a offline"]);
});

Deno.test("Registrations miss at once whoever was silent for twice its lifetime", () => {
  const { all, said } = registered();
  all.set(sensor("a"), 0);
  all.tick(5000);
  assert.deepEqual(said, ["a online", "a stale", "will a", "a offline"]);
});

Deno.test("Registrations are bounded in number and bytes, and what is replaced makes room", () => {
  const { all } = registered();
  for (const id of ["a", "b", "c"]) assert(all.set(sensor(id), 0));
  assert(!all.set(sensor("d"), 0));
  assert(!all.set(sensor("a", "x".repeat(95)), 0));
  assert(all.delete("b"));
  assert(all.delete("c"));
  assert(all.set(sensor("a", "x".repeat(95)), 0));
  assert(!all.set(sensor("d"), 0), "96 of 100 bytes are in use");
  assert(all.set(sensor("a", ""), 0));
  assert(all.set(sensor("d"), 0));
});

Deno.test("Registrations leave room for others when one user has all that he may have", () => {
  const { all } = registered({ maxRegistrationsPerUser: 1, maxWillBytesPerUser: 10 });
  assert(all.set(sensor("a"), 0));
  assert(!all.set(sensor("b"), 0));
  assert(!all.set(sensor("a", "so many bytes"), 0));
  assert(all.set(sensor("a", "12345678"), 0), "what was there makes room");
  assert(all.set(sensor("b", "gone", "user bob"), 0));
  assert(!all.set(sensor("b"), 0), "another user's does not");
  all.delete("a");
  assert(all.set(sensor("c", "12345678"), 0));
});
