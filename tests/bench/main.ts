import { resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Case, Lab } from "./case.ts";
import { bridgeCase } from "./cases/bridge.ts";
import { coapCase } from "./cases/coap.ts";
import { coapBlocksCase, coapObserversCase, coapPutCase } from "./cases/coap_more.ts";
import { connectionsCase } from "./cases/connections.ts";
import { dnsCase } from "./cases/dns.ts";
import { proxyCase, uploadCase } from "./cases/web.ts";
import { filesCase } from "./cases/files.ts";
import { httpCase } from "./cases/http.ts";
import { loginCase, policyCase } from "./cases/identity.ts";
import { latencyCase, mqttCases } from "./cases/mqtt.ts";
import {
  manySubscriptionsCase,
  retainedCase,
  sharedCase,
  versionsCase,
} from "./cases/mqtt_more.ts";
import { slowReceiversCase } from "./cases/slow_receivers.ts";
import { restartCase } from "./cases/restart.ts";
import { relaxedCase, storeCase } from "./cases/store.ts";
import { subscriptionsCase } from "./cases/subscriptions.ts";
import { webSocketCase, webSocketFanOutCase } from "./cases/websocket.ts";
import { ownLoad, prepareLoad } from "./load.ts";
import { killAll } from "./process.ts";
import { runCase } from "./run.ts";
import { formatTable } from "./table.ts";
import { findTools } from "./tools.ts";

const USAGE = `Measures this gateway and its peers in turn.

deno task bench [flags]
  --only NAME[,NAME]  only these cases
  --list              names of all cases
  --turns N           turns of each contender (3)
  --quick             short turns and small counts: a look, not a measurement
  --json              JSON with every turn instead of the table
  --own-load          the generators in this repository, even where faster ones are found
  --profile DIR       leave CPU profiles of the gateway there; costs it some speed

Exit code: 0 when every bar is reached, 1 when not, 2 when the flags are wrong.`;

const cases: readonly Case[] = [
  ...mqttCases,
  latencyCase,
  versionsCase,
  sharedCase,
  retainedCase,
  manySubscriptionsCase,
  bridgeCase,
  connectionsCase,
  httpCase,
  filesCase,
  proxyCase,
  uploadCase,
  coapCase,
  coapPutCase,
  coapObserversCase,
  coapBlocksCase,
  dnsCase,
  subscriptionsCase,
  storeCase,
  relaxedCase,
  restartCase,
  slowReceiversCase,
  webSocketCase,
  webSocketFanOutCase,
  policyCase,
  loginCase,
];

const flags = readFlags();
if (flags.help) console.log(USAGE);
else if (flags.list) { for (const { name } of cases) console.log(name); }
else Deno.exit(await bench());

function readFlags() {
  try {
    return parseArgs({
      options: {
        only: { type: "string" },
        list: { type: "boolean" },
        turns: { type: "string", default: "3" },
        quick: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        "own-load": { type: "boolean", default: false },
        profile: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    return wrong((error as Error).message);
  }
}

function wrong(message: string): never {
  console.error(message);
  Deno.exit(2);
}

function chosen(): readonly Case[] {
  if (flags.only === undefined) return cases;
  return flags.only.split(",").map((name) =>
    cases.find((each) => each.name === name) ??
      wrong(`Cannot find the case "${name}": there are ${cases.map((c) => c.name).join(", ")}`)
  );
}

async function bench(): Promise<number> {
  const turns = Number(flags.turns);
  if (!(Number.isInteger(turns) && turns > 0)) {
    wrong(`Cannot take ${flags.turns} turns: a whole number above 0 is needed`);
  }
  const plan = chosen();
  const directory = await Deno.makeTempDir({ prefix: "meerkat-bench-" });
  const leave = () => {
    killAll();
    Deno.removeSync(directory, { recursive: true });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(signal, () => {
      leave();
      Deno.exit(1);
    });
  }
  try {
    return await measure(plan, turns, directory);
  } finally {
    leave();
  }
}

async function measure(plan: readonly Case[], turns: number, directory: string): Promise<number> {
  const tools = findTools();
  const load = flags["own-load"] ? ownLoad() : await prepareLoad(tools, directory);
  const { quick } = flags;
  const profile = flags.profile && resolve(flags.profile);
  const lab: Lab = { tools, load, directory, quick, profile, seconds: quick ? 0.5 : 3 };
  for (const [name, path] of Object.entries(tools)) {
    console.error(`${name}: ${path ?? "not found"}`);
  }
  console.error(`generators: ${load.description}`);
  const machine = {
    os: Deno.build.os,
    cpus: navigator.hardwareConcurrency,
    busy: Deno.loadavg()[0],
    deno: Deno.version.deno,
  };
  console.error(
    `machine: ${machine.cpus} CPUs, load average ${machine.busy} before the first turn`,
  );
  const results = [];
  for (const each of plan) results.push(await runCase(each, turns, lab));
  const lines = results.flatMap((result) => result.lines);
  if (flags.json) {
    console.log(
      JSON.stringify({ machine, tools, load: load.description, turns, cases: results }, null, 2),
    );
  } else console.log(`\n${formatTable(lines)}`);
  return lines.some(({ verdict }) => ["missed", "messages lost", "failed"].includes(verdict))
    ? 1
    : 0;
}
