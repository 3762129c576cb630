import assert from "node:assert/strict";
import { limitsOf } from "../../../../protocols/limits.ts";
import { FakeHost } from "../fakes.ts";

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

Deno.test("settings name the multicast groups of a CoAP listener", async () => {
  const groups = ["224.0.1.187"];
  const listen = [{ url: "coap://127.0.0.1", groups, limits: { leisureMs: "2s" } }];
  const host = new FakeHost({ "m.json": JSON.stringify({ listen }) });
  assert.equal(await host.run("--config", "m.json"), 0, host.err.join());
  const [listener] = host.settings!.listen;
  assert.deepEqual([listener!.groups, listener!.limits], [groups, { leisureMs: 2000 }]);
});

Deno.test("groups have multicast addresses", async () => {
  const groups = ["224.0.1.187", "239.255.255.255", "ff02::fd", "ff05::fd", "FF02::1"];
  const wrong = ["223.0.0.1", "240.0.0.1", "224.0.1", "224.0.0.256", "fe80::1", "ff02", "ff02:::"];
  for (const group of [...groups, ...wrong]) {
    const listen = [{ url: "coap:", groups: [group] }];
    const host = new FakeHost({ "m.json": JSON.stringify({ listen }) });
    const code = await host.run("check", "--config", "m.json");
    assert.equal(code, groups.includes(group) ? 0 : 1, group);
  }
});

Deno.test("settings of CoAP that are wrong are refused with what would be right", async () => {
  const listen = [{ url: "coap:", groups: ["10.0.0.1"] }, { url: "mqtt:", groups: ["ff02::fd"] }];
  const wrong = { listen, verifyAddresses: "some" };
  const host = new FakeHost({ "m.json": JSON.stringify(wrong) });
  assert.equal(await host.run("check", "--config", "m.json"), 1);
  const said = host.err.join("\n");
  for (
    const part of [
      'verifyAddresses: Cannot use "some": give public, all or none',
      'listen[0].groups[0]: Cannot use "10.0.0.1": give a multicast address such as 224.0.1.187',
      "listen[1].groups: Cannot join groups on mqtt://127.0.0.1:1883: use coap:",
    ]
  ) assert.ok(said.includes(part), `${part}\n${said}`);
});

Deno.test("each CoAP listener has timers of its own, for slow radios", async () => {
  const limits = { ackTimeoutMs: "10s", maxRetransmit: 2, nstart: 4, probingRate: 10 };
  const radio = { url: "coap://:5684", limits: { ...limits, maxBlockBytes: 64 } };
  const host = new FakeHost({ "m.json": JSON.stringify({ listen: ["coap:", radio] }) });
  assert.equal(await host.run("--config", "m.json"), 0, host.err.join());
  assert.deepEqual(host.settings!.listen.map(({ limits }) => limitsOf(limits).coap), [
    {},
    { ...limits, ackTimeoutMs: 10_000, maxBlockBytes: 64 },
  ]);
});
