import { fileURLToPath } from "node:url";
import type { Case, Figures, Lab, Row } from "../case.ts";
import { Process } from "../process.ts";
import { type Contender, contender } from "../servers.ts";

const ROOT = fileURLToPath(new URL("../../../mod.ts", import.meta.url));
const PEERS = fileURLToPath(new URL("../peers/", import.meta.url));

const SMALL_BYTES = 1 << 10;
const BIG_BYTES = 100 << 20;

const meerkat: Contender = contender("Meerkat", "tcp", {
  command: (port, lab) => [
    Deno.execPath(),
    "run",
    ...(lab.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${lab.profile}`]),
    "-A",
    ROOT,
    "--listen",
    `http://127.0.0.1:${port}`,
    "--root",
    folder(lab),
  ],
});

const denoServe: Contender = contender("Deno.serve", "tcp", {
  command: (port, lab) => [
    Deno.execPath(),
    "run",
    "-A",
    `${PEERS}files_deno.ts`,
    String(port),
    folder(lab),
  ],
});

const nodeHttp: Contender = contender("node:http", "tcp", {
  needs: (lab) => lab.tools.node === undefined ? "node" : undefined,
  command: (port, lab) => [lab.tools.node!, `${PEERS}files_node.mjs`, String(port), folder(lab)],
});

/** With one worker, because the others have one thread for this as well. */
const nginx: Contender = contender("nginx", "tcp", {
  needs: (lab) => lab.tools.nginx === undefined ? "nginx" : undefined,
  command(port, lab) {
    const own = `${lab.directory}/nginx-${port}`;
    Deno.mkdirSync(own);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
      .map((name) => `${name}_temp_path ${own}/${name};`).join(" ");
    const text = `daemon off; master_process off; worker_processes 1;
pid ${own}/pid; error_log ${own}/log;
events { worker_connections 512; }
http {
  access_log off; sendfile on; keepalive_requests 1000000; ${temporary}
  server { listen 127.0.0.1:${port}; root ${folder(lab)}; }
}
`;
    Deno.writeTextFileSync(`${own}/nginx.conf`, text);
    return [lab.tools.nginx!, "-c", `${own}/nginx.conf`, "-e", `${own}/log`];
  },
});

/** Files, short and long, as they are in a directory. */
export const filesCase: Case = {
  name: "files",
  contenders: [meerkat, denoServe, nodeHttp, nginx],
  rows: () => [
    small("Deno.serve", { bar: 0.8, aim: 1 }),
    small("node:http", { bar: 2 }),
    small("nginx", {}),
    big("nginx", { bar: 0.5, aim: 1 }),
    big("Deno.serve", {}),
  ],
  async measure({ port }, lab) {
    const url = `http://127.0.0.1:${port}`;
    await lab.load.http(`${url}/small.bin`, lab.quick ? 0.5 : 1);
    const { rate } = await lab.load.http(`${url}/small.bin`, lab.seconds);
    return { rate: rate!, ...await download(`${url}/big.bin`, lab) };
  },
};

/** MiB a second, of whole downloads one after the other. */
async function download(url: string, { tools, seconds }: Lab): Promise<Figures> {
  if (tools.wrk === undefined) return await fetched(url, seconds);
  const duration = `${Math.max(1, Math.round(seconds))}s`;
  const child = new Process([tools.wrk, "-t1", "-c1", "--timeout", "30s", `-d${duration}`, url]);
  await child.ended;
  const found = /^Transfer\/sec:\s+([\d.]+)([KMG])B$/m.exec(child.output);
  if (found === null) throw new Error(`wrk failed: ${child.lastWords}`);
  const factor = { K: 1 / 1024, M: 1, G: 1024 }[found[2] as "K" | "M" | "G"];
  return { throughput: Number(found[1]) * factor };
}

async function fetched(url: string, seconds: number): Promise<Figures> {
  let bytes = 0;
  const begun = performance.now();
  while (performance.now() - begun < seconds * 1000) {
    for await (const { length } of (await fetch(url)).body!) bytes += length;
  }
  return { throughput: bytes / 2 ** 20 / ((performance.now() - begun) / 1000) };
}

function folder({ directory }: Lab): string {
  const path = `${directory}/files`;
  try {
    Deno.mkdirSync(path);
  } catch {
    return path;
  }
  Deno.writeFileSync(`${path}/small.bin`, new Uint8Array(SMALL_BYTES).fill(120));
  Deno.writeFileSync(`${path}/big.bin`, new Uint8Array(BIG_BYTES).fill(120));
  return path;
}

function small(peer: string, marks: Pick<Row, "bar" | "aim">): Row {
  return {
    title: "HTTP GET of a 1 KiB file, 64 connections",
    unit: "requests/s",
    figure: "rate",
    peer,
    better: "more",
    judge: "ratio",
    ...marks,
  };
}

function big(peer: string, marks: Pick<Row, "bar" | "aim">): Row {
  return {
    title: "HTTP GET of a 100 MiB file, 1 connection",
    unit: "MiB/s",
    figure: "throughput",
    peer,
    better: "more",
    judge: "ratio",
    ...marks,
  };
}
