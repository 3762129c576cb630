import assert from "node:assert/strict";
import { gateway } from "../../mod.ts";
import { Child, run } from "./child.ts";
import { listenToAll } from "./listeners.ts";
import { eventually } from "./patience.ts";
import { program, testWith } from "./programs.ts";

const needs = ["mosquitto_sub", "mosquitto_pub"] as const;

testWith(needs, "mosquitto_sub -t '$SYS/#' -v shows how the gateway is doing", async () => {
  await using hub = gateway({ sysIntervalMs: 100, version: "meerkat version 1" });
  const { mqtt } = await listenToAll(hub);
  const at = ["-p", String(mqtt)];
  await run(program("mosquitto_pub"), ...at, "-t", "a", "-m", "12345", "-r", "-q", "1");
  await using sub = new Child(program("mosquitto_sub"), [...at, "-t", "$SYS/#", "-v"]);
  const shows = (line: string) => sub.until(line, () => sub.lines.includes(line) || undefined);
  await shows("$SYS/broker/version meerkat version 1");
  await shows("$SYS/broker/clients/connected 1");
  await shows("$SYS/broker/publish/messages/received 1");
  await shows("$SYS/broker/publish/bytes/received 5");
  await shows("$SYS/broker/subscriptions/count 1");
  await sub.until("uptime", () => sub.lines.find((line) => /\/uptime 1 seconds$/.test(line)));
  const load = /^\$SYS\/broker\/load\/messages\/received\/1min \d+\.\d\d$/;
  assert.ok(sub.lines.some((line) => load.test(line)));
});

testWith(needs, "mosquitto_pub cannot write to $SYS, and # does not select it", async () => {
  await using hub = gateway({ sysIntervalMs: 60_000 });
  const { mqtt } = await listenToAll(hub);
  const at = ["-p", String(mqtt), "-V", "5"];
  await using sub = new Child(program("mosquitto_sub"), [...at, "-t", "#", "-t", "ready", "-v"]);
  const before = hub.retained("$SYS/broker/version")!.text();
  const forged = ["-t", "$SYS/broker/version", "-m", "9", "-r", "-q", "1"];
  await using pub = new Child(program("mosquitto_pub"), [...at, ...forged]);
  await pub.closeInput();
  assert.match((await pub.ended()).stderr, /not authori[sz]ed/i);
  assert.equal(hub.retained("$SYS/broker/version")!.text(), before);
  await eventually("the subscription", () => hub.publish("ready", "now") === "accepted");
  await sub.until("a line", () => sub.lines.length > 0 || undefined);
  assert.ok(sub.lines.every((line) => line === "ready now"));
});
