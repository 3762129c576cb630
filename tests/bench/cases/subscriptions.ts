import type { Case, Figures, Row } from "../case.ts";
import { meerkat, mosquitto } from "../servers.ts";
import { measureFlow } from "./mqtt.ts";

/** How many subscriptions lie beside the one that matches. */
const OTHERS = [1, 1000, 100_000];

/** What a publish costs when many subscribe to something else. */
export const subscriptionsCase: Case = {
  name: "subscriptions",
  contenders: [meerkat("mqtt"), mosquitto("mqtt")],
  rows: (): Row[] => [
    ...OTHERS.map((others): Row => ({
      title: `QoS 0, 1 to 1 beside ${others.toLocaleString("en")} other subscriptions`,
      unit: "messages/s",
      figure: `beside_${others}`,
      peer: "Mosquitto",
      better: "more",
      judge: "ratio",
      lossless: true,
    })),
    {
      title: "how much slower the last is than the first",
      unit: "×",
      figure: "slowdown",
      peer: "Mosquitto",
      better: "less",
      judge: "figure",
      bar: 1.5,
    },
  ],
  async measure({ port }, lab) {
    const figures: Figures = { lost: 0 };
    const flow = { pubs: 1, subs: 1, qos: 0, first: 30_000 } as const;
    for (const others of OTHERS) {
      const held = await lab.load.hold("filters", "-p", port, "-n", others);
      const { delivered_per_s, lost } = await measureFlow(port, flow, lab);
      await held.stop();
      figures[`beside_${others}`] = delivered_per_s!;
      figures.lost! += lost!;
    }
    figures.slowdown = figures[`beside_${OTHERS.at(0)}`]! / figures[`beside_${OTHERS.at(-1)}`]!;
    return figures;
  },
};
