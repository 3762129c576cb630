import type { Case, Lab } from "../case.ts";
import { Client } from "../load/client.ts";
import { subscribePacket } from "../load/packets.ts";
import { Process } from "../process.ts";
import { type Contender, freePort, libcoap, meerkat } from "../servers.ts";
import { p99 } from "./coap.ts";

/** The type of that packet. */
const SUBACK = 9;

const PATH = "topics/bench";

const defaults = {
  observers: 1000,
  /** 1 MiB, in 1,024 blocks. */
  bodyBytes: 1 << 20,
};

/** The gateway with an MQTT listener, whose port is `upstream`. */
const withMqtt: Contender = {
  ...meerkat("coap"),
  async start(lab) {
    const upstream = freePort("tcp");
    const flags = ["--listen", `mqtt://127.0.0.1:${upstream}`];
    return { ...await meerkat("coap", () => flags).start(lab), upstream };
  },
};

/** Publishing over UDP; one MQTT client of the gateway gets it all. */
export const coapPutCase: Case = {
  name: "coap-put",
  contenders: [withMqtt, libcoap],
  rows: () => [
    {
      title: "CoAP PUT /topics/T, 64 outstanding, 1 MQTT subscriber",
      unit: "requests/s",
      figure: "rate",
      peer: "libcoap",
      better: "more",
      judge: "ratio",
      lossless: true,
    },
    p99,
  ],
  async measure({ port, upstream }, lab) {
    const subscriber = upstream === undefined ? undefined : await subscribe(upstream);
    try {
      const figures = await lab.load.coap(
        ...["-p", port, "-u", `/${PATH}`, "-m", "put", "-l", 64],
        ...["-k", 64, "-s", 4, "-w", lab.quick ? 0.2 : 1, "-d", lab.seconds],
      );
      if (figures.errors! > 0) throw new Error(`${figures.errors} requests were refused`);
      return figures;
    } finally {
      subscriber?.close();
    }
  },
};

/** One sensor, and everybody who wants to know. libcoap's server forgets observers while it is busy. */
export const coapObserversCase: Case = {
  name: "coap-observers",
  contenders: [meerkat("coap")],
  rows: () => [{
    title: `CoAP PUT one after the other, ${defaults.observers} observers`,
    unit: "notifications/s",
    figure: "rate",
    peer: "libcoap",
    better: "more",
    judge: "figure",
  }],
  async measure({ port }, lab) {
    const resource = ["-p", port, "-u", `/${PATH}`];
    const put = [...resource, "-m", "put", "-l", 64, "-k", 1, "-s", 1, "-w", 0];
    // Nobody can observe what is not there.
    await lab.load.coap(...put, "-d", 0.1);
    const [figures] = await Promise.all([
      lab.load.coap(
        ...resource,
        // A registration that was lost among so many is soon sent again.
        ...["-o", "-k", defaults.observers, "-s", 10, "-t", 0.2, "-w", 1, "-d", lab.seconds],
      ),
      lab.load.coap(...put, "-d", lab.seconds + 1),
    ]);
    return figures;
  },
};

/** A large value in blocks of 1,024 bytes, each asked for when the one before has come. */
export const coapBlocksCase: Case = {
  name: "coap-blocks",
  contenders: [needsClient(meerkat("coap")), needsClient(libcoap)],
  rows: () => [{
    title: "CoAP GET of 1 MiB in blocks of 1,024 bytes, coap-client",
    unit: "MiB/s",
    figure: "mib_per_s",
    peer: "libcoap",
    better: "more",
    judge: "ratio",
  }],
  async measure({ port }, lab) {
    const body = `${lab.directory}/body`, out = `${lab.directory}/out`;
    await Deno.writeFile(body, new Uint8Array(defaults.bodyBytes).fill(0x78));
    const run = async (...args: string[]) => {
      const common = ["-B", "30", "-b", "1024", ...args];
      const child = new Process([
        lab.tools.coapClient!,
        ...common,
        `coap://127.0.0.1:${port}/${PATH}`,
      ]);
      const code = await child.ended;
      if (code !== 0) throw new Error(`coap-client ended with ${code}: ${child.lastWords}`);
    };
    await run("-m", "put", "-f", body);
    await run("-o", out);
    const begun = performance.now();
    let count = 0;
    do {
      await run("-o", out);
      const { size } = await Deno.stat(out);
      if (size !== defaults.bodyBytes) throw new Error(`${size} bytes came`);
      count++;
    } while (performance.now() - begun < lab.seconds * 1000);
    const seconds = (performance.now() - begun) / 1000;
    return { mib_per_s: count * defaults.bodyBytes / 2 ** 20 / seconds };
  },
};

/** An MQTT client that reads whatever is put. */
async function subscribe(port: number): Promise<Client> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const client = await Client.open({
    hostname: "127.0.0.1",
    port,
    clientId: "subscriber",
    onPacket: (first) => first >> 4 === SUBACK && resolve(),
  });
  client.emit(subscribePacket(1, ["bench"], 0));
  client.flush();
  await promise;
  return client;
}

function needsClient(server: Contender): Contender {
  const lacks = (lab: Lab) =>
    lab.tools.coapClient === undefined ? "coap-client of libcoap" : server.lacks(lab);
  return { ...server, lacks };
}
