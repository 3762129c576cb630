import { mappedPath } from "../../../protocols/web/forwarding.ts";
import type { Behaviour, Self } from "../../actor.ts";
import { fetchByName } from "../../clients/fetch_by_name.ts";
import { type Clock, systemClock } from "../../clock.ts";
import type { Gateway } from "../../gateway/gateway.ts";
import type { Log } from "../../log.ts";
import type { Upstreams, UpstreamServer } from "./upstreams.ts";

/**
 * How a proxy checks, again and again, whether its servers are well.
 *
 * @example A server that is unwell is noticed
 * ```ts
 * import { gateway, type HealthOptions, http, Log, proxy, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using behind = gateway(), hub = gateway();
 * behind.handle("/healthz", () => new Response("no disk", { status: 500 }));
 * const { port } = await behind.listen(tcp({ port: 0 }), http()).ready;
 * const line = await new Promise<string>((sink) => {
 *   const health: HealthOptions = { hub, path: "/healthz", unhealthy: 1, log: new Log({ sink }) };
 *   proxy({ to: [`http://127.0.0.1:${port}`], health });
 * });
 * assert.match(line, /server is down .* fault="it answers 500"/);
 * ```
 */
export interface HealthOptions {
  /** The gateway whose actors do the checks, until it stops. */
  hub: Pick<Gateway, "spawn">;
  /** The path that is asked for, below the server's own path; default `/`. */
  path?: string | undefined;
  /** Milliseconds from an answer to the next check; default 30,000. */
  intervalMs?: number | undefined;
  /** Milliseconds that an answer may take; default 5,000. */
  timeoutMs?: number | undefined;
  /** Good answers (200 to 399) in a row after which a server gets requests again; default 1. */
  healthy?: number | undefined;
  /** Failed checks in a row after which a server gets no requests; default 1. */
  unhealthy?: number | undefined;
  /** Where it is logged that a server goes down or comes back; default: nowhere. */
  log?: Log | undefined;
  /** Where the time comes from; default: the machine's clock. */
  clock?: Clock | undefined;
}

const defaults = {
  path: "/",
  /** 30 s: requests that fail show long before that a server has crashed. */
  intervalMs: 30_000,
  /** 5 s: a server that is slower helps nobody who waits. */
  timeoutMs: 5_000,
  healthy: 1,
  unhealthy: 1,
};

let count = 0;

/** Starts an actor for each server. Throws a `TypeError` when the options are wrong. */
export function watchHealth({ servers }: Upstreams, options: HealthOptions): void {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { path, ...numbers } = { ...defaults, ...Object.fromEntries(given) } as typeof defaults;
  if (!path.startsWith("/")) {
    throw new TypeError(`Cannot ask for "${path}": a path begins with /, such as /healthz`);
  }
  for (const name of ["intervalMs", "timeoutMs", "healthy", "unhealthy"] as const) {
    if (Number.isInteger(numbers[name]) && numbers[name] > 0) continue;
    throw new TypeError(`Cannot use ${name} ${numbers[name]}: give a whole number above 0`);
  }
  for (const server of servers) {
    const url = new URL(server.url.origin + mappedPath(path, "", server.url.pathname));
    const { clock = systemClock, log } = options;
    const behaviour: Behaviour<never> = (self) =>
      new HealthCheck(self, server, { ...numbers, url, clock, log });
    // A check that fails itself says nothing about its server: it is begun again.
    const name = `health of ${server.url.host} ${++count}`;
    options.hub.spawn(name, behaviour, { restart: "crash", kind: "health check", mailbox: 1 });
  }
}

interface CheckOptions extends Omit<typeof defaults, "path"> {
  url: URL;
  clock: Clock;
  log: Log | undefined;
}

/** Asks one server at intervals. */
class HealthCheck {
  readonly #self: Self<never>;
  readonly #server: UpstreamServer;
  readonly #options: CheckOptions;
  /** Answers, or failures, in a row that speak against what is believed now. */
  #contrary = 0;
  #fault: string | undefined;
  /** True while an answer is waited for. */
  #waits = true;

  constructor(self: Self<never>, server: UpstreamServer, options: CheckOptions) {
    this.#self = self;
    this.#server = server;
    this.#options = options;
    this.#ask();
  }

  receive(): void {}

  stopped(): void {
    this.#cancel();
  }

  describe(): Record<string, unknown> {
    const { isDown, active } = this.#server;
    const fault = this.#fault, waits = this.#waits;
    return { server: this.#options.url.href, isDown, active, waits, fault };
  }

  /** Ends what is waited for: an answer, or the time of the next question. */
  #cancel: () => void = () => {};

  #ask(): void {
    this.#waits = true;
    const { clock, timeoutMs, intervalMs, url } = this.#options;
    const aborter = new AbortController();
    const late = new Error(`it does not answer within ${timeoutMs} ms`);
    const forget = clock.after(timeoutMs, () => aborter.abort(late));
    this.#cancel = () => {
      forget();
      aborter.abort();
    };
    faultOf(url, aborter.signal).then((fault) => {
      forget();
      this.#self.turn(() => {
        this.#judge(fault);
        this.#cancel = clock.after(intervalMs, () => this.#self.turn(() => this.#ask()));
      });
    });
  }

  #judge(fault: string | undefined): void {
    const server = this.#server, { healthy, unhealthy, log } = this.#options;
    this.#fault = fault;
    this.#waits = false;
    const isWell = fault === undefined;
    if (isWell !== server.isDown) return void (this.#contrary = 0);
    if (++this.#contrary < (isWell ? healthy : unhealthy)) return;
    this.#contrary = 0;
    server.isDown = !isWell;
    if (isWell) {
      server.restsUntil = 0;
      log?.info("server is well again", { server: server.url.href });
    } else log?.warn("server is down", { server: server.url.href, fault });
  }
}

/** What is wrong with a server's answer; undefined when nothing is. */
async function faultOf(url: URL, signal: AbortSignal): Promise<string | undefined> {
  try {
    const headers = { "user-agent": "meerkat", connection: "close" };
    const answer = await fetchByName(url, { redirect: "manual", signal, headers });
    await answer.body?.cancel();
    return answer.status < 400 ? undefined : `it answers ${answer.status}`;
  } catch (error) {
    return (error as Error).message;
  }
}
