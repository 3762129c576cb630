import assert from "node:assert/strict";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { Fields, type RequestHead } from "../../../protocols/http/messages/message.ts";

function head(path: string): RequestHead {
  return { method: "GET", path, query: "", minor: 1, fields: new Fields() };
}

Deno.test("Handlers finds an exact path before any other, then the longest", () => {
  const handlers = new Handlers();
  const answers = ["/a", "/a/*", "/a/b/*", "/a/b/c", "/*"].map((path) => {
    const answer = () => {};
    handlers.add(path, answer);
    return [path, answer] as const;
  });
  const named = new Map(answers.map(([path, answer]) => [answer, path]));
  const find = (path: string) => named.get(handlers.find(head(path))?.value as () => void);
  assert.equal(find("/a"), "/a");
  assert.equal(find("/a/"), "/a/*");
  assert.equal(find("/a/x"), "/a/*");
  assert.equal(find("/a/b"), "/a/*");
  assert.equal(find("/a/b/c"), "/a/b/c");
  assert.equal(find("/a/b/c/d"), "/a/b/*");
  assert.equal(find("/ab"), "/*");
  assert.equal(find("*"), undefined);
});

Deno.test("Handlers takes out what was added", () => {
  const handlers = new Handlers();
  handlers.add("/a", () => {});
  handlers.add("/a/*", () => {});
  assert(handlers.remove("/a/*"));
  assert.equal(handlers.find(head("/a/b")), undefined);
  assert(handlers.remove("/a"));
  assert.equal(handlers.find(head("/a")), undefined);
  assert.equal(handlers.remove("/a"), false);
});

Deno.test("Handlers refuses a path twice, and what is no path", () => {
  const handlers = new Handlers();
  handlers.add("/a/*", () => {});
  assert.throws(() => handlers.add("/a/*", () => {}), TypeError);
  assert.throws(() => handlers.add("a", () => {}), TypeError);
});
