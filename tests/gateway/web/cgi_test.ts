import assert from "node:assert/strict";
import { eventually } from "../../interop/patience.ts";
import { isAlive, script, ScriptSite } from "./scripts.ts";

/** Scripts of `sh`, which Windows has none of; processes are looked at where Linux shows them. */
function test(name: string, fn: () => Promise<void>): void {
  const ignore = Deno.build.os !== "linux";
  Deno.test({ name, ignore, sanitizeOps: true, sanitizeResources: true, fn });
}

test("G23: only what the pattern means is run, and its source is never shown", async () => {
  await using site = await ScriptSite.open({
    "a.cgi": script("echo ran"),
    "a.sh": "#!/bin/sh\necho source\n",
    "plain.cgi": "secret",
    "sub/index.cgi": script("echo index of $SCRIPT_NAME"),
    ".hidden.cgi": script("echo hidden"),
  }, { index: ["index.cgi"] });
  await Deno.chmod(`${site.folder.path}/plain.cgi`, 0o644);
  await Deno.symlink("/bin/echo", `${site.folder.path}/link.cgi`);
  assert.deepEqual(await site.get("/a.cgi"), [200, "ran\n"]);
  assert.deepEqual(await site.get("/A.CGI"), [404, "Cannot find /A.CGI\n"]);
  assert.deepEqual(await site.get("/a.sh"), [200, "#!/bin/sh\necho source\n"]);
  assert.deepEqual(await site.get("/plain.cgi"), [
    403,
    "Cannot run /plain.cgi: it is not executable\n",
  ]);
  assert.deepEqual(await site.get("/sub/"), [200, "index of /sub/index.cgi\n"]);
  for (const path of ["/link.cgi", "/.hidden.cgi", "/none.cgi", "/sub.cgi/", "/x%00.cgi"]) {
    assert.equal((await site.get(path))[0], 404, path);
  }
});

test("G24: an interpreter takes the place of the first line, and of the mode", async () => {
  await using site = await ScriptSite.open({
    "a.cgi": "#!/nowhere/at/all\nprintf 'Content-Type: text/plain\\n\\n'\necho \"by $0\"\n",
  }, { interpreter: "/bin/sh" });
  await Deno.chmod(`${site.folder.path}/a.cgi`, 0o644);
  const file = await Deno.realPath(`${site.folder.path}/a.cgi`);
  assert.deepEqual(await site.get("/a.cgi"), [200, `by ${file}\n`]);
});

test("G25: a script has its environment and nothing else", async () => {
  await using site = await ScriptSite.open(
    { "dir/env.cgi": script("env; pwd") },
    { variables: { LANG: "C", SERVER_NAME: "no.example" } },
  );
  Deno.env.set("MEERKAT_TEST_SECRET", "secret");
  const [status, text] = await site.get("/dir/env.cgi/a%20b/?x=1", {
    headers: { proxy: "http://evil.example", "x-one": "1" },
  });
  Deno.env.delete("MEERKAT_TEST_SECRET");
  assert.equal(status, 200);
  const { port } = new URL(site.url);
  const root = await Deno.realPath(site.folder.path);
  for (
    const line of [
      "GATEWAY_INTERFACE=CGI/1.1",
      "REQUEST_METHOD=GET",
      "SERVER_NAME=127.0.0.1",
      `SERVER_PORT=${port}`,
      "REQUEST_URI=/dir/env.cgi/a%20b/?x=1",
      "SCRIPT_NAME=/dir/env.cgi",
      `SCRIPT_FILENAME=${root}/dir/env.cgi`,
      `DOCUMENT_ROOT=${root}`,
      "PATH_INFO=/a b/",
      `PATH_TRANSLATED=${root}/a b/`,
      "QUERY_STRING=x=1",
      "REMOTE_ADDR=127.0.0.1",
      "HTTP_X_ONE=1",
      "LANG=C",
      `${root}/dir`,
    ]
  ) assert.ok(text.split("\n").includes(line), `${line} is not in\n${text}`);
  assert.doesNotMatch(text, /HTTP_PROXY|secret|^HTTPS=/im);
});

test("G25: a body goes to the script and its output to the client, in streams", async () => {
  await using site = await ScriptSite.open({
    "cat.cgi": script("exec cat"),
    "ignore.cgi": script("echo $CONTENT_LENGTH $CONTENT_TYPE"),
  });
  const body = new Uint8Array(8 << 20).map((_, index) => index % 251);
  const answer = await fetch(`${site.url}/cat.cgi`, { method: "POST", body });
  assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), body);
  // What comes first is there before the rest is sent.
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const pending = fetch(`${site.url}/cat.cgi`, { method: "PUT", body: readable });
  const encoder = new TextEncoder();
  await writer.write(encoder.encode("one"));
  const reader = (await pending).body!.getReader();
  assert.equal(new TextDecoder().decode((await reader.read()).value), "one");
  await writer.write(encoder.encode("two"));
  assert.equal(new TextDecoder().decode((await reader.read()).value), "two");
  await writer.close();
  assert.equal((await reader.read()).done, true);
  // A script need not read what it is sent.
  const init = { method: "POST", body, headers: { "content-type": "a/b" } };
  assert.deepEqual(await site.get("/ignore.cgi", init), [200, `${8 << 20} a/b\n`]);
});

