import assert from "node:assert/strict";
import { main } from "../../examples/chat.ts";
import { run } from "../interop/child.ts";
import { program, testWith } from "../interop/programs.ts";
import { withPage } from "./browser.ts";
import { follow, received } from "./mqtt_follower.ts";

const needed = ["chromium", "mosquitto_pub", "mosquitto_sub"] as const;

testWith(needed, "The chat joins a page in a browser and MQTT clients", async () => {
  const { hub, ports } = await main({ http: 0, mqtt: 0 });
  await using _ = hub;
  await using ann = await follow(hub, ports.mqtt, "chat/#");
  await withPage(`http://127.0.0.1:${ports.http}/`, async (page) => {
    await page.when(`document.querySelector("button")?.disabled === false`);
    await page.evaluate(`document.querySelector("[name=author]").value = "Bob"`);
    await page.evaluate(`document.querySelector("[name=words]").focus()`);

    await page.type("Is anybody here? ☕");
    await received(ann, "chat/lobby Bob: Is anybody here? ☕");
    const own = await page.when(`document.querySelector("li.mine")?.textContent`);
    assert.equal(own, "BobIs anybody here? ☕");

    const markup = "<img src=x onerror=alert(1)> & <b>you</b>";
    const to = ["-h", "127.0.0.1", "-p", `${ports.mqtt}`, "-t", "chat/lobby"];
    await run(program("mosquitto_pub"), ...to, "-m", `Ann: ${markup}`);
    const [author, words, elements] = await page.when(`(({ firstChild, lastChild, children }) =>
      firstChild && [firstChild.textContent, lastChild.textContent, children.length])
      (document.querySelector("li:not(.mine)") ?? {})`) as unknown[];
    assert.deepEqual([author, words, elements], ["Ann", markup, 1]);
    assert.deepEqual(page.faults, []);
  });
});
