import assert from "node:assert/strict";
import type { Child } from "../interop/child.ts";
import { eventually } from "../interop/patience.ts";
import { testWith } from "../interop/programs.ts";
import { type Page, withPage } from "./browser.ts";
import { blocksOf, commandsOf, readme, section, type Shown, steady } from "./readme.ts";
import { TourLab } from "./tour_lab.ts";

const needed = ["curl", "mosquitto_pub", "mosquitto_sub", "coap-client", "chromium"] as const;

/** What the page in the browser prints, as the text around its blocks says. */
const printed = [["22.5"], ["22.5", "23.0"]];

testWith(needed, "The tour in the README prints what it shows", async () => {
  await using lab = new TourLab();
  await lab.start();
  await withPage(`${lab.origin}/`, (page) => walk(lab, page));
});

testWith(
  ["curl", "mosquitto_sub", "coap-client"],
  "The README begins with an example that prints what it shows",
  async () => {
    await using lab = new TourLab();
    await lab.start();
    const first = blocksOf(readme.slice(0, readme.indexOf("\n## ")))
      .find(({ language }) => language === "console")!;
    for (const shown of commandsOf(first)) await runs(lab, shown);
  },
);

async function walk(lab: TourLab, page: Page): Promise<void> {
  const followers: { child: Child; shown: Shown }[] = [];
  const toPrint = printed.values();
  for (const block of blocksOf(section("A five-minute tour"))) {
    if (block.language.startsWith("js")) {
      await page.evaluate(block.text);
      const expected = toPrint.next().value!;
      await eventually(`${expected} in the browser`, () => page.said.length >= expected.length);
      assert.deepEqual(page.said, expected);
    } else if (block.language === "console") {
      for (const shown of commandsOf(block)) {
        if (goesOn(shown)) {
          followers.push({ child: await lab.follower(shown.command), shown });
        } else await runs(lab, shown);
      }
    }
  }
  for (const { child, shown } of followers) {
    await child.until(shown.output || "nothing", () => {
      return steady(textOf(child)) === steady(shown.output) ? true : undefined;
    });
  }
}

/** True for a command that prints as others publish. */
function goesOn({ command }: Shown): boolean {
  return /^mosquitto_sub (?!-C)|^curl -N|Prefer: wait/.test(command);
}

async function runs(lab: TourLab, { command, output }: Shown): Promise<void> {
  const child = lab.shell(command);
  await child.closeInput();
  const { code } = await child.ended();
  assert.equal(code, 0, command);
  assert.equal(steady(textOf(child)), steady(output), command);
}

function textOf(child: Child): string {
  return new TextDecoder().decode(child.stdout);
}

Deno.test({
  name: "The conversation of a json WebSocket in the README is one",
  sanitizeOps: true,
  sanitizeResources: true,
  async fn() {
    const { text } = blocksOf(section("One topic space, four protocols"))[0]!;
    await using lab = new TourLab();
    await lab.start();
    const socket = new WebSocket(`${lab.origin}/topics/`, "json");
    const heard: string[] = [];
    socket.onmessage = ({ data }) => heard.push(data);
    await new Promise((resolve) => socket.onopen = resolve);
    for (const line of text.trimEnd().split("\n")) {
      if (line.startsWith("→ ")) socket.send(line.slice(2));
      else {
        await eventually(line, () => heard.length > 0);
        assert.equal(steady(heard.shift()!), steady(line.slice(2)));
      }
    }
    const closed = new Promise((resolve) => socket.onclose = resolve);
    socket.close();
    await closed;
  },
});