test("G25: a script gives status, fields and length, and HEAD shows the same", async () => {
  await using site = await ScriptSite.open({
    "a.cgi": script("printf 12345", "Status: 201 Made\nX-A: 1\nContent-Length: 5\n"),
    "long.cgi": script("printf 1234567890", "Content-Type: a/b\nContent-Length: 5\n"),
    "short.cgi": script("printf 123", "Content-Type: a/b\nContent-Length: 5\n"),
    "none.cgi": script("", "Status: 204\n"),
    "away.cgi": script("", "Location: http://a.example/b\n"),
  });
  for (const method of ["GET", "HEAD"]) {
    const answer = await fetch(`${site.url}/a.cgi`, { method });
    assert.deepEqual([answer.status, answer.headers.get("x-a")], [201, "1"]);
    assert.equal(answer.headers.get("content-length"), "5");
    assert.equal(await answer.text(), method === "GET" ? "12345" : "");
  }
  assert.deepEqual(await site.get("/long.cgi"), [200, "12345"]);
  await assert.rejects(site.get("/short.cgi"));
  assert.deepEqual(await site.get("/none.cgi"), [204, ""]);
  const away = await fetch(`${site.url}/away.cgi`, { redirect: "manual" });
  await away.body?.cancel();
  assert.deepEqual([away.status, away.headers.get("location")], [302, "http://a.example/b"]);
});

test("G26: what a script leaves running ends with it, and it is reaped", async () => {
  await using site = await ScriptSite.open({
    "leave.cgi": script("sleep 1000 >&2 & echo $! $$"),
  });
  const [, text] = await site.get("/leave.cgi");
  const [child, own] = text.split(" ").map(Number);
  await eventually("both to end", async () => !await isAlive(child!) && !await isAlive(own!));
  await eventually("the actor to end", () => site.running === 0);
  await assert.rejects(Deno.stat(`/proc/${own}`), Deno.errors.NotFound);
});

test("G26: a script dies with its connection, before its answer and in it", async () => {
  await using site = await ScriptSite.open({
    "wait.cgi": "#!/bin/sh\nsleep 1000 & echo $$ $! > pids; trap '' TERM; wait\n",
    "flow.cgi": script("echo $$ 1 > pids; exec yes"),
    "body.cgi": script("echo $$ 1 > pids; cat > /dev/null; touch whole; sleep 1000"),
  });
  const pids = async () => (await site.read("pids")).split(" ").map(Number);
  const gone = async () => {
    const [own] = await pids();
    await eventually("the script to end", async () => !await isAlive(own!));
    await eventually("the actor to end", () => site.running === 0);
    await assert.rejects(Deno.stat(`/proc/${own}`), Deno.errors.NotFound);
  };
  const abort = new AbortController();
  const waiting = fetch(`${site.url}/wait.cgi`, { signal: abort.signal });
  await eventually("the script to run", async () => (await pids()).length === 2);
  const [, child] = await pids();
  assert.equal(site.running, 1);
  abort.abort();
  await assert.rejects(waiting);
  await gone();
  await eventually("its child to end", async () => !await isAlive(child!));
  await Deno.remove(`${site.folder.path}/pids`);
  const flowing = await fetch(`${site.url}/flow.cgi`);
  const reader = flowing.body!.getReader();
  await reader.read();
  await reader.cancel();
  await gone();
  // Half a body does not pass for a whole one.
  await Deno.remove(`${site.folder.path}/pids`);
  const { hostname, port } = new URL(site.url);
  const socket = await Deno.connect({ hostname, port: Number(port) });
  const head = "POST /body.cgi HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345";
  await socket.write(new TextEncoder().encode(head));
  await eventually("the script to run", async () => (await pids()).length === 2);
  socket.close();
  await gone();
  assert.equal(await site.read("whole"), "");
  await assert.rejects(Deno.stat(`${site.folder.path}/whole`), Deno.errors.NotFound);
});

test("G26: a script dies with the gateway", async () => {
  const site = await ScriptSite.open({ "wait.cgi": "#!/bin/sh\necho $$ > pid\nexec sleep 1000\n" });
  const waiting = assert.rejects(fetch(`${site.url}/wait.cgi`));
  await eventually("the script to run", async () => (await site.read("pid")) !== "");
  const pid = Number(await site.read("pid"));
  await site.hub.stop({ drainMs: 0 });
  await waiting;
  await eventually("the script to end", async () => !await isAlive(pid));
  await eventually(
    "it to be reaped",
    () => Deno.stat(`/proc/${pid}`).then(() => false, () => true),
  );
  await site[Symbol.asyncDispose]();
});
