/** Programs found on this machine, by what they are for; undefined when absent. */
export interface Tools {
  readonly mosquitto: string | undefined;
  readonly node: string | undefined;
  readonly wrk: string | undefined;
  readonly coapServer: string | undefined;
  readonly cc: string | undefined;
}

/** Looks for peers and generators. */
export function findTools(): Tools {
  return {
    mosquitto: find("mosquitto"),
    node: find("node"),
    wrk: find("wrk"),
    coapServer: find("coap-server-notls", "coap-server"),
    cc: find("cc"),
  };
}

function find(...names: string[]): string | undefined {
  // Brokers are installed where only root's PATH looks.
  const places = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  for (const name of names) {
    for (const place of places) {
      const path = `${place}/${name}`;
      if (place !== "" && isProgram(path)) return path;
    }
  }
  return undefined;
}

function isProgram(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch {
    return false;
  }
}
