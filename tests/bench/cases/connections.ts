import type { Case } from "../case.ts";
import { finish } from "../load.ts";
import { residentBytes } from "../process.ts";
import { meerkat, mosquitto } from "../servers.ts";
import { median } from "../table.ts";

const defaults = {
  /** How long the connections are held: memory is looked at meanwhile. */
  holdSeconds: 2,
  lookEveryMs: 100,
};

/** Many clients that connect and then say nothing. */
export const connectionsCase: Case = {
  name: "connections",
  contenders: [meerkat("mqtt"), mosquitto("mqtt")],
  rows: ({ quick }) => [
    {
      title: `${connections(quick).toLocaleString("en")} idle connections: memory each`,
      unit: "KiB",
      figure: "kib_each",
      peer: "Mosquitto",
      better: "less",
      judge: "figure",
      bar: 16,
      aim: 10,
    },
    {
      title: "connections accepted",
      unit: "connections/s",
      figure: "connects_per_s",
      peer: "Mosquitto",
      better: "more",
      judge: "ratio",
      bar: 0.5,
      aim: 1,
    },
  ],
  async measure({ port, pid }, lab) {
    const count = connections(lab.quick);
    const before = await residentBytes(pid);
    const hold = defaults.holdSeconds;
    const load = lab.load.startMqtt("conns", "-p", port, "-n", count, "-T", hold);
    await load.says("connections ready");
    const looks: number[] = [];
    const until = Date.now() + (hold - 0.5) * 1000;
    while (Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, defaults.lookEveryMs));
      looks.push(await residentBytes(pid));
    }
    const figures = await finish("mqtt_load", load);
    if (figures.alive !== count) throw new Error(`only ${figures.alive} of ${count} stayed`);
    return { ...figures, kib_each: (median(looks) - before) / count / 1024 };
  },
};

function connections(quick: boolean): number {
  return quick ? 1000 : 8000;
}
