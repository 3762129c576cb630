import assert from "node:assert/strict";
import { authenticators, gateway, http, Log, policy, tcp, websocket } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { start } from "../meerkat.ts";

/** "secret", as mosquitto_passwd hashed it. */
const ann =
  "ann:$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZSAzCxW/Rl" +
  "Kl3DLncb1pIhBl3EdL0J9wrMNQ==\n";

/** The status with which a WebSocket is opened or refused. */
async function opening(port: number, path: string, user?: string): Promise<string> {
  using stream = await Deno.connect({ port });
  const login = user === undefined ? "" : `Authorization: Basic ${btoa(user)}\r\n`;
  await stream.write(new TextEncoder().encode(
    `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\n${login}Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  ));
  const into = new Uint8Array(64);
  await stream.read(into);
  return new TextDecoder().decode(into).slice(9, 12);
}

async function statusOf(port: number, path: string, user?: string, method = "GET") {
  const headers = new Headers(user === undefined ? {} : { authorization: `Basic ${btoa(user)}` });
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers });
  await answer.body?.cancel();
  return answer.status;
}

Deno.test("Rules about paths decide for handlers and WebSockets of the library too", async () => {
  const log = new Log({ sink: () => {} });
  await using hub = gateway({ log });
  hub.use(authenticators([{
    authenticate: ({ username }) => username === undefined ? undefined : { user: username },
  }], { allowAnonymous: true }));
  hub.use(
    policy({
      rules: [{ allow: "read", paths: ["/open/**"] }, {
        allow: ["read", "write"],
        paths: ["/of/%u/*"],
      }],
    }),
  );
  for (const path of ["/open/*", "/of/*"]) {
    hub.handle(path, () => new Response("in"));
    hub.websocket(path, () => {});
  }
  const { port } = await hub.listen(tcp({ port: 0 }), http({ upgrade: websocket() })).ready;
  assert.equal(await statusOf(port, "/open/a"), 200);
  assert.equal(await statusOf(port, "/open/a", undefined, "PUT"), 403);
  assert.equal(await statusOf(port, "/of/ann/a", "ann:", "PUT"), 200);
  for (const path of ["/of/ann/a", "/of/bob/../ann/a", "/of%2Fann/a"]) {
    assert.notEqual(await statusOf(port, path, "bob:"), 200, path);
    assert.notEqual(await opening(port, path, "bob:"), "101", path);
  }
  assert.equal(await statusOf(port, "/of/ann/a", "bob:"), 403);
  assert.equal(await opening(port, "/of/ann/a", "bob:"), "403");
  assert.equal(await opening(port, "/of/ann/a", "ann:"), "101");
  assert.equal(await opening(port, "/open/a"), "101");
});

Deno.test("A rule that fails lets nobody in", async () => {
  await using hub = gateway({ log: new Log({ sink: () => {} }) });
  hub.use({
    mayUse: () => {
      throw new Error("broken");
    },
  });
  hub.handle("/a", () => new Response("in"));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  assert.equal(await statusOf(port, "/a"), 403);
});

Deno.test("WebSockets behind a proxy need the login of their path, and are at its listener only", async () => {
  await using behind = gateway();
  behind.websocket("/*", () => {});
  const far = await behind.listen(tcp({ port: 0 }), http({ upgrade: websocket() })).ready;
  await using folder = await Folder.make({ users: ann });
  const proxy = [{ path: "/app", to: [`http://127.0.0.1:${far.port}`] }];
  const protect = [{ path: "/app", file: "users" }];
  const listen = [
    { url: "http://127.0.0.1:0", web: { proxy, protect } },
    "http://localhost:0",
  ];
  await folder.write("meerkat.json", JSON.stringify({ listen }));
  await using child = start(["--config", `${folder.path}/meerkat.json`]);
  const ports = (await child.linesFrom(0, 2)).map((line) => Number(/:(\d+)$/.exec(line)![1]));
  const [inside, outside] = ports;
  assert.equal(await opening(inside!, "/app/a"), "401");
  assert.equal(await opening(inside!, "/app/a", "ann:guess"), "401");
  assert.equal(await opening(inside!, "/app/a", "ann:secret"), "101");
  assert.equal(await opening(outside!, "/app/a", "ann:secret"), "404");
});

Deno.test("Files of users in directories protect these in every root of a site", async () => {
  await using folder = await Folder.make({
    "main/a.txt": "main",
    "docs/a.txt": "open",
    "docs/inner/.htpasswd": ann,
    "docs/inner/b.txt": "inner",
    "shop/.htpasswd": ann,
    "shop/c.txt": "shop",
  });
  const at = (name: string) => `${folder.path}/${name}`;
  const web = {
    root: at("main"),
    rewrites: { "@shop.example": at("shop"), "/docs": at("docs") },
    dotfiles: true,
    protect: [{ perDirectory: ".htpasswd" }],
  };
  const listen = [{ url: "http://127.0.0.1:0", web }];
  await folder.write("meerkat.json", JSON.stringify({ listen }));
  await using child = start(["--config", at("meerkat.json")]);
  const [line] = await child.linesFrom(0, 1);
  const port = Number(/:(\d+)$/.exec(line!)![1]);
  for (const path of ["/a.txt", "/docs/a.txt"]) assert.equal(await statusOf(port, path), 200);
  for (const path of ["/docs/inner/b.txt", "/DOCS/inner/b.txt", "/docs/%69nner/b.txt"]) {
    assert.equal(await statusOf(port, path), 401, path);
    assert.equal(await statusOf(port, path, "ann:guess"), 401, path);
    assert.equal(await statusOf(port, path, "ann:secret"), 200, path);
  }
  assert.equal(await statusOf(port, "/docs/inner/.htpasswd", "ann:secret"), 404);
  const raw = async (authorization = "") => {
    using stream = await Deno.connect({ port });
    const text = `GET /c.txt HTTP/1.1\r\nHost: shop.example\r\n${authorization}\r\n`;
    await stream.write(new TextEncoder().encode(text));
    const into = new Uint8Array(64);
    await stream.read(into);
    return new TextDecoder().decode(into).slice(9, 12);
  };
  assert.equal(await raw(), "401");
  assert.equal(await raw(`Authorization: Basic ${btoa("ann:secret")}\r\n`), "200");
});
