import { Publication } from "../../protocols/publication.ts";
import type { Survey, Surveyed } from "../../protocols/traffic.ts";
import type { Behaviour } from "../actor.ts";
import { repeat } from "../repeat.ts";
import type { Space } from "../space/space.ts";
import { loads, type Sight, values } from "./sys_table.ts";

/** How the `$SYS` topics are kept. */
interface SysOptions {
  /** Milliseconds between two updates. */
  intervalMs: number;
  /** What `$SYS/broker/version` says. */
  version: string;
  /** Bytes that the heap holds; default: the machine's answer. */
  heapBytes?: () => number;
}

/** Minutes of the averages, by the last level of their topics. */
const windows = { "1min": 1, "5min": 5, "15min": 15 };

const encoder = new TextEncoder();

/** Publishes how the gateway is doing, as retained values, now and at each interval. */
export function sysTopics(space: Space, options: SysOptions): Behaviour<never> {
  return (self) => {
    const sys = new SysTopics(space, options);
    sys.publish();
    repeat(self, { clock: space.clock, intervalMs: options.intervalMs }, () => sys.publish());
    return { receive() {} };
  };
}

class SysTopics {
  readonly #space: Space;
  readonly #options: SysOptions;
  readonly #startedAt: number;
  /** What each topic holds: one that has not changed is not published again. */
  readonly #published = new Map<string, string>();
  readonly #averages = new Map<string, number>();
  readonly #totals = new Map<string, number>();
  #updatedAt: number;
  #maxConnected = 0;
  #maxHeapBytes = 0;

  constructor(space: Space, options: SysOptions) {
    this.#space = space;
    this.#options = options;
    this.#startedAt = this.#updatedAt = space.clock.now();
  }

  publish(): void {
    const now = this.#space.clock.now();
    const sight = this.#look(now);
    for (const [name, value] of Object.entries(values)) this.#set(name, String(value(sight)), now);
    this.#average(now);
  }

  #look(now: number): Sight {
    const { version, heapBytes = () => Deno.memoryUsage().heapUsed } = this.#options;
    const survey = surveyOf(this.#space), heap = heapBytes();
    this.#maxConnected = Math.max(this.#maxConnected, survey.connected, survey.maxConnected);
    this.#maxHeapBytes = Math.max(this.#maxHeapBytes, heap);
    return {
      space: this.#space,
      survey,
      version,
      uptimeSeconds: Math.floor((now - this.#startedAt) / 1000),
      maxConnected: this.#maxConnected,
      heapBytes: heap,
      maxHeapBytes: this.#maxHeapBytes,
    };
  }

  /** Exponential averages of what came in a minute, as `uptime` shows the load of a machine. */
  #average(now: number): void {
    const minutes = (now - this.#updatedAt) / 60_000;
    this.#updatedAt = now;
    for (const [name, total] of Object.entries(loads)) {
      const sum = total(this.#space), before = this.#totals.get(name) ?? 0;
      this.#totals.set(name, sum);
      const rate = minutes === 0 ? 0 : (sum - before) / minutes;
      for (const [window, length] of Object.entries(windows)) {
        const topic = `load/${name}/${window}`;
        const weight = Math.exp(-minutes / length);
        const average = rate + weight * ((this.#averages.get(topic) ?? 0) - rate);
        this.#averages.set(topic, average);
        this.#set(topic, average.toFixed(2), now);
      }
    }
  }

  #set(name: string, value: string, now: number): void {
    if (this.#published.get(name) === value) return;
    this.#published.set(name, value);
    const topic = `$SYS/broker/${name}`, payload = encoder.encode(value);
    this.#space.publish(new Publication(topic, payload, { retain: true, time: now }));
  }
}

/** The sums over all services that have clients. */
function surveyOf({ services }: Space): Survey {
  const sum = {
    clients: 0,
    connected: 0,
    maxConnected: 0,
    expired: 0,
    queued: 0,
    queuedBytes: 0,
    inflight: 0,
    shared: 0,
  };
  for (const service of services) {
    if (!isSurveyed(service)) continue;
    const survey = service.survey();
    for (const name of Object.keys(sum) as (keyof Survey)[]) sum[name] += survey[name];
  }
  return sum;
}

function isSurveyed(service: unknown): service is Surveyed {
  return typeof (service as Partial<Surveyed>).survey === "function";
}
