import assert from "node:assert/strict";
import { parseIf } from "../../../../protocols/web/dav/if_header.ts";
import { type Holder, isBelow, type Lock, LockTable } from "../../../../protocols/web/dav/locks.ts";

function lock(token: string, path: string, more: Partial<Lock> = {}): Lock {
  const base = { href: path, exclusive: true, deep: true, owner: "", ends: 1000, lasts: 1000 };
  return { token, path, ...base, ...more };
}

const by = (...tokens: string[]): Holder => ({ tokens: new Set(tokens) });
const none = by(), a = by("a");

Deno.test("G21: a lock holds for what is below it, as deep as it was asked for", () => {
  const locks = new LockTable();
  assert.equal(locks.add(lock("a", "/x"), 0), "locked");
  assert.equal(locks.add(lock("b", "/y", { deep: false }), 0), "locked");
  for (const path of ["/x", "/x/1", "/x/1/2"]) {
    assert.deepEqual([locks.allows(path, none, false, 0), locks.allows(path, a, false, 0)], [
      false,
      true,
    ]);
  }
  for (const path of ["/", "/xx", "/y/1", "/z"]) assert.ok(locks.allows(path, none, false, 0));
  // Changing a whole tree needs the locks inside it.
  assert.equal(locks.allows("/", a, true, 0), false);
  assert.equal(locks.allows("/", by("a", "b"), true, 0), true);
});

Deno.test("G21: shared locks stand beside each other, and exclusive ones beside none", () => {
  const locks = new LockTable(), shared = { exclusive: false };
  assert.equal(locks.add(lock("a", "/x", shared), 0), "locked");
  assert.equal(locks.add(lock("b", "/x/1", shared), 0), "locked");
  assert.equal(locks.add(lock("c", "/x"), 0), "taken");
  assert.equal(locks.add(lock("c", "/"), 0), "taken");
  assert.equal(locks.add(lock("c", "/x/1/2"), 0), "taken");
  // The holder of either may write where both hold.
  assert.ok(locks.allows("/x/1", a, false, 0));
});

Deno.test("A lock is that of the login that made it, whoever knows its token", () => {
  const locks = new LockTable();
  locks.add(lock("a", "/x", { user: "ann" }), 0);
  for (const user of [undefined, "bob"]) assert.ok(!locks.allows("/x", { ...a, user }, false, 0));
  assert.ok(locks.allows("/x", { ...a, user: "ann" }, false, 0));
  assert.ok(!locks.allows("/", { ...a, user: "bob" }, true, 0));
});

Deno.test("G21: locks end by themselves, unless they are refreshed", () => {
  const locks = new LockTable(), first = lock("a", "/x");
  locks.add(first, 0);
  locks.refresh(first, 5000, 900);
  assert.equal(locks.of("/x", 5899).length, 1);
  assert.equal(locks.of("/x", 5900).length, 0);
});

Deno.test("Locks are forgotten with what they were on, and 1,000 are all", () => {
  const locks = new LockTable();
  for (let n = 0; n < 1000; n++) assert.equal(locks.add(lock(`${n}`, `/d/${n}`), 0), "locked");
  assert.equal(locks.add(lock("more", "/e"), 0), "full");
  locks.forget("/d");
  assert.equal(locks.add(lock("more", "/e"), 0), "locked");
  assert.deepEqual([isBelow("/a/b", "/a"), isBelow("/ab", "/a"), isBelow("/a", "/")], [
    true,
    false,
    true,
  ]);
});

Deno.test("G21: an If field is lists of conditions, for one resource or for many", () => {
  assert.deepEqual(parseIf('(<urn:a> ["e"]) (Not <DAV:no-lock>)'), [
    { conditions: [{ not: false, token: "urn:a" }, { not: false, etag: '"e"' }] },
    { conditions: [{ not: true, token: "DAV:no-lock" }] },
  ]);
  assert.deepEqual(parseIf('<http://h/x> (<urn:a>)(not [W/"e)"]) <http://h/y>(<urn:b>)'), [
    { resource: "http://h/x", conditions: [{ not: false, token: "urn:a" }] },
    { resource: "http://h/x", conditions: [{ not: true, etag: 'W/"e)"' }] },
    { resource: "http://h/y", conditions: [{ not: false, token: "urn:b" }] },
  ]);
});

Deno.test("An If field that is none is refused, cut anywhere or too long", () => {
  const whole = '<http://h/x> (Not <urn:a> ["e"])';
  for (let end = 0; end < whole.length; end++) {
    assert.equal(parseIf(whole.slice(0, end)), undefined, whole.slice(0, end));
  }
  const bad = [
    "()",
    "(Not)",
    "(Not Not <a>)",
    "(<a>) x",
    "((<a>))",
    "<a>",
    "(a)",
    "[x]",
    "Not (<a>)",
  ];
  for (const each of bad) assert.equal(parseIf(each), undefined, each);
  assert.equal(parseIf("(<a>)".repeat(100)), undefined);
  assert.equal(parseIf(" ".repeat(100_000) + "(".repeat(100_000)), undefined);
});
