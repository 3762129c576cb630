import { BatchBuilder } from "../../../actors/store/batch.ts";
import { StoreWriter } from "../../../actors/store/store_writer.ts";
import { Entry } from "../../../protocols/journal.ts";
import { Delivery, Publication } from "../../../protocols/publication.ts";
import type { Case, Lab, Row } from "../case.ts";
import { PacketReader } from "../load/packets.ts";
import { type Contender, contender, type Server } from "../servers.ts";

const defaults = {
  retained: 100_000,
  queued: 1_000_000,
  /** Messages of one owner in one transaction: what a busy second leaves. */
  together: 1_000,
};

const NAME = "away";
/** MQTT 3.1.1, the session goes on. */
const CONNECT = [0x10, 12 + NAME.length, 0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0, 0, 0, 0, NAME.length];

/** A start with much to remember, and all of it delivered at once. */
export const restartCase: Case = {
  name: "restart",
  contenders: [remembering("Meerkat", "strict"), remembering("relaxed", "relaxed")],
  rows: (): Row[] => [
    row("restart with 100,000 stored values and 1,000,000 waiting messages", {
      unit: "s",
      figure: "start_s",
      bar: 2,
    }),
    row("… until the first of them is delivered to its client", { unit: "s", figure: "first_s" }),
    row("… until the last is", { unit: "s", figure: "last_s" }),
    row("… longest stall of the event loop meanwhile", { unit: "ms", figure: "stall_ms", bar: 5 }),
  ],
  async measure(server, lab) {
    const { port, startedMs } = server as Started;
    const start = performance.now() - startedMs;
    const { first, last } = await takeAll(port, lab.quick ? 10_000 : defaults.queued);
    const stall = Number(Deno.readTextFileSync(stallFile(lab, port)));
    return { start_s: start / 1000, first_s: first / 1000, last_s: last / 1000, stall_ms: stall };
  },
};

type Started = Omit<Server, "stop"> & { readonly startedMs: number };

function row(title: string, more: Pick<Row, "unit" | "figure" | "bar">): Row {
  return { title, peer: "relaxed", better: "less", judge: "figure", ...more };
}

function stallFile(lab: Lab, port: number): string {
  return `${lab.directory}/stall-${port}`;
}

function remembering(name: string, durability: string): Contender {
  let startedMs = 0;
  const recipe = contender(name, "tcp", {
    command(port, lab) {
      const file = `${lab.directory}/restart-${port}.db`;
      const program = "tests/bench/peers/heartbeat.ts", into = stallFile(lab, port);
      fill(file, lab.quick ? 1_000 : defaults.retained, lab.quick ? 10_000 : defaults.queued);
      startedMs = performance.now();
      return [Deno.execPath(), "run", "-A", program, String(port), file, durability, into];
    },
  });
  return {
    ...recipe,
    async start(lab) {
      const server = await recipe.start(lab);
      return { ...server, startedMs } as Server;
    },
  };
}

/** Writes what a gateway with that much to remember would have left. */
function fill(file: string, retained: number, queued: number): void {
  const writer = new StoreWriter((answer) => {
    if (answer.kind === "failed") throw new Error(answer.reason);
  });
  writer.take({ kind: "open", file, fsync: false, maxPages: 0, retryMs: 1_000 });
  const payload = new TextEncoder().encode("21.5"), owner = 1;
  let batch = 1;
  const write = (record: (builder: BatchBuilder) => void) => {
    const builder = new BatchBuilder(batch++);
    record(builder);
    builder.cut();
    writer.take(builder.build());
  };
  write((builder) => {
    builder.add("saveSession", [owner, NAME, null, 0xffff_ffff, null, 0, null, null]);
    builder.add("saveSubscription", [owner, "bench/#", 1, null]);
  });
  for (let from = 0; from < retained; from += defaults.together) {
    write((builder) => {
      for (let at = from; at < Math.min(retained, from + defaults.together); at++) {
        builder.add("saveRetained", [`values/${at}`, builder.keep(payload), 1, 1, null]);
      }
    });
  }
  const publication = new Publication("bench/0", payload, { qos: 1, time: 1 });
  const delivery = new Delivery(publication, 1, false, undefined);
  for (let from = 0; from < queued; from += defaults.together) {
    write((builder) => {
      builder.changes++;
      for (let at = from; at < Math.min(queued, from + defaults.together); at++) {
        builder.segments.save(owner, new Entry(owner + 1 + at), delivery);
      }
    });
  }
  writer.take({ kind: "close" });
}

/** Acknowledges all that comes; milliseconds until the first and until the last. */
async function takeAll(port: number, count: number): Promise<{ first: number; last: number }> {
  const socket = await Deno.connect({ port, hostname: "127.0.0.1" });
  const began = performance.now();
  let came = 0, first = 0, acks: number[] = [];
  const packets = new PacketReader((head, bytes, from) => {
    if (head >> 4 !== 3) return;
    if (came++ === 0) first = performance.now() - began;
    const id = from + 2 + (bytes[from]! << 8 | bytes[from + 1]!);
    acks.push(0x40, 2, bytes[id]!, bytes[id + 1]!);
  });
  await socket.write(Uint8Array.from([...CONNECT, ...new TextEncoder().encode(NAME)]));
  const buffer = new Uint8Array(1 << 16);
  while (came < count) {
    const size = await socket.read(buffer);
    if (size === null) throw new Error(`The server hung up after ${came} messages`);
    packets.push(buffer.subarray(0, size));
    const answer = Uint8Array.from(acks);
    acks = [];
    for (let at = 0; at < answer.length;) at += await socket.write(answer.subarray(at));
  }
  socket.close();
  return { first, last: performance.now() - began };
}
