import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { listening, type Running, start } from "../meerkat.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const LONG = "all work and no play\n".repeat(10_000);

/** A gateway that shows a folder, and the URL of it. */
async function site(folder: Folder, web: Record<string, unknown> = {}): Promise<[Running, string]> {
  const settings = { listen: ["http://127.0.0.1:0"], web: { root: "www", ...web } };
  await folder.write("meerkat.json", JSON.stringify(settings));
  const child = start(["--config", `${folder.path}/meerkat.json`]);
  const line = (await child.linesFrom(0, 1))[0]!;
  const port = Number(/:(\d+)$/.exec(line)![1]);
  const running = {
    child,
    ports: [port],
    lines: [line],
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
  return [running, `http://127.0.0.1:${port}`];
}

async function curl(...args: string[]): Promise<string> {
  return text((await run(program("curl"), "-sS", ...args)).stdout);
}

testWith(
  ["curl"],
  "curl gets files whole, in ranges, compressed, on conditions and by HEAD",
  async () => {
    await using folder = await Folder.make({ "www/a.txt": LONG, "www/index.html": "start" });
    const [running, url] = await site(folder);
    await using _ = running;
    const at = (name: string) => `${folder.path}/${name}`;
    assert.equal(await curl(`${url}/`), "start");
    assert.equal(await curl(`${url}/a.txt`), LONG);
    assert.equal(await curl("--compressed", `${url}/a.txt`), LONG);
    assert.match(
      await curl("-I", "-H", "Accept-Encoding: gzip", `${url}/a.txt`),
      /^content-encoding: gzip\r$/m,
    );
    assert.equal(await curl("-r", "4-7", `${url}/a.txt`), LONG.slice(4, 8));
    assert.equal(await curl("-r", "-5", `${url}/a.txt`), LONG.slice(-5));
    const several = await curl("-i", "-r", "0-2,4-7", `${url}/a.txt`);
    assert.match(several, /^HTTP\/1\.1 206 Partial Content\r\n/);
    assert.match(several, /Content-Range: bytes 4-7\/210000\r\n\r\nwork\r\n--/);
    const head = await curl("-I", `${url}/a.txt`);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n[^]*^content-length: 210000\r$/m);
    // A download that was broken off goes on.
    await Deno.writeTextFile(at("part"), LONG.slice(0, 100_000));
    await curl("-C", "-", "-o", at("part"), `${url}/a.txt`);
    assert.equal(await Deno.readTextFile(at("part")), LONG);
    // A second download finds that nothing is new.
    await curl("--etag-save", at("etag"), "-o", at("first"), `${url}/a.txt`);
    const saved = ["--etag-compare", at("etag"), "-o", at("second"), "-w", "%{http_code}"];
    assert.equal(await curl(...saved, `${url}/a.txt`), "304");
    const since = ["-z", at("first"), "-o", at("second"), "-w", "%{http_code}"];
    assert.equal(await curl(...since, `${url}/a.txt`), "304");
    assert.equal(await curl("-0", `${url}/a.txt`), LONG);
    assert.match(await curl("--path-as-is", "-i", `${url}/../meerkat.json`), /^HTTP\/1\.1 404 /);
    assert.match(await curl(`${url}/topics/`), /^\[\]/);
  },
);

testWith(
  ["ab"],
  "ab loads a small file through kept and fresh connections, without a failure",
  async () => {
    await using folder = await Folder.make({ "www/a.txt": "x".repeat(1024) });
    const [running, url] = await site(folder);
    await using _ = running;
    for (const kept of [["-k"], []]) {
      const { stdout } = await run(
        program("ab"),
        "-q",
        ...kept,
        "-n",
        "2000",
        "-c",
        "20",
        `${url}/a.txt`,
      );
      assert.match(text(stdout), /^Complete requests: +2000$/m);
      assert.match(text(stdout), /^Failed requests: +0$/m);
      assert.doesNotMatch(text(stdout), /Non-2xx/);
      assert.match(text(stdout), /^HTML transferred: +2048000 bytes$/m);
    }
  },
);

