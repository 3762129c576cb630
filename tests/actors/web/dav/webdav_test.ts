import assert from "node:assert/strict";
import { webdav, type WebdavOptions } from "../../../../actors/web/dav/webdav.ts";
import { eventually } from "../../../interop/patience.ts";
import { ask, Folder } from "../folder.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

type Ask = (
  method: string,
  path: string,
  headers?: Record<string, string>,
  body?: BodyInit,
) => Promise<Response>;

function dav(folder: Folder, options: Partial<WebdavOptions> = {}): Ask {
  const part = webdav({ root: folder.path, auth: "-", ...options });
  return (method, path, headers = {}, body) =>
    ask(
      async (request, info) => {
        const own = body === undefined ? request : new Request(request, { body });
        return await part(own, info) ?? new Response("next", { status: 299 });
      },
      path,
      headers,
      method,
    );
}

const LOCK = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope>
<locktype><write/></locktype><owner>me</owner></lockinfo>`;

Deno.test(
  "G19: without a root every request of WebDAV fails, and GET goes on",
  strict,
  async () => {
    const part = webdav({ auth: "-" });
    for (const method of ["OPTIONS", "PROPFIND", "PUT", "LOCK"]) {
      const answer = await ask(async (...it) => (await part(...it))!, "/", {}, method);
      assert.equal(answer.status, 403, method);
    }
    await using folder = await Folder.make({});
    assert.equal((await dav(folder)("GET", "/x")).status, 299);
  },
);

Deno.test(
  "G20: without auth every request fails; a part answers those who may not",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const closed = webdav({ root: folder.path });
    const answer = await ask(async (...it) => (await closed(...it))!, "/a", {}, "PUT");
    assert.equal(answer.status, 403);
    const auth = (request: Request) =>
      request.headers.has("authorization") ? undefined : new Response(null, { status: 401 });
    const guarded = dav(folder, { auth });
    assert.equal((await guarded("PUT", "/a", {}, "1")).status, 401);
    assert.equal((await guarded("PUT", "/a", { authorization: "x" }, "1")).status, 201);
  },
);

Deno.test("G21: OPTIONS names the classes and the methods", strict, async () => {
  await using folder = await Folder.make({});
  const { headers } = await dav(folder)("OPTIONS", "/");
  assert.equal(headers.get("dav"), "1, 2");
  assert.match(headers.get("allow")!, /GET, HEAD, OPTIONS, PROPFIND.*LOCK, UNLOCK$/);
});

Deno.test("G21: PUT with Content-Range changes that part, and leaves no gap", strict, async () => {
  await using folder = await Folder.make({ "a.txt": "0123456789" });
  const put = dav(folder), file = `${folder.path}/a.txt`;
  const range = (value: string, body: string) =>
    put("PUT", "/a.txt", { "content-range": value }, body);
  assert.equal((await range("bytes 2-4/10", "abc")).status, 204);
  assert.equal(await Deno.readTextFile(file), "01abc56789");
  assert.equal((await range("bytes 10-11/12", "xy")).status, 204);
  assert.equal(await Deno.readTextFile(file), "01abc56789xy");
  const bad = [
    ["bytes 13-13/*", "z", 416],
    ["bytes 2-4/10", "toolong", 400],
    [
      "bytes 2-4/10",
      "s",
      400,
    ],
    ["bytes 4-2/10", "z", 400],
    ["lines 1-2/3", "z", 400],
  ] as const;
  for (const [value, body, status] of bad) {
    assert.equal((await range(value, body)).status, status, value);
  }
  assert.equal(await Deno.readTextFile(file), "01abc56789xy");
  assert.deepEqual(await names(folder), ["a.txt"]);
});

Deno.test("G21: nothing outside the root is read, written, moved or copied", strict, async () => {
  await using outside = await Folder.make({ "secret": "s" });
  await using folder = await Folder.make({ "a": "1", "d/": "" });
  await Deno.symlink(outside.path, `${folder.path}/out`);
  await Deno.symlink(`${outside.path}/new`, `${folder.path}/dangling`);
  const asked = dav(folder);
  const to = (path: string) => ({ destination: `http://host.example${path}` });
  const cases: [string, string, Record<string, string>, number[]][] = [
    ["PROPFIND", "/out/secret", { depth: "0" }, [404]],
    ["PUT", "/out/new", {}, [409]],
    ["PUT", "/out", {}, [403]],
    ["PUT", "/dangling", {}, [403]],
    ["DELETE", "/out", {}, [404]],
    ["MKCOL", "/out/x", {}, [409]],
    ["LOCK", "/out/x", {}, [412]],
    ["COPY", "/a", to("/out/x"), [409]],
    ["MOVE", "/a", to("/%2e%2e%2fx"), [403]],
    ["MOVE", "/a", to("/..%5cx"), [403]],
    ["COPY", "/a", to("/.hidden"), [403]],
    ["COPY", "/a", { destination: "http://other.example/b" }, [502]],
    ["COPY", "/a", { destination: "http://[" }, [400]],
    ["COPY", "/d", to("/d/e"), [403]],
    ["DELETE", "/", {}, [403]],
    ["PUT", "/.meerkat-put-x", {}, [403]],
  ];
  for (const [method, path, headers, statuses] of cases) {
    const { status } = await asked(method, path, headers, method === "PUT" ? "x" : undefined);
    assert.ok(statuses.includes(status), `${method} ${path}: ${status}`);
  }
  assert.deepEqual(await names(outside), ["secret"]);
  assert.equal((await asked("COPY", "/d", to("/copy"))).status, 201);
  assert.deepEqual(await names(folder), ["a", "copy", "d", "dangling", "out"]);
});

