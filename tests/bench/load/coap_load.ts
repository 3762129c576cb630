// A closed-loop CoAP load generator; the options and the last line are those of coap_load.c.
//
//   coap_load.ts [-h host] [-p port] [-u path[?query]] [-k outstanding] [-s sockets] [-d seconds]
//                [-w warm-up seconds] [-t loss timeout, seconds] [-m method] [-l payload bytes]
//                [-n] [-o] [-e] [-r ids per socket] [-j]
//
// -n sends NON, -o observes and counts notifications, -e expects a plain echo. Nothing is sent twice: what has
// no answer in time is lost, and a new request takes its place. The last line is one JSON object.

import { parseArgs } from "node:util";
import { CON, methods, NON, requestTail } from "./coap_message.ts";
import { CoapSocket, type CoapTally } from "./coap_socket.ts";
import { Samples } from "./samples.ts";

const { values } = parseArgs({
  options: {
    host: { type: "string", short: "h", default: "127.0.0.1" },
    port: { type: "string", short: "p", default: "5683" },
    path: { type: "string", short: "u", default: "/test" },
    outstanding: { type: "string", short: "k", default: "64" },
    sockets: { type: "string", short: "s", default: "4" },
    seconds: { type: "string", short: "d", default: "10" },
    warmup: { type: "string", short: "w", default: "1" },
    timeout: { type: "string", short: "t", default: "2" },
    method: { type: "string", short: "m", default: "get" },
    payload: { type: "string", short: "l", default: "0" },
    non: { type: "boolean", short: "n", default: false },
    observe: { type: "boolean", short: "o", default: false },
    echo: { type: "boolean", short: "e", default: false },
    rotate: { type: "string", short: "r", default: "60000" },
    json: { type: "boolean", short: "j", default: false },
  },
});

const sockets = Number(values.sockets);
const tally: CoapTally = { ok: 0, errors: 0, lost: 0, stray: 0, latencies: new Samples() };
const plan = {
  to: { transport: "udp", hostname: values.host, port: Number(values.port) } as Deno.NetAddr,
  tail: requestTail(values.path, { observe: values.observe, payload: Number(values.payload) }),
  type: values.non ? NON : CON,
  code: methods[values.method.toLowerCase()] ?? 1,
  slots: Math.floor(Number(values.outstanding) / sockets),
  timeoutMs: Number(values.timeout) * 1000,
  rotate: Number(values.rotate),
  observe: values.observe,
  echo: values.echo,
};

const running = Array.from({ length: sockets }, () => new CoapSocket(plan, tally));
await run(Number(values.warmup));
Object.assign(tally, { ok: 0, errors: 0, lost: 0, stray: 0, latencies: new Samples() });
report(await run(Number(values.seconds)));
Deno.exit(tally.ok > 0 ? 0 : 1);

/** Lets the sockets answer themselves for a while; the seconds it really took. */
async function run(seconds: number): Promise<number> {
  const start = performance.now();
  while (performance.now() < start + seconds * 1000) {
    for (const socket of running) socket.tick(performance.now());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return (performance.now() - start) / 1000;
}

function report(seconds: number): void {
  const { ok, errors, lost, stray, latencies } = tally;
  const result = {
    rate: Math.round((ok + errors) / seconds),
    seconds: Number(seconds.toFixed(2)),
    ok,
    errors,
    lost,
    stray,
    p50_us: latencies.quantile(0.5),
    p90_us: latencies.quantile(0.9),
    p99_us: latencies.quantile(0.99),
    p999_us: latencies.quantile(0.999),
    max_us: latencies.quantile(1),
    mean_us: Math.round(latencies.mean),
  };
  if (values.json) console.log(JSON.stringify(result));
  else for (const [name, value] of Object.entries(result)) console.log(`${name} ${value}`);
}
