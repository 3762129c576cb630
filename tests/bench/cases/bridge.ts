import type { Case, Figures } from "../case.ts";
import { meerkatBridge, mosquittoBridge } from "../servers.ts";

/** Runs of 200 messages until all arrive: a bridge takes some seconds to stand. */
const PATIENCE = 20;

/** From a publisher at one server to a subscriber at another, by a bridge between the two. */
export const bridgeCase: Case = {
  name: "bridge",
  contenders: [meerkatBridge, mosquittoBridge],
  rows: () =>
    ([0, 1] as const).map((qos) => ({
      title: `QoS ${qos}, 1 to 1 through a bridge`,
      unit: "messages/s",
      figure: `qos${qos}`,
      peer: "Mosquitto",
      better: "more",
      judge: "ratio",
      aim: 3,
      lossless: qos > 0,
    })),
  async measure({ port, upstream }, lab) {
    const through = (qos: number, count: number) =>
      lab.load.own("mqtt_load", "pubsub", "-p", port, "-Q", upstream!, "-q", qos, "-n", count);
    for (let look = 0; (await through(1, 200)).lost! > 0; look++) {
      if (look === PATIENCE) throw new Error("nothing comes through the bridge");
    }
    const figures: Figures = { lost: 0 };
    for (const qos of [0, 1]) {
      const warm = await through(qos, lab.quick ? 5_000 : 50_000);
      const run = await through(qos, Math.ceil(warm.delivered_per_s! * lab.seconds));
      figures[`qos${qos}`] = run.delivered_per_s!;
      if (qos > 0) figures.lost! += warm.lost! + run.lost!;
    }
    return figures;
  },
};
