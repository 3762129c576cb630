import type { Case, Row } from "../case.ts";
import { denoServe, meerkat, nodeHttp } from "../servers.ts";

/** Reading the state of a topic, against a handler that does nothing else. */
export const httpCase: Case = {
  name: "http",
  contenders: [meerkat("http"), denoServe, nodeHttp],
  rows: () => [row("Deno.serve", 0.7), row("node:http", 1.5)],
  async measure({ port }, lab) {
    const url = `http://127.0.0.1:${port}/topics/bench`;
    const first = await fetch(url);
    await first.body?.cancel();
    if (first.status === 404) {
      const headers = { "content-type": "application/octet-stream" };
      const stored = await fetch(url, {
        method: "PUT",
        headers,
        body: new Uint8Array(64).fill(120),
      });
      await stored.body?.cancel();
      if (!stored.ok) throw new Error(`PUT answered ${stored.status}`);
    }
    await lab.load.http(url, lab.quick ? 0.5 : 1);
    return lab.load.http(url, lab.seconds);
  },
};

function row(peer: string, bar: number): Row {
  return {
    title: "HTTP GET /topics/T, 64 connections",
    unit: "requests/s",
    figure: "rate",
    peer,
    better: "more",
    judge: "ratio",
    bar,
  };
}
