import assert from "node:assert/strict";
import { testWith } from "../interop/programs.ts";
import { blocksOf, commandsOf, section } from "./readme.ts";
import { TourLab } from "./tour_lab.ts";

const blocks = blocksOf(section("Publish and subscribe over CoAP"))
  .filter(({ language }) => language === "console");

for (const [number, block] of blocks.entries()) {
  testWith(
    ["coap-client", "mosquitto_sub"],
    `CoAP nodes in the README publish and subscribe as it shows, ${number + 1}`,
    async () => {
      await using lab = new TourLab();
      await lab.start();
      const shown = commandsOf(block);
      assert.ok(shown.length > 4);
      // In one shell, for they share a variable.
      const child = lab.shell(shown.map(({ command }) => command).join("; echo; echo ===; "));
      await child.closeInput();
      const { stdout, stderr } = await child.ended();
      const said = new TextDecoder().decode(stdout).split("\n===\n").map((each) => each.trim());
      assert.deepEqual([said, stderr], [shown.map(({ output }) => output), ""]);
    },
  );
}
