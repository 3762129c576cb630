import {
  cgi,
  type CgiOptions,
  gateway,
  http,
  Log,
  ssi,
  type SsiOptions,
  tcp,
} from "../../../mod.ts";
import { files, type Gateway } from "../../../mod.ts";
import { Folder } from "../../actors/web/folder.ts";
import { eventually } from "../../interop/patience.ts";

/** A script for `sh`, with a head. */
export function script(body: string, head = "Content-Type: text/plain\n"): string {
  return `#!/bin/sh\nprintf '${head.replaceAll("\n", "\\n")}\\n'\n${body}\n`;
}

/** A gateway with scripts, pages and files, and what it has written to its log. */
export class ScriptSite implements AsyncDisposable {
  readonly folder: Folder;
  readonly hub: Gateway;
  readonly url: string;
  readonly lines: readonly string[];

  constructor(parts: Pick<ScriptSite, "folder" | "hub" | "url" | "lines">) {
    this.folder = parts.folder;
    this.hub = parts.hub;
    this.url = parts.url;
    this.lines = parts.lines;
  }

  static async open(
    content: Record<string, string>,
    options: Partial<CgiOptions & SsiOptions> = {},
  ): Promise<ScriptSite> {
    const folder = await Folder.make(content);
    for (const name of Object.keys(content)) {
      if (/\.(?:cgi|sh)$/.test(name)) await Deno.chmod(`${folder.path}/${name}`, 0o755);
    }
    const lines: string[] = [];
    const log = new Log({ level: "warn", sink: (line) => lines.push(line) });
    const hub = gateway({ log }), root = folder.path;
    const { pattern: _, ...rest } = options;
    const run = cgi({ pattern: "**.cgi$", hub, root, log, ...options });
    const pages = ssi({ hub, root, log, cgi: run, ...rest });
    const shown = files({ root });
    hub.handle(
      "/*",
      async (request, info) =>
        await run(request, info) ?? await pages(request, info) ?? shown(request, info),
    );
    const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
    return new ScriptSite({ folder, hub, url: `http://127.0.0.1:${port}`, lines });
  }

  /** Status and text of an answer. */
  async get(path: string, init?: RequestInit): Promise<[number, string]> {
    const answer = await fetch(this.url + path, init);
    return [answer.status, await answer.text()];
  }

  /** What a script has written into a file, once it has. */
  read(name: string): Promise<string> {
    return Deno.readTextFile(`${this.folder.path}/${name}`).catch(() => "");
  }

  /** Programs that run now. */
  get running(): number {
    return JSON.stringify(this.hub.tree()).split('"kind":"program"').length - 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that was killed is reaped a little later.
    await eventually("all scripts to end", () => this.running === 0);
    await this.hub.stop({ drainMs: 0 });
    await this.folder[Symbol.asyncDispose]();
  }
}

/** True while a process does something; what has ended may wait for its parent for ever. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await Deno.readTextFile(`/proc/${pid}/stat`).catch(() => "x (x) Z");
  return !/\) Z/.test(state);
}
