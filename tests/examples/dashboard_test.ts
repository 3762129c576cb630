import assert from "node:assert/strict";
import { main } from "../../examples/dashboard.ts";
import { connectWebSocket } from "../../mod.ts";
import { within } from "../interop/patience.ts";
import { testWith } from "../interop/programs.ts";
import { withPage } from "./browser.ts";

testWith(
  ["chromium"],
  "The dashboard draws what comes each second, and saves settings escaped",
  async () => {
    const { hub, port } = await main({ port: 0, everyMs: 20 });
    await using _ = hub;
    const url = `http://127.0.0.1:${port}/`;
    await withPage(url, async (page) => {
      const points = `document.querySelector("polyline")?.getAttribute("points").split(" ").length`;
      await page.when(`${points} > 5`);
      assert.match(
        String(await page.evaluate(`document.querySelector("#usage").textContent`)),
        /^\d+\.\d$/,
      );
      assert.equal(await page.evaluate(`document.querySelector("[name=name]").value`), "Attic");
      const picture = await page.picture("dashboard");
      console.log(`A picture of the dashboard: ${picture}`);
      // Width and height stand behind the signature and the name of the first chunk.
      const head = new DataView((await Deno.readFile(picture)).buffer);
      assert.equal(head.getBigUint64(0), 0x89504e470d0a1a0an);
      assert.ok(head.getUint32(16) > 300 && head.getUint32(20) > 200, "a picture of a page");

      const hostile = `"><script>document.title = "hacked"</script>`;
      await page.evaluate(`(() => {
      document.querySelector("[name=name]").value = ${JSON.stringify(hostile)};
      window.isOld = true;
      document.querySelector("form").requestSubmit();
    })()`);
      // The answer is another page.
      const saved = `!window.isOld && document.querySelector("[name=name]")?.value`;
      await within(
        "the page after saving",
        (async () => {
          while (await page.evaluate(saved).catch(() => undefined) !== hostile);
        })(),
      );
      assert.equal(await page.evaluate("document.title"), "Device");
      await page.when(`${points} > 2`);
      assert.deepEqual(page.faults, []);
    });
    const shown = await (await fetch(url)).text();
    assert.ok(!shown.includes(`<script>document.title`), shown);
  },
);

Deno.test({
  name: "The dashboard has a figure before its first tick",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const { hub, port } = await main({ port: 0, everyMs: 3_600_000 });
    await using _ = hub;
    const { result } = await (await fetch(`http://127.0.0.1:${port}/cpu_usage`)).json();
    // No processor has been idle ever since it was started.
    assert.ok(result > 0 && result <= 100, String(result));
  },
});

Deno.test({
  name: "The dashboard tells the real figure, and refuses forms of other sites",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const { hub, port } = await main({ port: 0, everyMs: 10 });
    await using _ = hub;
    const url = `http://127.0.0.1:${port}`;
    const socket = connectWebSocket(`${url.replace("http", "ws")}/live`);
    const heard = await within(
      "a figure",
      new Promise<unknown>((resolve) => {
        socket.onmessage = ({ data }) => resolve(data);
      }),
    );
    assert.ok(Number(heard) >= 0 && Number(heard) <= 100, String(heard));
    const { result } = await (await fetch(`${url}/cpu_usage`)).json();
    assert.ok(result >= 0 && result <= 100, String(result));
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;

    const forged = new URLSearchParams({ name: "x", place: "y", token: "guess" });
    const refused = await fetch(`${url}/save`, { method: "POST", body: forged });
    assert.deepEqual([refused.status, await refused.text()], [403, "Use our own form\n"]);
    const page = await (await fetch(url)).text();
    const token = /name="token" value="([^"]+)"/.exec(page)![1]!;
    const form = new URLSearchParams({ name: "Cellar & <b>", place: "Below", token });
    const saved = await fetch(`${url}/save`, { method: "POST", body: form, redirect: "manual" });
    await saved.body?.cancel();
    assert.deepEqual([saved.status, saved.headers.get("location")], [303, "/"]);
    assert.match(
      await (await fetch(url)).text(),
      /value="Cellar &#38; &#60;b&#62;"|value="Cellar &amp; &lt;b&gt;"/,
    );
    assert.equal((await (await fetch(`${url}/style.css`)).text()).includes("polyline"), true);
  },
});
