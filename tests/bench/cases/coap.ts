import type { Case, Row } from "../case.ts";
import { libcoap, meerkat } from "../servers.ts";

/** How long most requests take; shown beside the rate. */
export const p99: Row = {
  title: "p99 of these",
  unit: "µs",
  figure: "p99_us",
  peer: "libcoap",
  better: "less",
  judge: "ratio",
};

/** Reading the state of a topic over UDP. */
export const coapCase: Case = {
  name: "coap",
  contenders: [meerkat("coap"), libcoap],
  rows: () => [{
    title: "CoAP GET /topics/T, 64 outstanding",
    unit: "requests/s",
    figure: "rate",
    peer: "libcoap",
    better: "more",
    judge: "ratio",
    lossless: true,
    bar: 0.7,
    aim: 1,
  }, p99],
  async measure({ port }, lab) {
    const resource = ["-p", port, "-u", "/topics/bench"];
    // One socket with one slot sets the value, a few times in a tenth of a second.
    const put = await lab.load.coap(
      ...resource,
      ...["-m", "put", "-l", 64, "-k", 1, "-s", 1, "-w", 0, "-d", 0.1],
    );
    if (put.errors! > 0 || put.ok === 0) throw new Error("PUT was refused");
    const figures = await lab.load.coap(
      ...resource,
      ...["-k", 64, "-s", 4, "-w", lab.quick ? 0.2 : 1, "-d", lab.seconds],
    );
    if (figures.errors! > 0) throw new Error(`${figures.errors} requests were refused`);
    return figures;
  },
};
