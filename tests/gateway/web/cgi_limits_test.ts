import assert from "node:assert/strict";
import { eventually } from "../../interop/patience.ts";
import { script, ScriptSite } from "./scripts.ts";

function test(name: string, fn: () => Promise<void>): void {
  const ignore = Deno.build.os !== "linux";
  Deno.test({ name, ignore, sanitizeOps: true, sanitizeResources: true, fn });
}

function ended(site: ScriptSite): Promise<void> {
  return eventually("all to end", () => site.running === 0);
}

test("A script that hangs is 504, and cut off when its answer has begun", async () => {
  await using site = await ScriptSite.open({
    "hang.cgi": "#!/bin/sh\nexec sleep 1000\n",
    "stall.cgi": script("echo begun; exec sleep 1000"),
    "deaf.cgi": "#!/bin/sh\nexec >&-\nexec sleep 1000\n",
  }, { timeoutMs: 1_500 });
  const late = [504, "The script took too long\n"];
  const body = new Uint8Array(1 << 20);
  const [hang, deaf, half] = await Promise.all([
    site.get("/hang.cgi"),
    site.get("/deaf.cgi"),
    // Even one that reads nothing of a body.
    site.get("/hang.cgi", { method: "POST", body }),
    assert.rejects(site.get("/stall.cgi")),
  ]);
  assert.deepEqual([hang, deaf, half], [late, late, late]);
  await ended(site);
});

test("A script that floods is cut off, in its head, its body and its complaints", async () => {
  await using site = await ScriptSite.open({
    "head.cgi": "#!/bin/sh\nexec yes 'X-A: 1'\n",
    "body.cgi": script("exec yes"),
    "said.cgi": script("head -c 1000000 /dev/zero | tr '\\0' e >&2; echo done"),
    "after.cgi": script("echo four; exec yes", "Content-Type: text/plain\nContent-Length: 5\n"),
  }, { maxOutputBytes: 100_000 });
  assert.equal((await site.get("/head.cgi"))[0], 502);
  await assert.rejects(site.get("/body.cgi"));
  const before = site.lines.length;
  assert.deepEqual(await site.get("/said.cgi"), [200, "done\n"]);
  assert.deepEqual(await site.get("/after.cgi"), [200, "four\n"]);
  await ended(site);
  assert.ok(site.lines.slice(before).join("").length < 10_000);
});

test("A script that crashes is 502, or half an answer that does not pass for a whole one", async () => {
  await using site = await ScriptSite.open({
    "crash.cgi": "#!/bin/sh\necho broken >&2\nexit 3\n",
    "half.cgi": script("echo half; kill -9 $$"),
    "noise.cgi": "#!/bin/sh\necho this is no head\n",
    "bare.cgi": "#!/nowhere/at/all\n",
  });
  assert.equal((await site.get("/crash.cgi"))[0], 502);
  await assert.rejects(site.get("/half.cgi"));
  assert.equal((await site.get("/noise.cgi"))[0], 502);
  assert.equal((await site.get("/bare.cgi"))[0], 500);
  await ended(site);
  const log = site.lines.join("\n");
  assert.match(log, /script complains.*broken/);
  assert.match(log, /script failed.*crash\.cgi.*code=3/);
});

test("More scripts at once than may run are 503, and room comes back", async () => {
  await using site = await ScriptSite.open({
    "wait.cgi": script("echo begun; read line; echo $line"),
  }, { maxRunning: 2 });
  const bodies = Array.from({ length: 2 }, () => new TransformStream<Uint8Array, Uint8Array>());
  const answers = await Promise.all(
    bodies.map(({ readable: body }) => fetch(`${site.url}/wait.cgi`, { method: "POST", body })),
  );
  const refused = await fetch(`${site.url}/wait.cgi`);
  assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "1"]);
  await refused.body?.cancel();
  for (const { writable } of bodies) {
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode("on\n"));
    await writer.close();
  }
  for (const each of answers) assert.equal(await each.text(), "begun\non\n");
  await ended(site);
  assert.deepEqual(await site.get("/wait.cgi"), [200, "begun\n\n"]);
});

test("A script that nobody reads waits, and writes no more than fits in between", async () => {
  await using site = await ScriptSite.open({
    "flood.cgi": script("head -c 268435456 /dev/zero"),
  }, { maxOutputBytes: 2 ** 30 });
  const { hostname, port } = new URL(site.url);
  const socket = await Deno.connect({ hostname, port: Number(port) });
  await socket.write(new TextEncoder().encode("GET /flood.cgi HTTP/1.1\r\nHost: a\r\n\r\n"));
  await socket.read(new Uint8Array(1024));
  const before = Deno.memoryUsage().rss;
  // Another one is served to its end meanwhile.
  const whole = await fetch(`${site.url}/flood.cgi`);
  let bytes = 0;
  for await (const piece of whole.body!) bytes += piece.length;
  assert.equal(bytes, 2 ** 28);
  assert.equal(site.running, 1);
  assert.ok(Deno.memoryUsage().rss - before < 128 << 20);
  socket.close();
  await ended(site);
});
