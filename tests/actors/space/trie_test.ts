import assert from "node:assert/strict";
import { Trie } from "../../../actors/space/trie.ts";
import { matches } from "../../../protocols/topic.ts";
import { randoms } from "../../protocols/websocket/peer.ts";

Deno.test("A trie holds one value for each key", () => {
  const trie = new Trie<number>();
  const keys = ["a", "a/b", "a/b/c", "/", "//", "a/", "/a", "b", "", "+", "#", "a/+/c", "a/#"];
  for (const [value, key] of keys.entries()) trie.set(key, value);
  assert.equal(trie.size, keys.length);
  for (const [value, key] of keys.entries()) assert.equal(trie.get(key), value);
  trie.set("a", 99);
  assert.deepEqual([trie.size, trie.get("a")], [keys.length, 99]);
  for (const absent of ["c", "a/c", "a/b/c/d", "///", "b/"]) {
    assert.equal(trie.get(absent), undefined);
  }
});

Deno.test("What is deleted is gone, and what is below or beside it stays", () => {
  const trie = new Trie<string>();
  for (const key of ["a", "a/b", "a/b/c", "a/d"]) trie.set(key, key);
  assert.equal(trie.delete("a/b"), true);
  assert.equal(trie.delete("a/b"), false);
  assert.equal(trie.delete("a/x"), false);
  assert.equal(trie.delete("a/b/c/d"), false);
  assert.deepEqual([...trie.selectedBy("#")].sort(), ["a", "a/b/c", "a/d"]);
  for (const key of ["a/b/c", "a", "a/d"]) assert.equal(trie.delete(key), true);
  assert.equal(trie.size, 0);
  assert.deepEqual([...trie.selectedBy("#")], []);
});

/** Topics and filters of few words, so that many match. */
function word(random: (below: number) => number, words: readonly string[]): string {
  return Array.from({ length: 1 + random(4) }, () => words[random(words.length)]!).join("/");
}

const levels = ["a", "b", "", "$x", "ä"];

function filter(random: (below: number) => number): string {
  const plain = word(random, [...levels, "+"]);
  return random(3) > 0 ? plain : random(5) === 0 ? "#" : `${plain}/#`;
}

Deno.test("What selects a topic, and what a filter selects, agree with the rules one by one", () => {
  const seed = Number(Deno.env.get("SEED") ?? 1);
  const random = randoms(seed);
  const filters = new Trie<string>(), topics = new Trie<string>();
  const known = { filters: new Set<string>(), topics: new Set<string>() };
  const change = (trie: Trie<string>, all: Set<string>, key: string) => {
    if (random(3) === 0) {
      assert.equal(trie.delete(key), all.delete(key), `seed ${seed}`);
    } else {
      trie.set(key, key);
      all.add(key);
    }
  };
  for (let round = 0; round < 5_000; round++) {
    change(filters, known.filters, filter(random));
    change(topics, known.topics, word(random, levels));
    const topic = word(random, levels), wanted = filter(random);
    assert.deepEqual(
      filters.selecting(topic).sort(),
      [...known.filters].filter((each) => matches(each, topic)).sort(),
      `${topic}, seed ${seed}`,
    );
    assert.deepEqual(
      [...topics.selectedBy(wanted)].sort(),
      [...known.topics].filter((each) => matches(wanted, each)).sort(),
      `${wanted}, seed ${seed}`,
    );
  }
  assert.deepEqual([filters.size, topics.size], [known.filters.size, known.topics.size]);
});

Deno.test("A topic costs its matches, not what else is in the trie", () => {
  const trie = new Trie<number>();
  for (let at = 0; at < 20_000; at++) trie.set(`other/${at}/+`, at);
  trie.set("mine/+", 1);
  const visited = trie.selecting("mine/x");
  assert.deepEqual(visited, [1]);
  // As many as there are would take seconds.
  for (let times = 0; times < 20_000; times++) trie.selecting("mine/x");
});

Deno.test("Values may come and go while a filter is walked", () => {
  const trie = new Trie<string>();
  for (let at = 0; at < 100; at++) trie.set(`t/${at}`, `t/${at}`);
  const seen: string[] = [];
  for (const value of trie.selectedBy("t/+")) {
    seen.push(value);
    trie.delete(value);
    if (seen.length < 10) trie.set(`t/new ${seen.length}`, `t/new ${seen.length}`);
    trie.delete("t/99");
  }
  assert.equal(new Set(seen).size, seen.length);
  assert.ok(!seen.includes("t/99"));
  for (let at = 0; at < 99; at++) assert.ok(seen.includes(`t/${at}`), `t/${at}`);
});

Deno.test("A search in vain says so now and then, however far it goes", () => {
  const trie = new Trie<number>();
  for (let at = 0; at < 1_000; at++) trie.set(`a/${at}/b/c`, at);
  for (const filter of ["+/+/+/x", "#", "a/+/b", "a/+/#", "+/999/b/+"]) {
    let steps = 0, found = 0;
    for (const value of trie.search(filter)) {
      steps++;
      if (value !== undefined) found++;
    }
    assert.equal(found, [...trie.selectedBy(filter)].length, filter);
    assert.ok(steps - found >= 60 || filter.startsWith("+/999"), `${filter}: ${steps} steps`);
  }
});
