import type { Case, Figures, Lab, Row } from "../case.ts";
import { Client } from "../load/client.ts";
import { PublishTemplate } from "../load/packets.ts";
import { type Contender, contender } from "../servers.ts";

const defaults = {
  window: 100,
  payloadBytes: 64,
  /** Until then a server runs code that is not compiled yet. */
  warmMessages: 120_000,
  /** What the queues of either server hold at most: more would be another measurement. */
  maxMessages: 500_000,
};

/** A session that stays, of a client that goes: MQTT 3.1.1, `bench/#` at QoS 1. */
const CONNECT = [0x10, 14, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 0, 0, 2, 0x6f, 0x66];
const SUBSCRIBE = [0x82, 12, 0, 1, 0, 7, ...new TextEncoder().encode("bench/#"), 1];
const DISCONNECT = [0xe0, 0];

/** Publications of QoS 1 for a client that is away, by how safe they are when they are acknowledged. */
export const storeCase: Case = {
  name: "store",
  contenders: [
    ours("Meerkat", "strict"),
    ours("relaxed", "relaxed"),
    ours("memory", undefined),
    mosquitto("Mosquitto", true),
    mosquitto("Mosquitto in memory", false),
  ],
  rows: () => [
    {
      ...row("QoS 1 to a session that is away, window 100, strict", "Mosquitto"),
      judge: "figure",
      bar: 20_000,
    },
    row("… compared with relaxed", "relaxed"),
    row("… compared with no store", "memory"),
    row("… compared with Mosquitto in memory", "Mosquitto in memory"),
  ],
  measure,
};

/** What safety from a crash of the process costs. */
export const relaxedCase: Case = {
  name: "store-relaxed",
  contenders: [ours("Meerkat", "relaxed"), ours("memory", undefined)],
  rows: () => [row("QoS 1 to a session that is away, window 100, relaxed", "memory", 0.8)],
  measure,
};

async function measure({ port }: { port: number }, lab: Lab): Promise<Figures> {
  await leaveSession(port);
  const first = await publish(port, lab.quick ? 5_000 : defaults.warmMessages);
  const count = Math.min(defaults.maxMessages / 2, Math.ceil(first.sent_per_s! * lab.seconds));
  return await publish(port, count);
}

function row(title: string, peer: string, bar?: number): Row {
  const common = { unit: "messages/s", figure: "sent_per_s", better: "more", judge: "ratio" };
  return { title, peer, ...common, ...bar !== undefined && { bar } } as Row;
}

function ours(name: string, durability: string | undefined): Contender {
  return contender(name, "tcp", {
    command(port, lab) {
      const config = `${lab.directory}/store-${port}.json`;
      const limits = { maxQueuedMessages: defaults.maxMessages, maxQueuedBytes: "1GiB" };
      Deno.writeTextFileSync(config, JSON.stringify({ limits }));
      const data = durability === undefined ? ":memory:" : `${lab.directory}/store-${port}.db`;
      const flags = ["--config", config, "--data", data, "--durability", durability ?? "none"];
      const url = `mqtt://127.0.0.1:${port}`;
      return [Deno.execPath(), "run", "-A", "mod.ts", ...flags, "--listen", url];
    },
  });
}

function mosquitto(name: string, persistence: boolean): Contender {
  return contender(name, "tcp", {
    needs: (lab) => lab.tools.mosquitto === undefined ? "mosquitto" : undefined,
    command(port, lab) {
      const file = `${lab.directory}/mosquitto-store-${port}.conf`;
      Deno.writeTextFileSync(
        file,
        `allow_anonymous true
persistence ${persistence}
persistence_location ${lab.directory}/
persistence_file mosquitto-${port}.db
autosave_interval 1
max_queued_messages 0
max_inflight_messages 0
listener ${port} 127.0.0.1
`,
      );
      return [lab.tools.mosquitto!, "-c", file];
    },
  });
}

async function leaveSession(port: number): Promise<void> {
  const socket = await Deno.connect({ hostname: "127.0.0.1", port });
  const answer = new Uint8Array(64);
  for (const packet of [CONNECT, SUBSCRIBE]) {
    await socket.write(Uint8Array.from(packet));
    if (await socket.read(answer) === null) throw new Error("The server hung up");
  }
  await socket.write(Uint8Array.from(DISCONNECT));
  socket.close();
}

/** Publishes as fast as acknowledgements come. */
async function publish(port: number, count: number): Promise<Figures> {
  const template = new PublishTemplate("bench/0", defaults.payloadBytes, { qos: 1 });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let sent = 0, acknowledged = 0;
  const client: Client = await Client.open({
    hostname: "127.0.0.1",
    port,
    clientId: `store-${Deno.pid}-${count}`,
    onPacket(first) {
      if (first !== 0x40) return reject(new Error(`Unexpected packet ${first}`));
      if (++acknowledged === count) resolve();
      else pump();
    },
  });
  const pump = () => {
    while (sent < count && sent - acknowledged < defaults.window) {
      client.emit(template.stamp(sent++ % 65_535 + 1, 0));
    }
  };
  const began = performance.now();
  pump();
  client.flush();
  await promise;
  const seconds = (performance.now() - began) / 1000;
  client.close();
  return { sent_per_s: Math.round(count / seconds), duration_s: seconds, lost: 0 };
}
