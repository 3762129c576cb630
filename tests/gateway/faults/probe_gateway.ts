// A gateway in a process of its own, which says what it holds whenever it reads a line.
import type { Clock } from "../../../actors/clock.ts";
import { systemClock } from "../../../actors/clock.ts";
import type { Member } from "../../../actors/space/member.ts";
import {
  any,
  eitherTls,
  gateway,
  http,
  Log,
  MemoryTransport,
  mqtt,
  tcp,
  tls,
} from "../../../mod.ts";
import { Broker } from "../../../protocols/mqtt/broker/broker.ts";
import type { Session } from "../../../protocols/session.ts";
import { connections, nodes, restarts } from "../tree.ts";
import type { Probe, ProbePorts } from "./probe.ts";

class CountingClock implements Clock {
  pending = 0;

  now(): number {
    return systemClock.now();
  }

  after(ms: number, work: () => void): () => void {
    this.pending++;
    let isPending = true;
    const done = () => {
      if (isPending) this.pending--;
      isPending = false;
    };
    const cancel = systemClock.after(ms, () => {
      done();
      work();
    });
    return () => {
      done();
      cancel();
    };
  }
}

const clock = new CountingClock();
const errors: string[] = [];
const log = new Log({ level: "error", sink: (line) => errors.push(line) });
const hub = gateway({ clock, log });

// A session is shown the topic space from within.
const inside = new MemoryTransport();
const { promise, resolve } = Promise.withResolvers<Member>();
await hub.listen(inside, (_, member): Session => {
  resolve(member as Member);
  return {
    label: "inside",
    deadline: Infinity,
    receive: (bytes) => bytes.length,
    deliver() {},
    refuse() {},
    tick() {},
    shutdown() {},
    ended() {},
  };
}).ready;
const stream = inside.connect();
const { space } = await promise;

hub.handle(
  "/never",
  (request) =>
    new Promise((_, reject) =>
      request.signal.addEventListener("abort", () => reject(request.signal.reason))
    ),
);
const listening = [
  hub.listen(tcp({ port: 0 }), mqtt()),
  hub.listen(tcp({ port: 0 }), http()),
  hub.listen(tcp({ port: 0 }), any()),
];
const [certFile, keyFile] = Deno.args;
if (certFile !== undefined && keyFile !== undefined) {
  const [cert, key] = [Deno.readTextFileSync(certFile), Deno.readTextFileSync(keyFile)];
  listening.push(hub.listen(tls({ port: 0, cert, key }), mqtt()));
  listening.push(hub.listen(eitherTls(tcp({ port: 0 }), { cert, key }), any()));
}
const found = await Promise.all(listening.map(async ({ ready }) => (await ready).port));
const [first, second, third, mqtts = 0, either = 0] = found;
const ports: ProbePorts = { mqtt: first!, http: second!, any: third!, mqtts, either };
console.log(JSON.stringify(ports));

for await (const _ of Deno.stdin.readable) {
  (globalThis as { gc?: () => void }).gc?.();
  console.log(JSON.stringify(probe()));
}
stream.close();
await hub.stop({ drainMs: 0 });

function probe(): Probe {
  const { heapUsed, external, rss } = Deno.memoryUsage();
  return {
    actors: nodes(hub).size,
    connections: connections(hub).length,
    subscriptions: space.router.subscriptions,
    receivers: space.router.receivers,
    sessions: space.shared(Broker).clients.size,
    timers: clock.pending,
    descriptors: descriptors(),
    heapBytes: heapUsed,
    externalBytes: external,
    residentBytes: rss,
    crashes: [...errors, ...restarts(hub)],
  };
}

function descriptors(): number {
  if (Deno.build.os !== "linux") return NaN;
  return [...Deno.readDirSync("/proc/self/fd")].length;
}
