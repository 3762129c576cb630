import { Agent, get } from "node:http";
import type { Case, Lab } from "../case.ts";
import { Process, residentBytes } from "../process.ts";
import { type Contender, contender } from "../servers.ts";
import { median } from "../table.ts";

const defaults = {
  /** Requests before those that count. */
  warmUp: 500,
  requests: 2000,
  /** Often enough to see a peak of some tenths of a second. */
  lookEveryMs: 20,
};

/** A gateway with a page of its own, and the same page from itself by way of the proxy. */
const proxying: Contender = contender("Meerkat", "tcp", {
  command(port, lab) {
    const root = folder(lab, "www"), file = `${lab.directory}/proxy-${port}.json`;
    Deno.writeTextFileSync(`${root}/page.txt`, "x".repeat(1000));
    const web = { root, proxy: [{ path: "/far", to: [`http://127.0.0.1:${port}`] }] };
    Deno.writeTextFileSync(file, JSON.stringify({ web }));
    return gatewayOf(port, file);
  },
});

/** What the way through the proxy adds. */
export const proxyCase: Case = {
  name: "proxy",
  contenders: [proxying],
  rows: () => [
    row("first byte of an answer, asked directly", "direct_us"),
    row("first byte of an answer, behind the proxy", "proxied_us"),
  ],
  async measure({ port }) {
    return {
      lost: 0,
      direct_us: await firstByte(`http://127.0.0.1:${port}/page.txt`),
      proxied_us: await firstByte(`http://127.0.0.1:${port}/far/page.txt`),
    };
  },
};

function row(title: string, figure: string) {
  const common = { unit: "µs", peer: "", better: "less", judge: "figure" } as const;
  return { ...common, title, figure };
}

/** Median microseconds from a request on a kept connection until its answer begins. */
async function firstByte(url: string): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const times: number[] = [];
  for (let i = 0; i < defaults.warmUp + defaults.requests; i++) {
    const start = performance.now();
    await new Promise<void>((resolve, reject) => {
      get(url, { agent }, (response) => {
        times.push(1000 * (performance.now() - start));
        response.resume();
        response.once("end", resolve);
      }).once("error", reject);
    });
  }
  agent.destroy();
  return median(times.slice(defaults.warmUp));
}

/** A gateway that keeps what is uploaded. */
const keeping: Contender = {
  ...contender("Meerkat", "tcp", {
    command(port, lab) {
      const file = `${lab.directory}/upload-${port}.json`;
      const web = { upload: { path: "/upload", folder: folder(lab, "kept") } };
      Deno.writeTextFileSync(file, JSON.stringify({ web }));
      return gatewayOf(port, file);
    },
  }),
  lacks: (lab) => lab.tools.curl === undefined ? "curl" : undefined,
};

/** One large file by a form. */
export const uploadCase: Case = {
  name: "upload",
  contenders: [keeping],
  rows: ({ quick }) => {
    const what = `upload of ${megabytes(quick)} MiB by a form`;
    const common = { peer: "", judge: "figure" } as const;
    return [
      { ...common, title: what, unit: "MiB/s", figure: "rate", better: "more" },
      {
        ...common,
        title: "memory that the process grows by meanwhile",
        unit: "MiB",
        figure: "growth_mib",
        better: "less",
        bar: 32,
      },
    ];
  },
  async measure({ port, pid }, lab) {
    const size = megabytes(lab.quick), path = `${lab.directory}/large`;
    const send = async (megabytes: number) => {
      await Deno.writeFile(path, new Uint8Array(megabytes << 20));
      const start = performance.now();
      const curl = new Process([
        lab.tools.curl!,
        "-sS",
        "-F",
        `f=@${path}`,
        `http://127.0.0.1:${port}/upload`,
      ]);
      if (await curl.ended !== 0) throw new Error(`curl failed: ${curl.lastWords}`);
      const seconds = (performance.now() - start) / 1000;
      for (const { name } of Deno.readDirSync(`${lab.directory}/kept`)) {
        Deno.removeSync(`${lab.directory}/kept/${name}`);
      }
      return seconds;
    };
    await send(32);
    const before = await residentBytes(pid);
    let most = before;
    const timer = setInterval(
      () => residentBytes(pid).then((bytes) => most = Math.max(most, bytes), () => {}),
      defaults.lookEveryMs,
    );
    const seconds = await send(size).finally(() => clearInterval(timer));
    return { lost: 0, rate: size / seconds, growth_mib: (most - before) / 2 ** 20 };
  },
};

function megabytes(quick: boolean): number {
  return quick ? 128 : 1024;
}

function folder(lab: Lab, name: string): string {
  const path = `${lab.directory}/${name}`;
  Deno.mkdirSync(path, { recursive: true });
  return path;
}

function gatewayOf(port: number, config: string): string[] {
  const flags = ["--config", config, "--listen", `http://127.0.0.1:${port}`, "--data", ":memory:"];
  return [Deno.execPath(), "run", "-A", "mod.ts", ...flags];
}
