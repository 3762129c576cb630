import assert from "node:assert/strict";
import { gateway } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { listenToAll } from "../../interop/listeners.ts";
import { program, testWith } from "../../interop/programs.ts";

const body = new Uint8Array(100_000).map((_, index) => index * 7919 >> 3);

testWith(
  ["coap-client"],
  "coap-client reads and writes 100,000 bytes in blocks of all sizes",
  async () => {
    await using folder = await Folder.make({});
    await using hub = gateway();
    const { coap, http } = await listenToAll(hub);
    const at = (name: string) => `${folder.path}/${name}`;
    await Deno.writeFile(at("body"), body);
    const url = (topic: string) => `coap://127.0.0.1:${coap}/topics/${topic}`;
    const web = (topic: string) => `http://127.0.0.1:${http}/topics/${topic}`;
    const put = await fetch(web("large"), { method: "PUT", body });
    assert.equal(put.status, 201);
    await put.body?.cancel();
    const blocks = [[], ["-b", "1024"], ["-b", "64"], ["-b", "16"]];
    for (const [number, block] of blocks.entries()) {
      const out = at(`out${number}`);
      await run(program("coap-client"), "-m", "get", ...block, "-o", out, url("large"));
      assert.deepEqual(await Deno.readFile(out), body, `GET ${block}`);
      await run(
        program("coap-client"),
        "-m",
        "put",
        ...block,
        "-f",
        at("body"),
        url(`up${number}`),
      );
      const answer = await fetch(web(`up${number}`));
      assert.deepEqual(new Uint8Array(await answer.arrayBuffer()), body, `PUT ${block}`);
    }
  },
);
