import { fileURLToPath } from "node:url";
import type { Lab } from "./case.ts";
import { Process } from "./process.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const PEERS = fileURLToPath(new URL("./peers/", import.meta.url));

const defaults = {
  /** 30 s: a first start may have to fetch packages. */
  startMs: 30_000,
  /** 20 ms between attempts to connect: short beside any start-up. */
  retryMs: 20,
  /** 200 ms: far more than a datagram needs on loopback. */
  pongMs: 200,
};

/** What answers on a port while a turn runs. */
export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Where what this server passes on arrives, when it is one of two. */
  readonly upstream?: number;
  stop(): Promise<void>;
}

/** A server that takes part: ours or a peer. */
export interface Contender {
  readonly name: string;
  /** The program it lacks on this machine. */
  lacks(lab: Lab): string | undefined;
  start(lab: Lab): Promise<Server>;
}

/** This gateway with one listener, and with what else it is to be told. */
export function meerkat(
  scheme: "mqtt" | "http" | "coap",
  flags: (lab: Lab, port: number) => string[] = () => [],
): Contender {
  return contender("Meerkat", scheme === "coap" ? "udp" : "tcp", {
    command: (port, lab) => [
      Deno.execPath(),
      "run",
      ...(lab.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${lab.profile}`]),
      "-A",
      "mod.ts",
      "--data",
      ":memory:",
      "--listen",
      `${scheme}://127.0.0.1:${port}`,
      ...flags(lab, port),
    ],
  });
}

/** Mosquitto with its defaults, apart from the queue limits that would make it lose messages. */
export function mosquitto(protocol: "mqtt" | "websockets"): Contender {
  return contender("Mosquitto", "tcp", {
    needs: (lab) => lab.tools.mosquitto === undefined ? "mosquitto" : undefined,
    command(port, lab) {
      const file = `${lab.directory}/mosquitto-${port}.conf`;
      // A second listener, because Mosquitto up to 2.0.11 does not start with WebSocket ones alone.
      Deno.writeTextFileSync(
        file,
        `allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
listener ${port} 127.0.0.1
protocol ${protocol}
listener ${freePort("tcp")} 127.0.0.1
`,
      );
      return [lab.tools.mosquitto!, "-c", file];
    },
  });
}

/** Two gateways: the first one's bridge carries everything below `bench` to the second. */
export const meerkatBridge: Contender = {
  ...meerkat("mqtt"),
  start: (lab) =>
    pair(lab, meerkat("mqtt"), (upstream) =>
      contender("Meerkat", "tcp", {
        command(port) {
          const file = `${lab.directory}/bridge-${port}.json`;
          const routes = [{ direction: "out", filter: "bench/#", qos: 2 }];
          const url = `mqtt://127.0.0.1:${upstream}`;
          Deno.writeTextFileSync(file, JSON.stringify({ bridges: [{ name: "up", url, routes }] }));
          const listen = `mqtt://127.0.0.1:${port}`;
          return [Deno.execPath(), "run", "-A", "mod.ts", "--config", file, "--listen", listen];
        },
      })),
};

/** The same with two Mosquittos. */
export const mosquittoBridge: Contender = {
  ...mosquitto("mqtt"),
  start: (lab) =>
    pair(lab, mosquitto("mqtt"), (upstream) =>
      contender("Mosquitto", "tcp", {
        command(port) {
          const file = `${lab.directory}/bridge-${port}.conf`;
          Deno.writeTextFileSync(
            file,
            `allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 0
listener ${port} 127.0.0.1
connection up
address 127.0.0.1:${upstream}
topic bench/# out 2
`,
          );
          return [lab.tools.mosquitto!, "-c", file];
        },
      })),
};

async function pair(
  lab: Lab,
  far: Contender,
  near: (upstream: number) => Contender,
): Promise<Server> {
  const behind = await far.start(lab);
  try {
    const front = await near(behind.port).start(lab);
    const stop = async () => void await Promise.all([front.stop(), behind.stop()]);
    return { ...front, upstream: behind.port, stop };
  } catch (error) {
    await behind.stop();
    throw error;
  }
}

/** A handler of a few lines on Deno's own HTTP server. */
export const denoServe: Contender = contender("Deno.serve", "tcp", {
  command: (port) => [Deno.execPath(), "run", "-A", `${PEERS}http_deno.ts`, String(port)],
});

/** A handler of a few lines on Node's HTTP server. */
export const nodeHttp: Contender = contender("node:http", "tcp", {
  needs: (lab) => lab.tools.node === undefined ? "node" : undefined,
  command: (port, lab) => [lab.tools.node!, `${PEERS}http_node.mjs`, String(port)],
});

/** The echo of the examples: the library's own WebSockets. */
export const meerkatEcho: Contender = contender("Meerkat", "tcp", {
  command: (port) => [Deno.execPath(), "run", "-A", "examples/echo.ts", String(port)],
});

/** A few lines with the `ws` package on Node. */
export function wsPackage(mode: "echo" | "fanout"): Contender {
  return contender("ws", "tcp", {
    needs: (lab) => lab.tools.node === undefined || lab.tools.ws === undefined ? "ws" : undefined,
    command: (port, { tools }) => [
      tools.node!,
      `${PEERS}websocket_ws.mjs`,
      ...[String(port), tools.ws!, mode],
    ],
  });
}

/** The example server of libcoap, which stores what it is sent. */
export const libcoap: Contender = contender("libcoap", "udp", {
  needs: (lab) => lab.tools.coapServer === undefined ? "coap-server of libcoap" : undefined,
  command: (port, lab) => [
    lab.tools.coapServer!,
    "-A",
    "127.0.0.1",
    "-p",
    String(port),
    "-d",
    "10",
  ],
});

/** How a contender is started. */
export interface Recipe {
  needs?: (lab: Lab) => string | undefined;
  command: (port: number, lab: Lab) => string[];
}

/** A server that is a program on a port of its own. */
export function contender(
  name: string,
  transport: "tcp" | "udp",
  { needs, command }: Recipe,
): Contender {
  return {
    name,
    lacks: (lab) => needs?.(lab),
    async start(lab) {
      const port = freePort(transport);
      const log = `${lab.directory}/server-${port}.log`;
      const child = new Process(command(port, lab), { log, cwd: ROOT });
      try {
        await answers(port, transport, child);
      } catch (error) {
        await child.stop();
        throw new Error(`Cannot start ${name}: ${(error as Error).message}`);
      }
      return { port, pid: child.pid, stop: () => child.stop() };
    },
  };
}

/** Waits until a server answers on `port`, for as long as its process lives. */
async function answers(port: number, transport: "tcp" | "udp", child: Process): Promise<void> {
  let code: number | undefined;
  child.ended.then((ended) => code = ended);
  const limit = Date.now() + defaults.startMs;
  while (!(await (transport === "tcp" ? accepts(port) : pongs(port)))) {
    if (code !== undefined) throw new Error(`it ended with ${code}: ${child.lastWords}`);
    if (Date.now() > limit) throw new Error(`nothing answers on port ${port}: ${child.lastWords}`);
    await pause(defaults.retryMs);
  }
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ port, hostname: "127.0.0.1" })).close();
    return true;
  } catch {
    return false;
  }
}

/** A CoAP ping: an empty CON, which every endpoint resets (RFC 7252 §4.3). */
async function pongs(port: number): Promise<boolean> {
  const socket = Deno.listenDatagram({ transport: "udp", hostname: "127.0.0.1", port: 0 });
  const timer = setTimeout(() => close(socket), defaults.pongMs);
  try {
    await socket.send(Uint8Array.of(0x40, 0, 0x12, 0x34), {
      transport: "udp",
      hostname: "127.0.0.1",
      port,
    });
    await socket.receive();
    return true;
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
    close(socket);
  }
}

function close(socket: Deno.DatagramConn): void {
  try {
    socket.close();
  } catch {
    // The timer was first.
  }
}

export function freePort(transport: "tcp" | "udp"): number {
  const options = { hostname: "127.0.0.1", port: 0 };
  const socket = transport === "tcp"
    ? Deno.listen(options)
    : Deno.listenDatagram({ transport, ...options });
  const { port } = socket.addr as Deno.NetAddr;
  socket.close();
  return port;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
