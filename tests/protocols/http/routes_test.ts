import assert from "node:assert/strict";
import { Handlers } from "../../../protocols/http/handlers.ts";
import { Fields, type RequestHead } from "../../../protocols/http/messages/message.ts";
import { Routes } from "../../../protocols/http/routes.ts";

function head(target: string, host = "localhost"): RequestHead {
  const [path = "", query = ""] = target.split("?");
  return { method: "GET", path, query, minor: 1, fields: new Fields([["host", host]]) };
}

function routes(...patterns: (string | URLPattern)[]): Routes<string> {
  const table = new Routes<string>();
  for (const each of patterns) table.add(each, typeof each === "string" ? each : each.pathname);
  return table;
}

const pattern = (pathname: string) => new URLPattern({ pathname });

const choices: [path: string, found: string | undefined][] = [
  ["/", "/*"],
  ["/a", "/a"],
  ["/a/", "/a/*"],
  ["/a/b", "/a/*"],
  ["/a/b/", "/a/b/*"],
  ["/a/b/c", "/a/b/*"],
  ["/api/7", "/api/:id"],
  ["/api/all", "/api/all"],
  ["/api/7/8", "/api/*"],
  ["/API/7", "/*"],
  ["/files/a.png", "/files/:name.png"],
  ["/files/a.gif", "/*"],
];

for (const [path, expected] of choices) {
  Deno.test(`Longer path wins (F2): ${path} is answered by ${expected}`, () => {
    const patterns = [
      "/*",
      "/a",
      "/a/*",
      "/a/b/*",
      "/api/*",
      "/api/all",
      pattern("/api/:id"),
      pattern("/files/:name.png"),
    ];
    assert.equal(routes(...patterns).find(head(path))?.value, expected);
    assert.equal(routes(...patterns.reverse()).find(head(path))?.value, expected);
  });
}

Deno.test("Named groups are given decoded, and what is optional may be missing", () => {
  const table = routes(pattern("/rooms/:room/:seat?"));
  assert.deepEqual(table.find(head("/rooms/a%20b/7"))?.params, { room: "a b", seat: "7" });
  assert.deepEqual(table.find(head("/rooms/a"))?.params, { room: "a" });
  assert.deepEqual(table.find(head("/rooms/%ff"))?.params, { room: "%ff" });
  assert.equal(table.find(head("/rooms")), undefined);
});

Deno.test("A pattern may name the host and the query as well", () => {
  const table = new Routes<number>();
  table.add(new URLPattern({ hostname: ":device.example", pathname: "/*" }), 1);
  table.add(new URLPattern({ pathname: "/*", search: "v=:version" }), 2);
  assert.deepEqual(table.find(head("/x", "pump.example"))?.params, { device: "pump" });
  assert.deepEqual(table.find(head("/x?v=3", "other"))?.params, { version: "3" });
  assert.equal(table.find(head("/x", "other")), undefined);
});

Deno.test("A path is taken once, and free again once it is removed", () => {
  for (const path of ["/a", "/a/*", pattern("/a/:b")]) {
    const table = routes(path);
    const again = typeof path === "string" ? path : pattern(path.pathname);
    assert.throws(() => table.add(again, "x"), TypeError);
    assert.equal(table.remove(again), true);
    assert.equal(table.remove(again), false);
    table.add(path, "x");
  }
  assert.throws(() => routes("a"), /a path begins with \//);
});

Deno.test("A handler of everything does not hide /topics, one that says so does", () => {
  const handlers = new Handlers();
  const found = (path: string) => handlers.find(head(path))?.value;
  const all = () => {}, topics = () => {}, one = () => {};
  handlers.add("/*", all);
  for (const path of ["/topics", "/topics/", "/topics/a/b", "/.well-known/core"]) {
    assert.equal(found(path), undefined, path);
  }
  for (const path of ["/", "/topicsx", "/.well-known/corex", "/a"]) {
    assert.equal(found(path), all, path);
  }
  handlers.add("/topics/*", topics);
  handlers.add("/topics/one", one);
  assert.equal(found("/topics/a"), topics);
  assert.equal(found("/topics/one"), one);
  assert.equal(found("/topics"), undefined);
});

Deno.test("Routes are not passed by another way to write their path", () => {
  const table = routes("/admin/*", "/a%20b", "/*");
  const find = (path: string) => table.find(head(path))?.value;
  const ways = [
    ...["/admin/x", "/%61dmin/x", "/%61%64%6D%69%6e/", "/x/../admin/x", "/./admin/x"],
    ...["/x/%2e%2e/admin/x", "/admin/../admin/x", "/x\\..\\admin\\x", "/../admin/x"],
  ];
  for (const path of ways) assert.equal(find(path), "/admin/*", path);
  for (const path of ["/a%20b", "/%61%20b", "/./a%20b"]) assert.equal(find(path), "/a%20b", path);
  for (const path of ["/admin/../x", "/admin%2fx", "/%zz", "/%", "/%%61", "/%2561dmin/x"]) {
    assert.equal(find(path), "/*", path);
  }
  assert.equal(find("*"), undefined);
});

Deno.test("A pattern of everything is not asked about the server as a whole", () => {
  const table = routes(pattern("/*"));
  assert.equal(table.find({ ...head("*"), method: "OPTIONS" }), undefined);
});
