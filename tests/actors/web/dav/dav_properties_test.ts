import assert from "node:assert/strict";
import { webdav } from "../../../../actors/web/dav/webdav.ts";
import { files } from "../../../../actors/web/files/files.ts";
import { ask, Folder } from "../folder.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };
const OWN = ".meerkat-properties";

/** WebDAV as it is after a start: whatever it knows comes from the folder. */
function started(folder: Folder, dotfiles = false) {
  const part = webdav({ root: folder.path, auth: "-", dotfiles });
  return (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    ask(
      async (request, info) => {
        const own = body === undefined ? request : new Request(request, { body });
        return (await part(own, info))!;
      },
      path,
      headers,
      method,
    );
}

function patch(name: string, value: string): string {
  return `<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><${name} xmlns="urn:x">${value}` +
    `</${name}></D:prop></D:set></D:propertyupdate>`;
}

/** The properties of a resource, and of what is in it, as another start would tell them. */
async function seen(folder: Folder, path: string, depth = "0"): Promise<string[]> {
  const answer = await started(folder)("PROPFIND", path, { depth });
  const text = await answer.text();
  assert.equal(answer.status, 207, text);
  return [...text.matchAll(/<(\w+) xmlns="urn:x">([^<]*)</g)].map(([, name, value]) =>
    `${name}=${value}`
  ).sort();
}

Deno.test("Properties survive a restart, of files and of directories", strict, async () => {
  await using folder = await Folder.make({ "d/a": "1", "d/b": "2" });
  const asked = started(folder);
  await asked("PROPPATCH", "/", {}, patch("of", "root"));
  await asked("PROPPATCH", "/d/", {}, patch("of", "d"));
  await asked("PROPPATCH", "/d/a", {}, patch("of", "a &#60;&amp;"));
  await asked("PROPPATCH", "/d/b", {}, patch("of", "b"));
  assert.deepEqual(await seen(folder, "/"), ["of=root"]);
  assert.deepEqual(await seen(folder, "/d/", "1"), ["of=a &#60;&#38;", "of=b", "of=d"]);
  const remove = patch("of", "").replaceAll("D:set", "D:remove");
  await asked("PROPPATCH", "/d/a", {}, remove);
  await asked("PROPPATCH", "/d/b", {}, remove);
  assert.deepEqual(await seen(folder, "/d/", "1"), ["of=d"]);
  await asked("PROPPATCH", "/d/", {}, remove);
  assert.deepEqual((await Array.fromAsync(Deno.readDir(`${folder.path}/d`))).length, 2);
});

Deno.test("Properties are copied, moved and deleted with what they are of", strict, async () => {
  await using folder = await Folder.make({ "d/a": "1", "d/e/b": "2", "f": "3", "g": "4" });
  const asked = started(folder);
  for (const path of ["/d", "/d/a", "/d/e", "/d/e/b", "/f", "/g"]) {
    const { status } = await asked("PROPPATCH", path, {}, patch("of", path.slice(1)));
    assert.equal(status, 207);
  }
  await asked("COPY", "/d", { destination: "/copy" });
  assert.deepEqual(await seen(folder, "/copy", "1"), ["of=d", "of=d/a", "of=d/e"]);
  assert.deepEqual(await seen(folder, "/copy/e/b"), ["of=d/e/b"]);
  await asked("COPY", "/d", { destination: "/flat", depth: "0" });
  assert.deepEqual(await seen(folder, "/flat", "1"), ["of=d"]);
  await asked("MOVE", "/d", { destination: "/moved" });
  assert.deepEqual(await seen(folder, "/moved/e", "1"), ["of=d/e", "of=d/e/b"]);
  // What is replaced leaves nothing to what replaces it.
  await asked("COPY", "/f", { destination: "/moved/a" });
  assert.deepEqual(await seen(folder, "/moved/a"), ["of=f"]);
  await asked("MOVE", "/g", { destination: "/copy" });
  assert.deepEqual(await seen(folder, "/copy"), ["of=g"]);
  await asked("MOVE", "/flat", { destination: "/copy" });
  await asked("DELETE", "/copy");
  await asked("PUT", "/copy", {}, "new");
  assert.deepEqual(await seen(folder, "/copy"), []);
  assert.deepEqual(
    await seen(folder, "/", "1"),
    ["of=d", "of=f"],
  );
  await Deno.remove(`${folder.path}/f`);
  await asked("PUT", "/f", {}, "another");
  assert.deepEqual(await seen(folder, "/f"), []);
});

Deno.test("Nobody sees the file of the properties, nor makes one", strict, async () => {
  await using folder = await Folder.make({ "a": "1" });
  const asked = started(folder, true), to = { destination: `/${OWN}` };
  await asked("PROPPATCH", "/a", {}, patch("of", "a"));
  assert.ok((await Deno.stat(`${folder.path}/${OWN}`)).isFile);
  for (const path of [`/${OWN}`, `/${OWN.toUpperCase()}`, `/${OWN}.12345678.new`]) {
    assert.equal((await asked("PROPFIND", path, { depth: "0" })).status, 404);
    assert.equal((await asked("PUT", path, {}, "{}")).status, 403);
    assert.equal((await asked("DELETE", path)).status, 404);
  }
  assert.equal((await asked("COPY", "/a", to)).status, 403);
  assert.doesNotMatch(await (await asked("PROPFIND", "/", { depth: "1" })).text(), /meerkat-/);
  const show = files({ root: folder.path, dotfiles: true, listing: true });
  assert.equal((await ask(show, `/${OWN}`)).status, 404);
  assert.doesNotMatch(await (await ask(show, "/")).text(), /meerkat-/);
});

Deno.test("Changes of many clients at once are all kept, and have a bound", strict, async () => {
  await using folder = await Folder.make({ "a": "1", "b": "2" });
  await Promise.all(Array.from({ length: 20 }, (_, index) => {
    const path = index % 2 ? "/a" : "/b";
    return started(folder)("PROPPATCH", path, {}, patch(`p${index}`, "x"));
  }));
  assert.equal((await seen(folder, "/a")).length, 10);
  assert.equal((await seen(folder, "/b")).length, 10);
  const big = "x".repeat(200_000);
  const answers: string[] = [];
  for (let index = 0; index < 6; index++) {
    const answer = await started(folder)("PROPPATCH", "/a", {}, patch(`big${index}`, big));
    answers.push(/HTTP\/1\.1 (\d+)/.exec(await answer.text())![1]!);
  }
  assert.deepEqual(answers, ["200", "200", "200", "200", "200", "507"]);
  assert.equal((await seen(folder, "/a")).length, 15);
});

Deno.test("A damaged file of properties is said to be, and stays as it is", strict, async () => {
  await using folder = await Folder.make({ "a": "1" });
  for (const text of ["", "{", "[1]", '{"a":null}', '{"a":{"b":1}}']) {
    await Deno.writeTextFile(`${folder.path}/${OWN}`, text);
    await assert.rejects(
      async () => await started(folder)("PROPPATCH", "/a", {}, patch("of", "a")),
      /Cannot read the properties in .*\.meerkat-properties: mend or remove that file/,
      text,
    );
    assert.equal(await Deno.readTextFile(`${folder.path}/${OWN}`), text);
  }
});

Deno.test("A lock holds for every part that changes the same files", strict, async () => {
  await using folder = await Folder.make({ "a": "1" });
  const [one, other] = [started(folder), started(folder)];
  const body = `<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/>` +
    "</locktype></lockinfo>";
  const locked = await one("LOCK", "/a", {}, body);
  assert.equal((await other("PUT", "/a", {}, "2")).status, 423);
  const token = locked.headers.get("lock-token")!;
  assert.equal((await other("UNLOCK", "/a", { "lock-token": token })).status, 204);
  assert.equal((await one("PUT", "/a", {}, "2")).status, 204);
});
