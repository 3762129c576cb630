import assert from "node:assert/strict";
import { Child } from "../../interop/child.ts";
import { dialMqtt } from "../../interop/mqtt_client.ts";
import { eventually } from "../../interop/patience.ts";
import { testWith } from "../../interop/programs.ts";
import { entry } from "../meerkat.ts";
import { Raw } from "../raw.ts";

/** Enough to start with, and fewer than there will be clients. */
const DESCRIPTORS = 64;

testWith(
  [],
  "A gateway that runs out of descriptors goes on when there are some again",
  async () => {
    const script = `ulimit -n ${DESCRIPTORS} && exec "$@"`;
    const command = [Deno.execPath(), "run", "-A", entry, "--listen", "mqtt://127.0.0.1:0"];
    await using gateway = new Child("/bin/sh", ["-c", script, "sh", ...command]);
    const [line] = await gateway.linesFrom(0, 1);
    const port = Number(/:(\d+)$/.exec(line!)![1]);
    const early = await dialMqtt(port, { clientId: "early" });
    const crowd: Raw[] = [];
    for (let count = 0; count < DESCRIPTORS * 2; count++) crowd.push(await Raw.dial(port));
    await gateway.complains("cannot accept");
    // Whoever was there before is served all the time.
    await early.ping();
    for (const raw of crowd) raw.close();
    await eventually("a new connection", async () => {
      const late = await dialMqtt(port, { clientId: "late" }).catch(() => undefined);
      await late?.close();
      return late !== undefined;
    });
    await early.ping();
    await early.close();
    gateway.kill("SIGTERM");
    const { code, stderr } = await gateway.ended();
    assert.equal(code, 0, stderr);
    // It waits between its attempts: a full second of them is ten lines.
    assert.ok(stderr.split("\n").length < 100, `${stderr.split("\n").length} lines were written`);
  },
);
