import assert from "node:assert/strict";
import { protect } from "../../../actors/web/protect.ts";
import { gateway, http, tcp } from "../../../mod.ts";
import { answerChallenge, ha1Of } from "../../../protocols/web/digest.ts";
import { Child } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";
import { folder } from "../identity/people.ts";

function entry(user: string, password: string, algorithm: "MD5" | "SHA-256" = "MD5"): string {
  return `${user}:lab:${ha1Of({ username: user, realm: "lab", password }, algorithm)}\n`;
}

async function open(part: ReturnType<typeof protect>) {
  const hub = gateway();
  hub.handle("/*", async (request, info) => await part(request, info) ?? new Response("in"));
  const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
  return { hub, url: `http://127.0.0.1:${port}` };
}

async function curl(...args: string[]): Promise<string> {
  const all = ["-s", "-o", "/dev/null", "-w", "%{http_code}", ...args];
  await using child = new Child(program("curl"), all);
  await child.closeInput();
  return new TextDecoder().decode((await child.ended()).stdout);
}

Deno.test("protect is not made of nothing that could ask for a login", () => {
  for (const options of [{}, { root: "." }, { perDirectory: ".users" }]) {
    assert.throws(() => protect(options), /Cannot protect anything: give a file, or root and/);
  }
});

for (const algorithm of ["MD5", "SHA-256"] as const) {
  testWith(
    ["curl"],
    `protect lets curl in by Digest with ${algorithm}, and by nothing else`,
    async () => {
      await using dir = await folder();
      const file = `${dir.path}/users`;
      await Deno.writeTextFile(file, entry("ann", "secret", algorithm));
      const { hub, url } = await open(protect({ file, realm: "lab" }));
      await using _hub = hub;
      assert.equal(await curl(`${url}/a`), "401");
      assert.equal(await curl("--digest", "-u", "ann:secret", `${url}/a?b=c`), "200");
      assert.equal(await curl("--digest", "-u", "ann:secret", "-d", "x", `${url}/a`), "200");
      assert.equal(await curl("--digest", "-u", "ann:guess", `${url}/a`), "401");
      assert.equal(await curl("--digest", "-u", "bob:secret", `${url}/a`), "401");
    },
  );
}

testWith(
  ["curl", "mosquitto_passwd"],
  "protect lets curl in by Basic from a file of mosquitto_passwd",
  async () => {
    await using dir = await folder();
    const file = `${dir.path}/users`;
    const args = ["-b", "-c", file, "ann", "secret"];
    await new Deno.Command(program("mosquitto_passwd"), { args, stderr: "null" }).output();
    const { hub, url } = await open(protect({ file }));
    await using _hub = hub;
    assert.equal(await curl("-u", "ann:secret", `${url}/a`), "200");
    assert.equal(await curl("-u", "ann:guess", `${url}/a`), "401");
  },
);

testWith(
  [],
  "An answer to a challenge counts once, for its own path, and a stale one says so",
  async () => {
    await using dir = await folder();
    const file = `${dir.path}/users`;
    await Deno.writeTextFile(file, entry("ann", "secret"));
    const { hub, url } = await open(protect({ file, realm: "lab" }));
    await using _hub = hub;
    const ask = async (path: string, authorization?: string) => {
      const answer = await fetch(url + path, authorization ? { headers: { authorization } } : {});
      await answer.text();
      return { status: answer.status, challenge: answer.headers.get("www-authenticate") ?? "" };
    };
    const { challenge } = await ask("/a");
    const client = { username: "ann", password: "secret", method: "GET", uri: "/a", cnonce: "c" };
    const first = answerChallenge(challenge, client)!;
    assert.equal((await ask("/a", first)).status, 200);
    const again = await ask("/a", first);
    assert.deepEqual([again.status, /stale=true/.test(again.challenge)], [401, true]);
    const second = answerChallenge(challenge, { ...client, nc: 2 })!;
    assert.equal((await ask("/b", second)).status, 401);
    assert.equal((await ask("/a", second)).status, 200);
  },
);

testWith(
  [],
  "A file in a directory protects it and all below, and is not shown itself",
  async () => {
    await using dir = await folder();
    const root = dir.path;
    await Deno.mkdir(`${root}/lab/deep/er`, { recursive: true });
    await Deno.mkdir(`${root}/open`);
    await Deno.writeTextFile(`${root}/lab/.htpasswd`, entry("ann", "secret"));
    await Deno.writeTextFile(`${root}/lab/deep/.htpasswd`, entry("bob", "secret"));
    const { hub, url } = await open(protect({ root, perDirectory: ".htpasswd", realm: "lab" }));
    await using _hub = hub;
    const statusOf = async (path: string, user = "ann") => {
      const headers = { authorization: `Basic ${btoa(`${user}:secret`)}` };
      const answer = await fetch(url + path, { headers });
      await answer.text();
      return answer.status;
    };
    for (
      const [path, user, status] of [
        ["/open/a", "cat", 200],
        ["/", "cat", 200],
        ["/lab/a", "ann", 200],
        ["/lab", "cat", 401],
        ["/lab/x/y/z", "bob", 401],
        ["/lab/deep/er/a", "bob", 200],
        ["/l%61b/deep/a", "ann", 401],
        ["//lab//a", "bob", 401],
        ["/lab/.htpasswd", "ann", 404],
        ["/lab/%2ehtpasswd", "ann", 404],
        ["/open%2f..%2flab/a", "ann", 404],
        [`/lab/${"x".repeat(300)}`, "cat", 401],
        [`/open/${"x".repeat(300)}`, "cat", 200],
      ] as const
    ) assert.equal(await statusOf(path, user), status, `${path} ${user}`);
  },
);
