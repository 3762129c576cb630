import type { Case, Figures, Lab, Row } from "../case.ts";
import { meerkat, mosquitto } from "../servers.ts";

const defaults = {
  /** A run of 60 % of the time asked for is long enough to be the measurement. */
  longEnough: 0.6,
  /** Runs at most, with the measured one: those before it warm the server up and find the right count. */
  attempts: 4,
  /** 20 s for a run that was meant to take 3: the server has stopped taking or giving messages. */
  stuckSeconds: 20,
};

/** A flow of messages as fast as the server takes them. */
interface Flow {
  name: string;
  title: string;
  pubs: number;
  subs: number;
  qos: 0 | 1 | 2;
  webSocket?: boolean;
  /** Messages per publisher in the first run, which takes a fraction of a second anywhere. */
  first: number;
  bar: number;
  aim: number;
}

const flows: Flow[] = [
  {
    name: "qos0",
    title: "QoS 0, 1 to 1",
    pubs: 1,
    subs: 1,
    qos: 0,
    first: 30_000,
    bar: 5,
    aim: 10,
  },
  {
    name: "qos0-fan-out",
    title: "QoS 0, 1 to 50",
    pubs: 1,
    subs: 50,
    qos: 0,
    first: 1000,
    bar: 20,
    aim: 50,
  },
  {
    name: "qos0-fan-in",
    title: "QoS 0, 10 to 1",
    pubs: 10,
    subs: 1,
    qos: 0,
    first: 3000,
    bar: 5,
    aim: 15,
  },
  {
    name: "qos1",
    title: "QoS 1, 1 to 1, window 100",
    pubs: 1,
    subs: 1,
    qos: 1,
    first: 10_000,
    bar: 4,
    aim: 10,
  },
  {
    name: "qos1-fan-out",
    title: "QoS 1, 1 to 50, window 100",
    pubs: 1,
    subs: 50,
    qos: 1,
    first: 500,
    bar: 4,
    aim: 10,
  },
  {
    name: "qos2",
    title: "QoS 2, 1 to 1, window 100",
    pubs: 1,
    subs: 1,
    qos: 2,
    first: 5000,
    bar: 4,
    aim: 10,
  },
  {
    name: "websocket",
    title: "MQTT over WebSocket, QoS 0, 1 to 1",
    pubs: 1,
    subs: 1,
    qos: 0,
    webSocket: true,
    first: 30_000,
    bar: 4,
    aim: 8,
  },
];

/** Messages per second, delivered, with none lost. */
export const mqttCases: readonly Case[] = flows.map((flow) => ({
  name: flow.name,
  contenders: flow.webSocket
    ? [meerkat("http"), mosquitto("websockets")]
    : [meerkat("mqtt"), mosquitto("mqtt")],
  rows: () => [{
    title: flow.title,
    unit: "messages/s",
    figure: "delivered_per_s",
    peer: "Mosquitto",
    better: "more",
    judge: "ratio",
    bar: flow.bar,
    aim: flow.aim,
    lossless: true,
  }],
  measure: ({ port }, lab) => measureFlow(port, flow, lab),
}));

/** Runs a flow again and again with more messages until it fills the time; the last run counts. */
export async function measureFlow(
  port: number,
  { pubs, subs, qos, webSocket, first }: Omit<Flow, "name" | "title" | "bar" | "aim">,
  lab: Lab,
): Promise<Figures> {
  const flags = `-P ${pubs} -S ${subs} -q ${qos} -w 100 -T ${defaults.stuckSeconds}`.split(" ");
  if (webSocket) flags.push("-W");
  let count = lab.quick ? Math.ceil(first / 4) : first;
  let lost = 0;
  for (let attempt = 1;; attempt++) {
    const figures = await lab.load.mqtt("pubsub", "-p", port, "-n", count, ...flags);
    lost += figures.lost!;
    const enough = figures.duration_s! >= lab.seconds * defaults.longEnough;
    if (enough || attempt === defaults.attempts) return { ...figures, lost };
    count = Math.max(count, Math.ceil(figures.sent_per_s! * lab.seconds / pubs));
  }
}

/** How long a message takes while the server has little to do. */
export const latencyCase: Case = {
  name: "latency",
  contenders: [meerkat("mqtt"), mosquitto("mqtt")],
  rows: (): Row[] => [{
    title: "QoS 1, 4 to 2 at 2,000 messages/s: p99 latency",
    unit: "µs",
    figure: "p99_us",
    peer: "Mosquitto",
    better: "less",
    judge: "ratio",
    bar: 1.5,
    aim: 1,
    lossless: true,
  }],
  async measure({ port }, lab) {
    // As fast as it goes first, as in the cases above: what is rated is a server that is warm.
    const flow = ["pubsub", "-p", port, "-P", 4, "-S", 2, "-q", 1];
    await lab.load.mqtt(...flow, "-n", 20_000);
    const paced = [...flow, "-r", 500];
    await lab.load.mqtt(...paced, "-n", 250);
    return lab.load.mqtt(...paced, "-n", Math.ceil(500 * lab.seconds));
  },
};
