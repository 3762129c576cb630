import type { Case, Figures, Lab } from "../case.ts";
import { processorSeconds, residentBytes } from "../process.ts";
import { meerkat, mosquitto } from "../servers.ts";
import { measureFlow } from "./mqtt.ts";

const common = { peer: "Mosquitto", better: "more", lossless: true } as const;
const contenders = [meerkat("mqtt"), mosquitto("mqtt")];

/** The flows whose cost is compared between the two versions of MQTT. */
const VERSIONED = [
  { name: "qos0", title: "QoS 0, 1 to 1", flags: "-q 0 -P 1 -S 1", messages: 200_000 },
  { name: "fan_out", title: "QoS 0, 1 to 50", flags: "-q 0 -P 1 -S 50", messages: 12_000 },
  { name: "qos1", title: "QoS 1, 1 to 1", flags: "-q 1 -P 1 -S 1", messages: 60_000 },
  { name: "qos2", title: "QoS 2, 1 to 1", flags: "-q 2 -P 1 -S 1", messages: 40_000 },
] as const;

/** What MQTT 5 costs the server beside 3.1.1: processor time, so that the generator does not matter. */
export const versionsCase: Case = {
  name: "mqtt5",
  contenders: [meerkat("mqtt")],
  rows: () =>
    VERSIONED.map(({ name, title }) => ({
      title: `${title}: processor time with MQTT 5, by that with 3.1.1`,
      unit: "×",
      figure: name,
      peer: "Mosquitto",
      better: "less",
      judge: "figure",
      bar: 1.15,
      lossless: true,
    })),
  async measure({ port, pid }, lab) {
    const figures: Figures = { lost: 0 };
    for (const { name, flags, messages } of VERSIONED) {
      const spent = { 4: 0, 5: 0 };
      // Turn by turn: the first warms up, and is not counted.
      for (let turn = 0; turn < 4; turn++) {
        for (const version of [4, 5] as const) {
          const before = await processorSeconds(pid);
          const count = lab.quick ? messages / 4 : messages;
          const load = ["pubsub", "-p", port, "-n", count, "-V", version, ...flags.split(" ")];
          figures.lost! += (await lab.load.own("mqtt_load", ...load)).lost!;
          if (turn > 0) spent[version] += await processorSeconds(pid) - before;
        }
      }
      figures[name] = spent[5] / spent[4];
    }
    return figures;
  },
};

/** Ten subscribers that share what comes. */
export const sharedCase: Case = {
  name: "shared",
  contenders,
  rows: () => [{
    ...common,
    title: "QoS 1, 4 to a shared group of 10",
    unit: "messages/s",
    figure: "delivered_per_s",
    judge: "ratio",
    bar: 3,
  }],
  async measure({ port }, lab) {
    const load = (count: number) =>
      lab.load.own(
        "mqtt_load",
        "pubsub",
        "-p",
        port,
        "-P",
        4,
        "-S",
        10,
        "-q",
        1,
        "-G",
        "-n",
        count,
      );
    const warm = await load(lab.quick ? 2500 : 10_000);
    const figures = await load(Math.ceil(warm.sent_per_s! * lab.seconds / 4));
    return { ...figures, lost: warm.lost! + figures.lost! };
  },
};

/** All stored values to one who subscribes to everything. */
export const retainedCase: Case = {
  name: "retained",
  contenders,
  rows: ({ quick }) => [{
    ...common,
    title: `${values(quick).toLocaleString("en")} stored values to one # subscriber`,
    unit: "messages/s",
    figure: "values_per_s",
    judge: "ratio",
  }],
  measure: ({ port }, lab) => lab.load.own("mqtt_retained", "-p", port, "-n", values(lab.quick)),
};

function values(quick: boolean): number {
  return quick ? 10_000 : 100_000;
}

/** Many clients with many subscriptions: what each subscription takes, and what publishing costs then. */
export const manySubscriptionsCase: Case = {
  name: "many-subscriptions",
  contenders,
  rows: ({ quick }) => [
    {
      ...common,
      title: `${
        clients(quick).toLocaleString("en")
      } more clients with 100 subscriptions: memory for each`,
      unit: "bytes",
      figure: "bytes_each",
      better: "less",
      judge: "figure",
      bar: 400,
    },
    {
      ...common,
      title: "QoS 0, 1 to 1 beside them",
      unit: "messages/s",
      figure: "delivered_per_s",
      judge: "ratio",
      bar: 5,
    },
  ],
  async measure({ port, pid }, lab) {
    const count = clients(lab.quick);
    await measureFlow(port, FLOW, lab);
    const held = lab.load.startHold("clients", "-p", port, "-n", 2 * count, "-c", 100);
    // The first half also pays for what the process takes once: a young generation that has grown.
    await held.says("connected");
    held.kill("SIGUSR2");
    await held.says("half");
    const before = await settled(pid, lab);
    held.kill("SIGUSR2");
    await held.says("holding");
    const bytes = await settled(pid, lab) - before;
    const figures = await measureFlow(port, FLOW, lab);
    await held.stop();
    return { ...figures, bytes_each: bytes / count / 100 };
  },
};

const FLOW = { pubs: 1, subs: 1, qos: 0, first: 30_000 } as const;

function clients(quick: boolean): number {
  return quick ? 100 : 1000;
}

/** Resident memory once it no longer falls. */
async function settled(pid: number, lab: Pick<Lab, "seconds">): Promise<number> {
  let last = await residentBytes(pid);
  for (let look = 0; look < 10; look++) {
    await new Promise((resolve) => setTimeout(resolve, lab.seconds * 100));
    last = Math.min(last, await residentBytes(pid));
  }
  return last;
}
