import assert from "node:assert/strict";
import { main as bigUpload } from "../../examples/big_upload.ts";
import { main as cookieLogin, Sessions } from "../../examples/cookie_login.ts";
import { main as reverseProxy } from "../../examples/reverse_proxy.ts";
import { connectWebSocket } from "../../mod.ts";
import { within } from "../interop/patience.ts";
import { testWith } from "../interop/programs.ts";
import { withPage } from "./browser.ts";

Deno.test({
  name: "The cookie login knows who comes back, until it is told to forget",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const { hub, port } = await cookieLogin({ port: 0, users: new Map([["a<b", "sesame"]]) });
    await using _ = hub;
    const url = `http://127.0.0.1:${port}`;
    const post = (path: string, fields: Record<string, string>, cookie = "") =>
      fetch(url + path, {
        method: "POST",
        body: new URLSearchParams(fields),
        headers: { cookie },
        redirect: "manual",
      }).then(async (answer) => {
        await answer.text();
        return answer;
      });
    const home = async (cookie: string) => await (await fetch(url, { headers: { cookie } })).text();

    for (const wrong of [{ user: "a<b", password: "x" }, { user: "bob", password: "" }]) {
      const refused = await post("/login", wrong);
      assert.deepEqual([refused.status, refused.headers.get("set-cookie")], [401, null]);
    }
    const welcome = await post("/login", { user: "a<b", password: "sesame" });
    assert.equal(welcome.status, 303);
    const set = welcome.headers.get("set-cookie")!;
    assert.match(set, /HttpOnly/i);
    assert.match(set, /SameSite=Lax/i);
    assert.match(set, /Max-Age=\d+/i);
    const text = { method: "POST", body: "text", headers: { "content-type": "text/plain" } };
    const refused = await fetch(`${url}/login`, text);
    assert.equal(refused.status, 400);
    await refused.text();
    const cookie = set.split(";")[0]!;
    assert.match(await home(cookie), /Hello, a(&lt;|&#60;)b!/);
    assert.match(await home("session=guess"), /Log in/);
    const left = await post("/logout", {}, cookie);
    assert.equal(left.status, 303);
    assert.match(await home(cookie), /Log in/);
  },
});

Deno.test("Sessions of the cookie login end after an hour, and there are not too many", () => {
  let now = 0;
  const sessions = new Sessions(3, () => now);
  const first = sessions.begin("ann");
  now = 3_599_999;
  assert.equal(sessions.userOf(first), "ann");
  const second = sessions.begin("bob");
  now = 3_600_000;
  assert.equal(sessions.userOf(first), undefined);
  const third = sessions.begin("cid");
  assert.deepEqual([sessions.size, sessions.userOf(second)], [2, "bob"]);
  for (const user of ["dan", "eve"]) sessions.begin(user);
  assert.deepEqual([sessions.size, sessions.userOf(second)], [3, undefined]);
  assert.equal(sessions.userOf(third), "cid");
  sessions.end(third);
  assert.equal(sessions.userOf(third), undefined);
});

testWith(["chromium"], "The big upload shows how far it is, and keeps the file", async () => {
  const folder = await Deno.makeTempDir();
  const { hub, port } = await bigUpload({ port: 0, folder });
  try {
    await withPage(`http://127.0.0.1:${port}/`, async (page) => {
      await page.when(
        `document.querySelector("#file")?.onchange !== null && document.querySelector("#file") !== null`,
      );
      await page.slowUploads(30_000_000);
      await page.evaluate(`(() => {
        window.seen = [];
        const bar = document.querySelector("#bar");
        new MutationObserver(() => seen.push(bar.value)).observe(bar, { attributes: true });
        upload(new File([new Uint8Array(30_000_000)], "film.mp4"));
      })()`);
      const state = `document.querySelector("#state").textContent`;
      await page.when(`/^film\\.mp4/.test(${state})`);
      assert.equal(await page.evaluate(state), "film.mp4: 30000000 bytes");
      const seen = await page.evaluate("seen") as number[];
      assert.ok(seen.filter((value) => value > 0 && value < 1).length >= 3, seen.join());
      assert.deepEqual(seen, seen.toSorted((a, b) => a - b));
      assert.equal(seen.at(-1), 1);
      assert.deepEqual(page.faults, []);
    });
    assert.equal((await Deno.stat(`${folder}/film.mp4`)).size, 30_000_000);
  } finally {
    await hub.stop();
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test({
  name: "The reverse proxy passes requests and WebSockets on",
  // Connections to the server behind are kept for the next request.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const { hub, port } = await reverseProxy({ port: 0, to: [] });
    await using _ = hub;
    const answer = await fetch(`http://127.0.0.1:${port}/api/hello`);
    assert.equal(await answer.text(), "Hello from behind, 127.0.0.1\n");
    const socket = connectWebSocket(`ws://127.0.0.1:${port}/api/`);
    socket.onopen = () => socket.send("hi");
    const heard = await within(
      "an answer",
      new Promise<unknown>((resolve) => {
        socket.onmessage = ({ data }) => resolve(data);
      }),
    );
    assert.equal(heard, "behind: hi");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  },
});
