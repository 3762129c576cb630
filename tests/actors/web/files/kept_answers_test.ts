import assert from "node:assert/strict";
import { files } from "../../../../actors/web/files/files.ts";
import { withScope } from "../../../../actors/web/scope.ts";
import { chain } from "../../../../actors/web/site.ts";
import { gateway, http, proxy, tcp, webdav, type WebPart } from "../../../../mod.ts";
import { testWith } from "../../../interop/programs.ts";
import { Folder } from "../folder.ts";

testWith(
  [],
  "A short file that is kept in memory is what is in the directory, always",
  async () => {
    await using folder = await Folder.make({ "a.txt": "one", "b.txt": "x".repeat(2_000) });
    await using hub = gateway();
    hub.handle("/*", files({ root: folder.path, headers: { "x-own": "1" } }));
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const url = `http://127.0.0.1:${port}/a.txt`;
    const read = async (init?: RequestInit) => {
      const answer = await fetch(url, init);
      return [answer.status, await answer.text()];
    };
    const first = await fetch(url), second = await fetch(url);
    assert.deepEqual([await first.text(), await second.text()], ["one", "one"]);
    const undated = ({ headers }: Response) => [...headers].filter(([name]) => name !== "date");
    assert.deepEqual(undated(second), undated(first));
    assert.equal(second.headers.get("x-own"), "1");
    const etag = first.headers.get("etag")!;
    assert.deepEqual(await read({ headers: { "if-none-match": etag } }), [304, ""]);
    assert.deepEqual(await read({ headers: { range: "bytes=1-" } }), [206, "ne"]);
    assert.deepEqual(await read({ method: "HEAD" }), [200, ""]);
    await folder.write("a.txt", "another");
    assert.deepEqual(await read(), [200, "another"]);
    assert.deepEqual(await read(), [200, "another"]);
    await Deno.remove(`${folder.path}/a.txt`);
    assert.equal((await read())[0], 404);
    // The coding that one client takes is not sent to another.
    const long = `http://127.0.0.1:${port}/b.txt`;
    for (const accepted of ["gzip", "identity", "gzip", "identity", "br"]) {
      const answer = await fetch(long, { headers: { "accept-encoding": accepted } });
      assert.equal((await answer.text()).length, 2_000, accepted);
    }
  },
);

testWith([], "A client that breaks off a download leaves no file open", async () => {
  await using folder = await Folder.make({ "big.bin": new Uint8Array(20 << 20) });
  await using hub = gateway();
  hub.handle("/*", files({ root: folder.path }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  for (const range of ["bytes=0-", "bytes=5-", "bytes=0-9000000,10000000-", "none"]) {
    const answer = await fetch(`http://127.0.0.1:${port}/big.bin`, { headers: { range } });
    const reader = answer.body!.getReader();
    await reader.read();
    await reader.cancel();
  }
});

testWith([], "Every byte of a long file arrives in its place, whole and in ranges", async () => {
  const bytes = new Uint8Array(3_000_001);
  for (let at = 0; at < bytes.length; at++) bytes[at] = (at * 31 + (at >> 9)) & 0xff;
  await using folder = await Folder.make({ "long.bin": bytes });
  await using hub = gateway();
  hub.handle("/*", files({ root: folder.path }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}/long.bin`;
  const whole = await (await fetch(url)).bytes();
  assert.ok(whole.length === bytes.length && whole.every((byte, at) => byte === bytes[at]));
  const part = await (await fetch(url, { headers: { range: "bytes=999-2000000" } })).bytes();
  assert.equal(part.length, 1_999_002);
  assert.ok(part.every((byte, at) => byte === bytes[at + 999]));
  const several = { headers: { range: "bytes=0-999999,2000000-2000009" } };
  const answer = await fetch(url, several);
  assert.equal(Number(answer.headers.get("content-length")), (await answer.bytes()).length);
});

testWith([], "A file that becomes shorter while it is sent ends the connection early", async () => {
  await using folder = await Folder.make({ "long.bin": new Uint8Array(60 << 20) });
  await using hub = gateway();
  hub.handle("/*", files({ root: folder.path }));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const answer = await fetch(`http://127.0.0.1:${port}/long.bin`);
  await Deno.truncate(`${folder.path}/long.bin`, 1_000);
  await assert.rejects(answer.bytes());
});

testWith(
  [],
  "Parts before the files leave them their short way, and lose nothing by it",
  async () => {
    await using folder = await Folder.make({ "a.txt": "one", "api/b.txt": "two", "up": "file" });
    const api = proxy({ path: "/api", to: ["http://127.0.0.1:1"] });
    const dav = webdav({ root: folder.path, auth: "-" });
    let asked = 0;
    const counted: WebPart = (request, info) => (asked++, api(request, info));
    const parts = [dav, withScope(counted, (path) => path.startsWith("/api"))];
    await using hub = gateway();
    const failed = (error: unknown) => assert.fail(String(error));
    hub.handle("/*", chain([...parts, files({ root: folder.path })], { failed }));
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    const url = `http://127.0.0.1:${port}`;
    for (let time = 0; time < 3; time++) {
      assert.equal(await (await fetch(`${url}/a.txt`)).text(), "one");
      const passed = await fetch(`${url}/api/b.txt`);
      assert.equal(passed.status, 502);
      await passed.body?.cancel();
    }
    assert.equal(asked, 4);
    const put = await fetch(`${url}/a.txt`, { method: "PUT", body: "another" });
    assert.equal(put.status, 204);
    assert.equal(await (await fetch(`${url}/a.txt`)).text(), "another");
  },
);

testWith([], "Short files are kept also behind parts that are asked before", async () => {
  await using folder = await Folder.make({ "a.txt": "one" });
  let read = 0;
  const readFile = (path: string) => (read++, Deno.readFile(path));
  const show = files({
    root: folder.path,
    headers: { "x-own": "1" },
    source: { ...Deno, readFile },
  });
  await using hub = gateway();
  let isOpen = true;
  hub.handle("/*", (request, info) => {
    return isOpen ? show(request, info) : new Response("shut", { status: 403 });
  });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  const url = `http://127.0.0.1:${port}/a.txt`;
  const answers = [];
  for (let time = 0; time < 3; time++) {
    const answer = await fetch(url);
    const fields = [...answer.headers].filter(([name]) => name !== "date");
    answers.push([await answer.text(), fields]);
  }
  assert.deepEqual(answers[1], answers[0]);
  assert.deepEqual(answers[2], answers[0]);
  assert.equal(read, 1);
  isOpen = false;
  const shut = await fetch(url);
  assert.deepEqual([shut.status, await shut.text()], [403, "shut"]);
  isOpen = true;
  await folder.write("a.txt", "another");
  assert.equal(await (await fetch(url)).text(), "another");
});
