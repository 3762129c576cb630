import assert from "node:assert/strict";
import { Publication } from "../../protocols/publication.ts";
import { defaults, Trail, VIA, viaOf } from "../../protocols/trail.ts";

function trail(id: string): Trail {
  const made = new Trail();
  made.id = id;
  return made;
}

function message(via?: string): Publication {
  const userProperties = via === undefined ? undefined : [["x", "y"], [VIA, via]] as const;
  return new Publication("a", new Uint8Array([1]), {
    qos: 1,
    retain: true,
    time: 7,
    contentType: "text/plain",
    properties: { expirySeconds: 9, userProperties },
    origin: "somebody",
  });
}

Deno.test("Trail.pass() names a new message, and leaves all else as it was", () => {
  const here = trail("here");
  const first = here.pass(message()) as Publication, second = here.pass(message()) as Publication;
  for (const each of [first, second]) assert.match(viaOf(each)!, /^here\/\d{1,16}$/);
  assert.notEqual(viaOf(first), viaOf(second));
  const { topic, payload, qos, retain, time, contentType, origin } = first;
  assert.deepEqual(
    [topic, [...payload], qos, retain, time, contentType, origin],
    ["a", [1], 1, true, 7, "text/plain", "somebody"],
  );
  assert.equal(first.properties?.expirySeconds, 9);
});

Deno.test("Nobody who has seen the names of messages can tell the next one", () => {
  const here = trail("here");
  const numbers = Array.from({ length: 2_000 }, () => {
    return Number(viaOf(here.pass(message()) as Publication)!.slice("here/".length));
  });
  assert.equal(new Set(numbers).size, numbers.length);
  assert.ok(numbers.every(Number.isSafeInteger));
  // In order, or at the same distance, they would be known after two.
  const steps = numbers.slice(1).map((each, at) => each - numbers[at]!);
  assert.equal(new Set(steps).size, steps.length);
  assert.ok(numbers.filter((each) => each > 2 ** 52).length > 800, "all bits are in use");
});

Deno.test("Trail.pass() adds this gateway to a message of another", () => {
  const passed = trail("here").pass(message("there/5 between")) as Publication;
  assert.deepEqual(passed.properties?.userProperties, [["x", "y"], [VIA, "there/5 between here"]]);
});

Deno.test("Trail.pass() stops what comes back, and what has come too far", () => {
  const here = trail("here");
  assert.equal(here.pass(message("here/1 there")), "looped");
  assert.equal(here.pass(message("there/1 here between")), "looped");
  const far = "there/1" + " g".repeat(defaults.maxHops - 2);
  assert.ok(here.pass(message(far)) instanceof Publication);
  assert.equal(here.pass(message(far + " g")), "looped");
});

Deno.test("Trail.pass() stops what came by another way and was taken", () => {
  const here = trail("here");
  const first = here.pass(message("there/1")) as Publication;
  // Not taken, it may come again.
  assert.ok(here.pass(message("there/1 between")) instanceof Publication);
  here.taken(first);
  assert.equal(here.pass(message("there/1 between")), "doubled");
  assert.ok(here.pass(message("there/2")) instanceof Publication);
});

Deno.test("Trail remembers the newest messages", () => {
  const here = trail("here");
  const half = defaults.rememberedMessages / 2;
  for (let i = 1; i <= 3 * half; i++) here.taken(message(`there/${i} here`));
  assert.equal(here.pass(message(`there/${3 * half}`)), "doubled");
  assert.equal(here.pass(message(`there/${2 * half + 1}`)), "doubled");
  assert.ok(here.pass(message("there/1")) instanceof Publication);
});

Deno.test("Trail.pass() takes a trail that cannot be read for none", () => {
  for (const via of ["", "there", "there/x", "there/1  here", "a b/1", `${"g".repeat(65)}/1`]) {
    assert.match(viaOf(trail("here").pass(message(via)) as Publication)!, /^here\/\d+$/, via);
  }
});
