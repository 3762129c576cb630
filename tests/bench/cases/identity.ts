import { pbkdf2Sync } from "node:crypto";
import { formatHash, ITERATIONS } from "../../../actors/identity/password_hash.ts";
import { MqttClient } from "../../interop/mqtt_client.ts";
import type { Case, Figures, Lab } from "../case.ts";
import { meerkat } from "../servers.ts";

const defaults = {
  /** Clients that log in at once. */
  clients: 1_000,
  /** Rules of the long policy; the short one has 10. */
  rules: 10_000,
};

const encoder = new TextEncoder();

/** The same gateway with a configuration file of its own. */
function configured(name: string, settings: (file: string) => unknown) {
  const contender = meerkat("mqtt", (lab, port) => {
    const file = `${lab.directory}/identity-${port}`;
    Deno.writeTextFileSync(`${file}.json`, JSON.stringify(settings(file)));
    return ["--config", `${file}.json`];
  });
  return { ...contender, name };
}

function policyOf(count: number) {
  const rules: unknown[] = [];
  for (let i = 1; i < count; i++) {
    rules.push({ allow: "publish", topics: [`other/${i}/+/#`], users: [`user${i}`] });
  }
  return { policy: { rules: [...rules, { allow: ["publish", "subscribe"], topics: ["#"] }] } };
}

/** What a long policy costs each publication. */
export const policyCase: Case = {
  name: "policy",
  contenders: [
    configured("Meerkat", () => policyOf(defaults.rules)),
    configured("10 rules", () => policyOf(10)),
  ],
  rows: () => [{
    title: "MQTT QoS 1 publishes, 10,000 rules in the policy",
    unit: "msgs/s",
    figure: "rate",
    peer: "10 rules",
    better: "more",
    judge: "ratio",
    bar: 0.9,
    aim: 0.9,
  }],
  async measure({ port }, lab) {
    const client = await connect(port, "publisher");
    // Both sides warm up first.
    await publishFor(client, lab.quick ? 500 : 2_000);
    const rate = await publishFor(client, lab.seconds * 1_000);
    client.close();
    await client.ended;
    return { rate };
  },
};

/** Publishes with 100 unacknowledged, and counts how many go through in a second. */
async function publishFor(client: MqttClient, ms: number): Promise<number> {
  const began = performance.now();
  let count = 0;
  for (; performance.now() < began + ms; count += 100) {
    for (let i = 0; i < 100; i++) void client.send(publish(`bench/${i % 20}/value`, i + 1));
    for (let i = 0; i < 100; i++) await client.next();
  }
  return count / (performance.now() - began) * 1_000;
}

/** What others feel while many log in. */
export const loginCase: Case = {
  name: "login",
  contenders: [
    configured("Meerkat", (file) => {
      Deno.writeTextFileSync(file, users());
      return { auth: [{ type: "passwords", file }] };
    }),
  ],
  rows: () => [
    {
      title: `p99 of a round trip while ${defaults.clients} clients log in, by that before`,
      unit: "times",
      figure: "slower",
      peer: "",
      better: "less",
      judge: "figure",
      bar: 2,
      aim: 2,
    },
    {
      title: `${defaults.clients} clients log in at once`,
      unit: "s",
      figure: "seconds",
      peer: "",
      better: "less",
      judge: "figure",
    },
  ],
  measure: ({ port }, lab) => logins(port, lab),
};

async function logins(port: number, lab: Lab): Promise<Figures> {
  const clients = lab.quick ? defaults.clients / 10 : defaults.clients;
  const password = encoder.encode("secret");
  const names = Array.from({ length: clients }, (_, i) => `user${i + 1}`);
  const other = await connect(port, "user0", password);
  const before = await roundTrips(other, lab.seconds * 1_000);
  const began = performance.now();
  const all = Promise.all(names.map((name) => connect(port, name, password)));
  let isOver = false;
  const done = all.then(() => {
    isOver = true;
    return (performance.now() - began) / 1_000;
  });
  const during = await roundTrips(other, Infinity, () => isOver);
  const seconds = await done;
  for (const each of [other, ...await all]) each.close();
  return { slower: p99(during) / p99(before), seconds, before: p99(before), during: p99(during) };
}

/** All with the same password: only the lab writes such a file. */
function users(): string {
  const salt = encoder.encode("0123456789ab");
  const hash = new Uint8Array(pbkdf2Sync("secret", salt, ITERATIONS, 64, "sha512"));
  const line = formatHash({ kind: 7, iterations: ITERATIONS, salt, hash });
  return Array.from({ length: defaults.clients + 1 }, (_, i) => `user${i}:${line}\n`).join("");
}

async function roundTrips(
  client: MqttClient,
  ms: number,
  isOver = () => false,
): Promise<number[]> {
  const found: number[] = [], until = performance.now() + ms;
  for (let id = 1; performance.now() < until && !isOver(); id = id % 60_000 + 1) {
    const began = performance.now();
    await client.send(publish("bench", id));
    await client.next();
    found.push(performance.now() - began);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return found;
}

function p99(found: number[]): number {
  return found.sort((one, other) => one - other)[Math.floor(found.length * 0.99)] ?? 0;
}

async function connect(port: number, name: string, password?: Uint8Array): Promise<MqttClient> {
  const login = password === undefined ? {} : { username: name, password };
  const introduction = { clientId: name, version: 4 as const, ...login };
  return await MqttClient.connect(await Deno.connect({ port }), introduction);
}

function publish(topic: string, packetId: number) {
  return {
    type: "publish",
    topic,
    payload: encoder.encode("21.5"),
    qos: 1,
    retain: false,
    dup: false,
    properties: undefined,
    packetId,
  } as const;
}
