import type { Case, Lab } from "../case.ts";
import { Process } from "../process.ts";
import { contender } from "../servers.ts";

/** A zone of a few names, as both servers read it. */
const records = [
  "@ NS ns",
  "ns A 127.0.0.1",
  "@ MX 10 mail",
  "mail A 192.0.2.3",
  "www A 192.0.2.1",
  "www AAAA 2001:db8::1",
  "files CNAME www",
  "note TXT text",
];
/** What is asked in turn: one of the seven does not exist. */
const questions = [
  "www.home.example A",
  "www.home.example AAAA",
  "home.example MX",
  "mail.home.example A",
  "files.home.example A",
  "note.home.example TXT",
  "none.home.example A",
];

const ours = contender("Meerkat", "tcp", {
  needs: (lab) => lab.tools.dnsperf === undefined ? "dnsperf" : undefined,
  command(port, lab) {
    const file = `${lab.directory}/dns-${port}.json`;
    const zones = [{ name: "home.example", records }];
    Deno.writeTextFileSync(file, JSON.stringify({ listen: [`dns://127.0.0.1:${port}`], zones }));
    const profile = lab.profile === undefined
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${lab.profile}`];
    return [Deno.execPath(), "run", ...profile, "-A", "mod.ts", "--config", file];
  },
});

const nsd = contender("NSD", "tcp", {
  needs: ({ tools }) => tools.nsd && tools.dnsperf ? undefined : "nsd",
  command(port, lab) {
    const { directory } = lab, file = `${directory}/nsd-${port}`;
    const soa = "@ SOA ns hostmaster 1 86400 7200 3600000 3600";
    Deno.writeTextFileSync(
      `${file}.zone`,
      ["$ORIGIN home.example.", "$TTL 300", soa, ...records, ""].join("\n"),
    );
    Deno.writeTextFileSync(
      `${file}.conf`,
      `server:
  ip-address: 127.0.0.1
  port: ${port}
  server-count: 1
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  username: ""
  zonesdir: "${directory}"
  database: ""
  pidfile: "${file}.pid"
  xfrdfile: "${file}.xfrd"
  zonelistfile: "${file}.list"
remote-control:
  control-enable: no
zone:
  name: home.example
  zonefile: "${file}.zone"
`,
    );
    return [lab.tools.nsd!, "-d", "-c", `${file}.conf`];
  },
});

/** Answers from a zone over UDP, by dnsperf. */
export const dnsCase: Case = {
  name: "dns",
  contenders: [ours, nsd],
  rows: () => [{
    title: "DNS answers over UDP, 100 outstanding",
    unit: "answers/s",
    figure: "rate",
    peer: "NSD",
    better: "more",
    judge: "ratio",
    bar: 0.4,
    aim: 0.6,
    lossless: true,
  }],
  async measure({ port }, lab) {
    await perform(port, lab, 1);
    return await perform(port, lab, Math.max(1, Math.round(lab.seconds)));
  },
};

async function perform(port: number, lab: Lab, seconds: number): Promise<Record<string, number>> {
  const file = `${lab.directory}/dns-questions`;
  Deno.writeTextFileSync(file, questions.join("\n") + "\n");
  const child = new Process([
    lab.tools.dnsperf!,
    ...["-s", "127.0.0.1", "-p", String(port), "-d", file],
    ...["-l", String(seconds), "-c", "4", "-q", "100"],
  ]);
  const code = await child.ended;
  const figure = (name: string) =>
    Number(new RegExp(`^\\s*${name}:\\s+([\\d.]+)`, "m").exec(child.output)?.[1]);
  const rate = figure("Queries per second"), lost = figure("Queries lost");
  if (code !== 0 || !(rate > 0)) throw new Error(`dnsperf ended with ${code}: ${child.lastWords}`);
  return { rate, lost };
}
