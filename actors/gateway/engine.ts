import { Bridges } from "../bridge/bridges.ts";
import type { OpenUpstream } from "../bridge/upstream.ts";
import { systemClock } from "../clock.ts";
import { Listeners } from "../connections/listeners.ts";
import { CoapServer } from "../handlers/coap_server.ts";
import { WebServer } from "../handlers/web_server.ts";
import { Log } from "../log.ts";
import { Space } from "../space/space.ts";
import { restartBackoff, Supervisor } from "../supervisor.ts";
import { Application } from "./application.ts";
import type { GatewayOptions, PathTables } from "./gateway_options.ts";
import { startTimers } from "./timers.ts";

/** All that a gateway runs: the topic space, the supervisors, and how they start and stop. */
export class Engine {
  readonly finished: Promise<void>;
  readonly log: Log;
  readonly space: Space;
  readonly root: Supervisor;
  readonly actors: Supervisor;
  readonly application: Application;
  readonly listeners: Listeners;
  readonly bridges: Bridges;
  readonly web: WebServer;
  readonly coap: CoapServer;
  readonly #finish: (error?: unknown) => void;
  #stopping: Promise<void> | undefined;

  constructor(tables: PathTables, options: GatewayOptions, open?: OpenUpstream) {
    const log = this.log = options.log ?? new Log();
    const { limits = {}, clock = systemClock } = options;
    const space = this.space = new Space({ limits, clock });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.finished = promise;
    this.#finish = (error) => error === undefined ? resolve() : reject(error);
    const ended = () => space.hooks?.stop();
    // Also a handler for the rejection: where nobody looks at `finished`, the log has said why.
    promise.then(ended, ended);
    this.root = new Supervisor("meerkat", {
      clock,
      crashed: (actor, error) => log.error("crash", { actor, error }),
      escalate: (error) => this.fail(error),
    });
    this.listeners = new Listeners(this.root, { space, log, limits });
    this.bridges = new Bridges(this.root, { space, log, open });
    this.actors = this.root.supervise("actors", {
      maxRestarts: Infinity,
      backoff: restartBackoff,
    });
    // A handler has no state that a crash could spoil: it is restarted at once, however often.
    const handlers = this.root.supervise("handlers", { maxRestarts: Infinity });
    this.application = new Application(space, handlers);
    const table = space.shared(tables.handlers);
    this.web = new WebServer({ table, root: this.root, handlers, clock, log });
    this.coap = new CoapServer(space.shared(tables.resources), handlers);
    if (options.hooks) space.use(options.hooks, log);
    options.store?.open({ space, root: this.root, log });
    startTimers(this.root, space, options);
    options.presence?.open({ space, root: this.root, web: this.web });
  }

  stop(drainMs: number): Promise<void> {
    return this.#stopping ??= this.#drain(drainMs);
  }

  async #drain(drainMs: number): Promise<void> {
    this.space.closing = true;
    await Promise.all([this.listeners.drain(drainMs), this.bridges.drain(drainMs)]);
    this.root.stop();
    this.log.info("stopped", Object.fromEntries(this.space.counters));
    await this.bridges.closed();
    await this.space.ledger?.close();
    this.#finish();
  }

  /** Stops at once, because of `error`. */
  fail(error: unknown): void {
    if (this.#stopping) return;
    this.#stopping = Promise.resolve();
    this.log.debug("gateway failed", { error });
    this.root.stop();
    void this.space.ledger?.close();
    this.#finish(error);
  }
}