testWith(["curl"], "A site is configured by file, for all listeners and for one", async () => {
  await using folder = await Folder.make({
    "www/404.html": "lost",
    "www/x.conf": "on",
    "docs/a.txt": "docs",
  });
  const [running, url] = await site(folder, {
    listing: true,
    hidden: "404.html",
    types: { ".conf": "text/x-conf" },
    headers: { "x-site": "mine" },
    errors: { "404": "/404.html" },
    rewrites: { "/docs": "docs" },
  });
  await using _ = running;
  assert.match(await curl(`${url}/`), /x\.conf/);
  assert.match(
    await curl("-i", `${url}/x.conf`),
    /^content-type: text\/x-conf\r[^]*^x-site: mine\r/m,
  );
  assert.equal(await curl(`${url}/docs/a.txt`), "docs");
  const wrong = {
    listen: [{ url: "mqtt://:0", web: { root: "www" } }],
    web: { types: { conf: "x" }, rot: "" },
  };
  await folder.write("wrong.json", JSON.stringify(wrong));
  await using check = start(["check", "--config", `${folder.path}/wrong.json`]);
  const { stdout, stderr } = await check.ended();
  const said = text(stdout) + stderr;
  assert.match(said, /listen\[0\]\.web: Cannot have a web site on mqtt:/);
  assert.match(said, /Cannot use the key "conf": give an extension with its dot/);
  assert.match(said, /Unknown key "rot": did you mean "root"\?/);
});

testWith([], "A root that is not there is named as the wrong flag that it is", async () => {
  await using child = start(["--listen", "http://127.0.0.1:0", "--root", "/nowhere/www"]);
  const { code, stderr } = await child.ended();
  assert.equal(code, 2);
  assert.equal(stderr, 'Cannot use --root "/nowhere/www": there is no such file or folder\n');
});

testWith([], "--root shows a directory", async () => {
  await using folder = await Folder.make({ "index.html": "here" });
  await using running = await listening(["http://127.0.0.1:0"], ["--root", folder.path]);
  const answer = await fetch(`http://127.0.0.1:${running.ports[0]}/`);
  assert.equal(await answer.text(), "here");
});

testWith(
  ["curl"],
  "G3, G5: paths and directories need the logins that are set for them",
  async () => {
    await using folder = await Folder.make({
      "www/index.html": "open",
      "www/admin/index.html": "secret",
      "www/own/index.html": "mine",
    });
    const at = (name: string) => `${folder.path}/${name}`;
    const users = `ann:lab:${createHash("md5").update("ann:lab:sesame").digest("hex")}\n`;
    await folder.write("users", users);
    await folder.write("www/own/.htpasswd", users);
    const protect = [{ path: "/admin", file: "users", realm: "lab" }, {
      perDirectory: ".htpasswd",
      realm: "lab",
    }];
    const [running, url] = await site(folder, { protect });
    await using _ = running;
    const login = ["--digest", "-u", "ann:sesame"],
      status = ["-o", at("out"), "-w", "%{http_code}"];
    assert.equal(await curl(`${url}/`), "open");
    for (const [path, text] of [["admin/", "secret"], ["own/", "mine"]]) {
      assert.equal(await curl(...status, `${url}/${path}`), "401");
      assert.equal(await curl(...status, "--digest", "-u", "ann:guess", `${url}/${path}`), "401");
      assert.equal(await curl(...login, `${url}/${path}`), text);
    }
    for (const path of ["/%61dmin/", "//admin/", "/x/..%2fadmin/", "/admin%2f", "/./ADMIN/"]) {
      assert.equal(await curl(...status, "--path-as-is", url + path), "401", path);
    }
    assert.equal(await curl(...status, ...login, `${url}/own/.htpasswd`), "404");
  },
);

testWith(
  ["curl"],
  "G3: what was shown to one user is not shown to the next without a login",
  async () => {
    await using folder = await Folder.make({ "www/a.txt": "open", "www/admin/a.txt": "secret" });
    const users = `ann:lab:${createHash("md5").update("ann:lab:sesame").digest("hex")}\n`;
    await folder.write("users", users);
    const protect = [{ path: "/admin", file: "users", realm: "lab" }];
    const [running, url] = await site(folder, { protect });
    await using _ = running;
    const status = ["-o", `${folder.path}/out`, "-w", "%{http_code}", "--path-as-is"];
    for (let time = 0; time < 3; time++) {
      assert.equal(await curl(`${url}/a.txt`), "open");
      assert.equal(await curl("--digest", "-u", "ann:sesame", `${url}/admin/a.txt`), "secret");
      for (
        const path of ["/admin/a.txt", "/%61dmin/a.txt", "//admin/a.txt", "/a.txt/../admin/a.txt"]
      ) {
        assert.equal(await curl(...status, url + path), "401", path);
      }
    }
  },
);
