import { installed } from "../installed.ts";

/** Programs found on this machine, by what they are for; undefined when absent. */
export interface Tools {
  readonly mosquitto: string | undefined;
  readonly node: string | undefined;
  readonly wrk: string | undefined;
  readonly nginx: string | undefined;
  readonly coapServer: string | undefined;
  readonly coapClient: string | undefined;
  readonly nsd: string | undefined;
  readonly dnsperf: string | undefined;
  readonly cc: string | undefined;
  readonly curl: string | undefined;
  /** The folder of Node packages that has `ws`. */
  readonly ws: string | undefined;
}

/** The folder in which a package of Node is installed: a named one, or that for all users. */
function folderOf(name: string): string | undefined {
  const folders = Deno.env.get("NODE_PATH")?.split(":") ?? [];
  const npm = installed("npm");
  if (npm !== undefined) {
    const { stdout } = new Deno.Command(npm, { args: ["root", "-g"], stderr: "null" }).outputSync();
    folders.push(new TextDecoder().decode(stdout).trim());
  }
  return folders.find((folder) => {
    try {
      return folder !== "" && Deno.statSync(`${folder}/${name}`).isDirectory;
    } catch {
      return false;
    }
  });
}

/** Looks for peers and generators. */
export function findTools(): Tools {
  return {
    mosquitto: installed("mosquitto"),
    node: installed("node"),
    wrk: installed("wrk"),
    nginx: installed("nginx"),
    coapServer: installed("coap-server-notls", "coap-server"),
    coapClient: installed("coap-client-notls", "coap-client"),
    nsd: installed("nsd"),
    dnsperf: installed("dnsperf"),
    cc: installed("cc"),
    curl: installed("curl"),
    ws: folderOf("ws"),
  };
}
