import assert from "node:assert/strict";
import { connect } from "node:net";
import { gateway, http, tcp } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { start } from "../meerkat.ts";
import { script } from "../web/scripts.ts";
import { hash } from "./doors.ts";

const strict = { sanitizeOps: true, sanitizeResources: true };

const APP = "https://app.example", EVIL = "https://evil.example";
const strangers: Record<string, string>[] = [
  { origin: EVIL },
  { origin: "null" },
  { "sec-fetch-site": "cross-site" },
];
const basic = { authorization: `Basic ${btoa("ann:secret")}` };

/** A server behind, which answers everything and counts what would change something. */
async function behind() {
  const hub = gateway();
  const seen: string[] = [];
  hub.handle("/*", (request) => {
    if (request.method !== "GET") seen.push(`${request.method} ${new URL(request.url).pathname}`);
    return new Response("from behind");
  }, { origins: ["*"] });
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  return { hub, seen, url: `http://127.0.0.1:${port}` };
}

/** The command with every door there is, and its URL. */
async function house(folder: Folder, far: string) {
  await folder.write("users", `ann:${hash}\n`);
  await folder.write("shared/", "");
  await folder.write("kept/", "");
  await folder.write("other/", "");
  await folder.write("www/index.html", "start");
  await folder.write("www/run.cgi", script("echo ran"));
  await Deno.chmod(`${folder.path}/www/run.cgi`, 0o755);
  const settings = {
    listen: [{ url: "http://127.0.0.1:0", allowAnonymous: true }],
    origins: [APP],
    auth: [
      { type: "login", path: "/session", cookie: "login" },
      { type: "passwords", file: "users" },
    ],
    crossProxy: [`${far}/`],
    web: {
      root: "www",
      dav: { root: "shared", prefix: "/dav", auth: "-" },
      upload: { path: "/upload", folder: "kept" },
      cgi: { pattern: "**.cgi$" },
      proxy: [{ path: "/api", to: [far] }, { path: "/locked", to: [far] }],
      protect: [{ path: "/locked", file: "users" }],
      rewrites: { "/old": far, "/other": "other" },
    },
  };
  await folder.write("meerkat.json", JSON.stringify(settings));
  const child = start(["--config", `${folder.path}/meerkat.json`]);
  const line = (await child.linesFrom(0, 1))[0]!;
  return { child, port: Number(/:(\d+)$/.exec(line)![1]) };
}

interface Door {
  readonly line: string;
  /** What who may is answered. */
  readonly status: number;
  readonly fields?: Record<string, string>;
  readonly form?: boolean;
}

/** What changes something, at each door of the gateway itself. */
const doors = (far: string): Record<string, Door> => ({
  topics: { line: "PUT /topics/a", status: 201 },
  wills: { line: "PUT /clients/7/will?topic=gone", status: 201 },
  presence: { line: "POST /clients/7/alive", status: 204 },
  "the cross-proxy": { line: `POST /hc/${far}/x`, status: 200 },
  "logins for tokens": { line: "POST /session", status: 200, fields: basic },
  "WebDAV's PUT": { line: "PUT /dav/a.txt", status: 201 },
  "WebDAV's COPY": { line: "COPY /dav/a.txt", status: 201, fields: { destination: "/dav/b.txt" } },
  "WebDAV's DELETE": { line: "DELETE /dav/b.txt", status: 204 },
  uploads: { line: "POST /upload", status: 201, form: true },
  scripts: { line: "POST /run.cgi", status: 200 },
  "another root": { line: "POST /other/a", status: 404 },
  "a proxy behind a login": { line: "POST /locked/x", status: 200, fields: basic },
  "a proxy, with a login of the gateway": { line: "POST /api/x", status: 200, fields: basic },
});

async function ask(port: number, door: Door, more: Record<string, string>): Promise<Response> {
  const [method, path] = door.line.split(" ") as [string, string];
  const body = new FormData();
  body.append("file", new File(["1"], "a.txt"));
  const headers = { ...door.fields, ...more };
  if (headers.destination !== undefined) {
    headers.destination = `http://127.0.0.1:${port}${headers.destination}`;
  }
  const hasBody = !/^(?:COPY|DELETE)/.test(door.line);
  return await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...hasBody && { body: door.form ? body : "x" },
  });
}

async function statusOf(answer: Response): Promise<number> {
  await answer.body?.cancel();
  return answer.status;
}

Deno.test(
  "No door changes anything for a page of another origin, unless that is allowed",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const { hub, seen, url: far } = await behind();
    await using _ = hub;
    const { child, port } = await house(folder, far);
    await using __ = child;
    for (const [name, door] of Object.entries(doors(far))) {
      seen.length = 0;
      for (const foreign of strangers) {
        const refused = await ask(port, door, foreign);
        assert.equal(refused.headers.get("access-control-allow-origin"), null, name);
        assert.equal(refused.status, 403, name);
        assert.match(await refused.text(), /^Cannot serve a page of /, name);
      }
      assert.deepEqual(seen, [], name);
      const friends: Record<string, string>[] = [
        { origin: APP },
        { origin: `http://127.0.0.1:${port}` },
        {},
      ];
      for (const known of friends) {
        const { status } = door, isNew = status === 201 || status === 204;
        const answered = await statusOf(await ask(port, door, known));
        assert.ok(
          answered === status || isNew && /20[14]|404/.test(`${answered}`),
          `${name}: ${answered}`,
        );
      }
    }
  },
);

