import assert from "node:assert/strict";
import { coap, gateway, udp } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { run } from "../../interop/child.ts";
import { program, testWith } from "../../interop/programs.ts";

testWith(
  ["coap-client"],
  "coap-client shows where it is when it is asked, and then reads and posts",
  async () => {
    await using folder = await Folder.make({});
    await using hub = gateway();
    const all = coap({ verifyAddresses: "all" });
    const { port } = await hub.listen(udp({ port: 0 }), all).ready;
    const body = "x".repeat(5000), out = `${folder.path}/out`;
    await hub.publish("large", body, { retain: true });
    let calls = 0;
    hub.handle("/calls", () => new Response(`${++calls} ${"y".repeat(100)}`));
    for (
      const [method, path, expected] of [
        ["get", "topics/large", body],
        ["post", "calls", `1 ${"y".repeat(100)}`],
      ] as const
    ) {
      const url = `coap://127.0.0.1:${port}/${path}`;
      await run(program("coap-client"), "-m", method, "-o", out, url);
      assert.equal(await Deno.readTextFile(out), expected);
    }
  },
);
