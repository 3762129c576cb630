import assert from "node:assert/strict";
import { Folder } from "../../actors/web/folder.ts";
import { Child, run } from "../../interop/child.ts";
import { eventually } from "../../interop/patience.ts";
import { program, testWith } from "../../interop/programs.ts";
import { start } from "../meerkat.ts";
import { isAlive, script } from "./scripts.ts";

const content = {
  "www/a.cgi": script("echo main $SCRIPT_NAME; cat"),
  "www/index.shtml": '<!--#include virtual="/a.cgi" --><!--#exec "echo ran" -->',
  "www/go.cgi": script("", "Location: /t.txt\n"),
  "www/round.cgi": script("", "Location: /round.cgi\n"),
  "www/t.txt": "text",
  "www/wait.cgi": "#!/bin/sh\necho $$ > ../pid\nexec sleep 1000\n",
  "app/a.cgi": script("echo app $SCRIPT_NAME $PATH_INFO"),
  "app/p.shtml": '<!--#include virtual="/a.cgi" -->',
};

/** The command with this site, and its URL. */
async function site(folder: Folder, web: Record<string, unknown>): Promise<[Child, string]> {
  const settings = { listen: ["http://127.0.0.1:0"], web: { root: "www", ...web } };
  await folder.write("meerkat.json", JSON.stringify(settings));
  for (const name of Object.keys(content).filter((each) => each.endsWith(".cgi"))) {
    await Deno.chmod(`${folder.path}/${name}`, 0o755);
  }
  const child = start(["--config", `${folder.path}/meerkat.json`]);
  const line = (await child.linesFrom(0, 1))[0]!;
  return [child, `http://127.0.0.1:${/:(\d+)$/.exec(line)![1]}`];
}

async function curl(...args: string[]): Promise<string> {
  const { stdout } = await run(program("curl"), "-sS", "-w", " %{http_code}", ...args);
  return new TextDecoder().decode(stdout);
}

testWith(["curl"], "Z3, Z11: neither scripts nor pages are run unless that is set", async () => {
  await using folder = await Folder.make(content);
  const [child, url] = await site(folder, {});
  await using _ = child;
  assert.equal(await curl(`${url}/a.cgi`), `${content["www/a.cgi"]} 200`);
  assert.equal(await curl(`${url}/index.shtml`), `${content["www/index.shtml"]} 200`);
});

testWith(["curl"], "curl asks scripts and pages of a root and of rewrites", async () => {
  await using folder = await Folder.make(content);
  const [child, url] = await site(folder, {
    rewrites: { "/app": "app", "/one$": "app/a.cgi" },
    cgi: { pattern: "**.cgi$" },
    ssi: { exec: true, commands: ["echo ran"] },
  });
  await using _ = child;
  assert.equal(await curl("-d", "form", `${url}/a.cgi`), "main /a.cgi\nform 200");
  assert.equal(await curl("-T", "-", `${url}/a.cgi`), "main /a.cgi\n 200");
  assert.equal(await curl(`${url}/`), "main /a.cgi\nran\n 200");
  assert.equal(await curl(`${url}/app/a.cgi/x`), "app /app/a.cgi /x\n 200");
  assert.equal(await curl(`${url}/app/p.shtml`), "app /app/a.cgi\n 200");
  assert.equal(await curl(`${url}/one`), "app /one\n 200");
  // The server's own answer, whose path the client need not know (RFC 3875 §6.2.2).
  assert.equal(await curl(`${url}/go.cgi`), "text 200");
  assert.equal(await curl(`${url}/round.cgi`), "The script redirects in a circle\n 502");
});

testWith(["curl"], "A script dies when the gateway is asked to stop, once or twice", async () => {
  if (Deno.build.os !== "linux") return;
  for (const signals of [["SIGTERM"], ["SIGTERM", "SIGINT"]] as const) {
    await using folder = await Folder.make(content);
    const [child, url] = await site(folder, { cgi: { pattern: "**.cgi$" } });
    await using _ = child;
    await using client = new Child(program("curl"), ["-s", `${url}/wait.cgi`]);
    const pid = () => Deno.readTextFile(`${folder.path}/pid`).then(Number, () => 0);
    await eventually("the script to run", async () => await pid() > 0);
    const script = await pid();
    for (const signal of signals) Deno.kill(child.pid, signal);
    // The gateway waits for those who are still answered, unless it is asked twice.
    if (signals.length === 1) await client[Symbol.asyncDispose]();
    await eventually("the script to end", async () => !await isAlive(script));
  }
});