Deno.test(
  "What is passed on is the affair of the server behind, unless the gateway's login lets it in",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const { hub, seen, url: far } = await behind();
    await using _ = hub;
    const { child, port } = await house(folder, far);
    await using __ = child;
    const post = async (path: string, headers: Record<string, string>) =>
      await statusOf(await ask(port, { line: `POST ${path}`, status: 200 }, headers));
    const evil = { origin: EVIL };
    assert.equal(await post("/api/x", evil), 200);
    assert.equal(await post("/api/x", { ...evil, cookie: "of=the application" }), 200);
    assert.equal(await post("/old/x", evil), 200);
    assert.equal(seen.length, 3);
    assert.equal(await post("/api/x", { ...evil, ...basic }), 403);
    assert.equal(await post("/old/x", { ...evil, ...basic }), 403);
    const login = await fetch(`http://127.0.0.1:${port}/session`, {
      method: "POST",
      headers: basic,
    });
    const { token } = await login.json();
    assert.equal(await post("/api/x", { ...evil, cookie: `login=${token}` }), 403);
    assert.equal(seen.length, 3);
    // A page that knows a token has been given it.
    assert.equal(await post("/api/x", { ...evil, authorization: `Bearer ${token}` }), 200);
    assert.equal(await post("/api/x", { origin: APP, cookie: `login=${token}` }), 200);
  },
);

Deno.test(
  "A page of an allowed origin may register, and read the answer; others may not even ask",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const { hub, url: far } = await behind();
    await using _ = hub;
    const { child, port } = await house(folder, far);
    await using __ = child;
    for (const path of ["/clients/7/will", `/hc/${far}/x`, "/topics/a"]) {
      const url = `http://127.0.0.1:${port}${path}`;
      const asked = { "access-control-request-method": "PUT" };
      const preflight = await fetch(url, { method: "OPTIONS", headers: { ...asked, origin: APP } });
      assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin")], [
        204,
        APP,
      ]);
      const refused = await fetch(url, { method: "OPTIONS", headers: { ...asked, origin: EVIL } });
      assert.equal(await statusOf(refused), 403);
      const answer = await fetch(url, { method: "PUT", headers: { origin: APP } });
      assert.equal(answer.headers.get("access-control-allow-origin"), APP);
      await answer.body?.cancel();
    }
  },
);

Deno.test(
  "No WebSocket is opened for a page of another origin, whatever is spoken inside",
  strict,
  async () => {
    await using folder = await Folder.make({});
    const { hub, url: far } = await behind();
    await using _ = hub;
    const { child, port } = await house(folder, far);
    await using __ = child;
    const places: [path: string, protocol: string | undefined, known: number][] = [
      ["/topics/a", undefined, 101],
      ["/topics/a", "json", 101],
      ["/mqtt", "mqtt", 101],
      ["/.well-known/coap", "coap", 101],
      ["/api/x", undefined, 101],
    ];
    for (const [path, protocol, known] of places) {
      assert.equal(await upgrade(port, path, EVIL, protocol), 403, path);
      assert.equal(await upgrade(port, path, APP, protocol), known, path);
      assert.equal(await upgrade(port, path, undefined, protocol), known, path);
    }
  },
);

/** The status of a request for a WebSocket. */
async function upgrade(port: number, path: string, origin?: string, protocol?: string) {
  const socket = connect(port, "127.0.0.1");
  const lines = [
    `GET ${path} HTTP/1.1`,
    "Host: 127.0.0.1",
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ...origin === undefined ? [] : [`Origin: ${origin}`],
    ...protocol === undefined ? [] : [`Sec-WebSocket-Protocol: ${protocol}`],
  ];
  socket.write(`${lines.join("\r\n")}\r\n\r\n`);
  const head = await new Promise<string>((resolve, reject) => {
    socket.once("data", (data) => resolve(`${data}`));
    socket.once("error", reject);
  });
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.destroy();
  await closed;
  return Number(/^HTTP\/1.1 (\d+)/.exec(head)![1]);
}

testWith(["curl"], "curl, which is no page, changes what it likes with a login", async () => {
  await using folder = await Folder.make({});
  const { hub, url: far } = await behind();
  await using _ = hub;
  const { child, port } = await house(folder, far);
  await using __ = child;
  const curl = async (...args: string[]) => {
    const code = ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-u", "ann:secret"];
    return new TextDecoder().decode((await run(program("curl"), ...code, ...args)).stdout);
  };
  const url = `http://127.0.0.1:${port}`;
  assert.equal(await curl("-X", "PUT", "-d", "x", `${url}/clients/7/will?topic=gone`), "201");
  assert.equal(await curl("-X", "PUT", "-d", "x", `${url}/dav/x`), "201");
  assert.equal(await curl("-X", "PUT", "-d", "x", `${url}/dav/x`, "-H", `Origin: ${EVIL}`), "403");
});