Deno.test(
  "G21: a lock stops others, also from what is locked while they write",
  strict,
  async () => {
    await using folder = await Folder.make({ "a": "1" });
    const asked = dav(folder);
    let go: (() => void) | undefined;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) =>
        new Promise<void>((resolve) =>
          go = () => {
            controller.close();
            resolve();
          }
        ),
    }, { highWaterMark: 0 });
    const slow = asked("PUT", "/a", {}, body);
    await eventually("the body", () => go !== undefined);
    const locked = await asked("LOCK", "/a", { timeout: "Second-60" }, LOCK);
    assert.equal(locked.status, 200);
    assert.match(await locked.text(), /<D:timeout>Second-60</);
    go!();
    assert.equal((await slow).status, 423);
    assert.equal(await Deno.readTextFile(`${folder.path}/a`), "1");
    const token = locked.headers.get("lock-token")!;
    for (const method of ["PUT", "DELETE", "PROPPATCH", "LOCK"]) {
      const { status } = await asked(method, "/a", {}, method === "LOCK" ? LOCK : PATCH);
      assert.equal(status, 423, method);
    }
    assert.equal((await asked("PUT", "/a", { if: `(${token})` }, "2")).status, 204);
    assert.equal((await asked("PUT", "/a", { if: "(<urn:x>)" }, "3")).status, 412);
    assert.equal((await asked("PUT", "/a", { if: "nonsense" }, "3")).status, 400);
    assert.equal((await asked("UNLOCK", "/a", { "lock-token": token })).status, 204);
    assert.equal((await asked("PUT", "/a", {}, "4")).status, 204);
    assert.deepEqual(await names(folder), ["a"]);
  },
);

const PATCH = `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">&lt;1&gt;</x>
</D:prop></D:set></D:propertyupdate>`;

Deno.test(
  "G21: PROPFIND tells what was set; a whole tree and bombs are refused",
  strict,
  async () => {
    await using folder = await Folder.make({ "d/a": "1", "d/b&c": "2" });
    const asked = dav(folder);
    assert.equal((await asked("PROPPATCH", "/d/a", {}, PATCH)).status, 207);
    const listed = await (await asked("PROPFIND", "/d/", { depth: "1" })).text();
    assert.match(listed, /<x xmlns="urn:x">&#60;1&#62;<\/x>/);
    assert.match(listed, /<D:href>\/d\/b%26c<\/D:href>/);
    const endless = await asked("PROPFIND", "/", { depth: "infinity" });
    assert.equal(endless.status, 403);
    assert.match(await endless.text(), /<D:propfind-finite-depth\/>/);
    const bomb = `<!DOCTYPE a [<!ENTITY a "aaaa">]><D:propfind xmlns:D="DAV:">&a;</D:propfind>`;
    assert.equal((await asked("PROPFIND", "/", { depth: "0" }, bomb)).status, 400);
    assert.equal((await asked("PROPFIND", "/", { depth: "0" }, " ".repeat(300 << 10))).status, 413);
    const many = `<propfind xmlns="DAV:"><prop>${"<x/>".repeat(11_000)}</prop></propfind>`;
    assert.equal((await asked("PROPFIND", "/", { depth: "0" }, many)).status, 400);
  },
);

Deno.test(
  "G21: properties go with what is moved, and end with what is deleted",
  strict,
  async () => {
    await using folder = await Folder.make({ "d/a": "1" });
    const asked = dav(folder);
    const has = async (path: string) =>
      (await (await asked("PROPFIND", path, { depth: "0" })).text()).includes("urn:x");
    await asked("PROPPATCH", "/d/a", {}, PATCH);
    await asked("MOVE", "/d", { destination: "/e" });
    assert.ok(await has("/e/a"));
    await asked("COPY", "/e/a", { destination: "/f" });
    assert.ok(await has("/f"));
    await asked("DELETE", "/f");
    await asked("PUT", "/f", {}, "new");
    assert.equal(await has("/f"), false);
  },
);

Deno.test(
  "A destination is refused where whoever asks may not write; long files are",
  strict,
  async () => {
    await using folder = await Folder.make({ "a": "1" });
    const asked = dav(folder, { mayWrite: (path) => path !== "/private", maxFileBytes: 4 });
    assert.equal((await asked("COPY", "/a", { destination: "/private" })).status, 403);
    assert.equal((await asked("COPY", "/a", { destination: "/b" })).status, 201);
    assert.equal((await asked("PUT", "/c", {}, "12345")).status, 413);
    assert.deepEqual(await names(folder), ["a", "b"]);
  },
);

Deno.test("What rules hide in a directory does not go where it does", strict, async () => {
  await using folder = await Folder.make({ "a/open": "1", "a/deep/secret": "2", "b/x": "3" });
  const rule = (path: string) => !path.endsWith("/secret");
  const unread = dav(folder, { mayRead: rule }), unwritten = dav(folder, { mayWrite: rule });
  for (const method of ["COPY", "MOVE"]) {
    assert.equal((await unread(method, "/a", { destination: "/c" })).status, 403, method);
    assert.equal((await unwritten(method, "/a", { destination: "/c" })).status, 403, method);
    assert.equal((await unwritten(method, "/b", { destination: "/a" })).status, 403, method);
  }
  assert.equal((await unwritten("DELETE", "/a")).status, 403);
  assert.equal((await unread("COPY", "/a/deep/secret", { destination: "/c" })).status, 403);
  assert.deepEqual(await names(folder), ["a", "b"]);
  const shallow = { destination: "/c", depth: "0" };
  assert.equal((await unread("COPY", "/a", shallow)).status, 201);
  assert.equal((await unwritten("MOVE", "/a/open", { destination: "/c/open" })).status, 201);
  assert.equal((await unread("DELETE", "/a")).status, 204);
});

async function names({ path }: Folder): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
}
