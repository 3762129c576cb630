import type { Case, Row } from "../case.ts";
import { finish } from "../load.ts";
import { residentBytes } from "../process.ts";
import { meerkat, mosquitto } from "../servers.ts";
import { measureFlow } from "./mqtt.ts";

const defaults = {
  silent: 3,
  /** Often enough to see a peak that lasts a grace period. */
  lookEveryMs: 50,
};

const common = { peer: "Mosquitto", judge: "figure" } as const;

/** Subscribers that never read, beside one that does. */
export const slowReceiversCase: Case = {
  name: "slow-receivers",
  contenders: [meerkat("mqtt"), mosquitto("mqtt")],
  rows: (): Row[] => [
    {
      ...common,
      title: "2 to 1 beside 3 subscribers that never read",
      unit: "messages/s",
      figure: "beside_silent",
      better: "more",
      judge: "ratio",
    },
    {
      ...common,
      title: "speed that the healthy one keeps",
      unit: "%",
      figure: "kept_percent",
      better: "more",
      bar: 70,
      lossless: true,
    },
    {
      ...common,
      title: "memory that the process grows by",
      unit: "MiB",
      figure: "growth_mib",
      better: "less",
      bar: 96,
    },
  ],
  async measure({ port, pid }, lab) {
    const flow = { pubs: 2, subs: 1, qos: 0, first: 15_000 } as const;
    const alone = await measureFlow(port, flow, lab);
    const before = await residentBytes(pid);
    const silent = await lab.load.hold("silent", "-p", port, "-n", defaults.silent);
    const perPub = Math.ceil(alone.delivered_per_s! * lab.seconds / 2);
    const load = lab.load.startMqtt("pubsub", "-p", port, "-P", 2, "-S", 1, "-n", perPub);
    let peak = before;
    const look = async () => peak = Math.max(peak, await residentBytes(pid));
    // A server that is gone has no memory to look at; the load says that it is gone.
    const timer = setInterval(() => look().catch(() => {}), defaults.lookEveryMs);
    const beside = await finish("mqtt_load", load).finally(() => clearInterval(timer));
    await look();
    await silent.stop();
    // Before and after, because a busy machine changes its speed meanwhile.
    const after = await measureFlow(port, flow, lab);
    const usual = (alone.delivered_per_s! + after.delivered_per_s!) / 2;
    return {
      alone: usual,
      beside_silent: beside.delivered_per_s!,
      kept_percent: 100 * beside.delivered_per_s! / usual,
      lost: alone.lost! + beside.lost! + after.lost!,
      growth_mib: (peak - before) / 2 ** 20,
    };
  },
};
