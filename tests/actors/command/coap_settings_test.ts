import assert from "node:assert/strict";
import { FakeHost } from "./fakes.ts";

Deno.test("settings of CoAP hold for all listeners, and a listener's own win", async () => {
  const listen = ["coap:", { url: "coap://:5684", verifyAddresses: "all" }];
  const config = JSON.stringify({ listen, verifyAddresses: "none" });
  const host = new FakeHost({ "m.json": config });
  assert.equal(await host.run("--config", "m.json"), 0, host.err.join());
  assert.deepEqual(host.settings!.listen.map(({ coap }) => coap), [
    { verifyAddresses: "none" },
    { verifyAddresses: "all" },
  ]);
});

Deno.test("settings of CoAP that are wrong are refused with what would be right", async () => {
  const host = new FakeHost({ "m.json": JSON.stringify({ verifyAddresses: "some" }) });
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  const right = 'verifyAddresses: Cannot use "some": give public, all or none';
  assert.ok(host.err.join("\n").includes(right), host.err.join("\n"));
});
