import assert from "node:assert/strict";
import { Folder } from "../../actors/web/folder.ts";
import { start } from "../meerkat.ts";

/** "secret", as mosquitto_passwd hashed it. */
const HASH = "$7$101$ZlBu2Dl5gGtDy6yn$3+TkyzM83iApo/10v6FBuwX0qaWijfyCxaMuQnA+/5ht0rkIcEZSAzCx" +
  "W/RlKl3DLncb1pIhBl3EdL0J9wrMNQ==";

const LOCK = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>
<locktype><write/></locktype></lockinfo>`;

/** A gateway whose staff, ann and bob, may change files; those of /dir/private are eve's. */
async function site() {
  const folder = await Folder.make({
    "staff": `ann:${HASH}\nbob:${HASH}\n`,
    "chief": `eve:${HASH}\n`,
    "root/open/a.txt": "open",
    "root/dir/private/b.txt": "private",
    "root/own/inner/.htpasswd": `eve:${HASH}\n`,
    "root/own/inner/c.txt": "inner",
  });
  const at = (name: string) => `${folder.path}/${name}`;
  const web = {
    dav: { root: at("root"), auth: at("staff"), dotfiles: true },
    root: at("root"),
    protect: [{ path: "/dir/private", file: at("chief") }, { perDirectory: ".htpasswd" }],
  };
  await folder.write(
    "meerkat.json",
    JSON.stringify({ listen: [{ url: "http://127.0.0.1:0", web }] }),
  );
  const child = start(["--config", at("meerkat.json")]);
  const [line] = await child.linesFrom(0, 1);
  const port = Number(/:(\d+)$/.exec(line!)![1]);
  const asks = async (
    user: string,
    [method, path]: readonly [string, string],
    headers: Record<string, string> = {},
    body: string | null = null,
  ) => {
    const fields = { authorization: `Basic ${btoa(`${user}:secret`)}`, ...headers };
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      headers: fields,
      body,
    });
    await answer.body?.cancel();
    return answer;
  };
  return { folder, child, at, asks };
}

Deno.test("WebDAV takes nobody into or out of a directory whose login another path needs", async () => {
  const { folder, child, at, asks } = await site();
  await using _folder = folder;
  await using _child = child;
  const status = async (method: string, path: string, destination?: string) =>
    (await asks("ann", [method, path], destination === undefined ? {} : { destination })).status;
  assert.equal(await status("COPY", "/dir/private/b.txt", "/open/b.txt"), 401);
  assert.equal(await status("COPY", "/dir", "/copy"), 403);
  assert.equal(await status("MOVE", "/dir", "/moved"), 403);
  assert.equal(await status("DELETE", "/dir"), 403);
  for (const to of ["/dir/private/a.txt", "/DIR/Private/a.txt", "/dir/%70rivate/a.txt"]) {
    assert.equal(await status("COPY", "/open/a.txt", to), 403, to);
  }
  // Files of users in directories protect these in the same way, and themselves from everybody.
  assert.equal(await status("COPY", "/own", "/copy"), 403);
  assert.equal(await status("DELETE", "/own"), 403);
  assert.equal(await status("COPY", "/open/a.txt", "/own/inner/c.txt"), 403);
  for (const to of ["/open/.htpasswd", "/own/inner/.htpasswd", "/open/.HTPASSWD"]) {
    assert.equal(await status("COPY", "/open/a.txt", to), 403, to);
  }
  assert.equal(await Deno.readTextFile(at("root/own/inner/c.txt")), "inner");
  assert.equal(await status("COPY", "/open/a.txt", "/open/b.txt"), 201);
  assert.equal(await status("MOVE", "/open", "/moved"), 201);
});

Deno.test("WebDAV lets nobody use the lock of another login, though everybody reads its token", async () => {
  const { folder, child, asks } = await site();
  await using _folder = folder;
  await using _child = child;
  const locked = await asks("ann", ["LOCK", "/open/a.txt"], {}, LOCK);
  const token = locked.headers.get("lock-token")!, held = { if: `(${token})` };
  assert.equal(locked.status, 200);
  const answers = async (user: string) => [
    (await asks(user, ["PUT", "/open/a.txt"], held, "new")).status,
    (await asks(user, ["LOCK", "/open/a.txt"], held)).status,
    (await asks(user, ["UNLOCK", "/open/a.txt"], { "lock-token": token })).status,
  ];
  assert.deepEqual(await answers("bob"), [423, 412, 403]);
  assert.deepEqual(await answers("ann"), [204, 200, 204]);
});
