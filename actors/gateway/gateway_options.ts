import type { PathAnswer } from "../../protocols/http/handlers.ts";
import type { PathPattern } from "../../protocols/http/routes.ts";
import type { LinkAttributes } from "../../protocols/link_format.ts";
import type { SocketRoute } from "../../protocols/websocket/socket.ts";
import type { Clock } from "../clock.ts";
import type { ListenLimits } from "../connections/listeners.ts";
import type { ResourceTable } from "../handlers/coap_server.ts";
import type { WebServer } from "../handlers/web_server.ts";
import type { HookLimits } from "../hooks/hook_chain.ts";
import type { Hooks } from "../hooks/hooks.ts";
import type { Log } from "../log.ts";
import type { RetainedLimits } from "../space/retained.ts";
import type { Space } from "../space/space.ts";
import type { StoreSource } from "../store/sqlite_store.ts";
import type { Supervisor } from "../supervisor.ts";

/**
 * Every limit of a gateway that does not belong to one protocol. Each has its unit and default at
 * its name.
 *
 * @example Fewer connections, less memory
 * ```ts
 * import { gateway, type GatewayLimits } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<GatewayLimits> = { maxConnections: 500, maxRetained: 1 };
 * await using hub = gateway({ limits });
 * assert.equal(hub.publish("a", "1", { retain: true }), "accepted");
 * assert.equal(hub.publish("b", "2", { retain: true }), "overloaded");
 * ```
 */
export type GatewayLimits = ListenLimits & RetainedLimits & HookLimits;

/**
 * What `gateway()` takes: limits, hooks, the log, and the parts that are off by default.
 *
 * @example A log that says more
 * ```ts
 * import { gateway, type GatewayOptions, Log } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const options: GatewayOptions = { log: new Log({ sink: (line) => lines.push(line) }) };
 * await using hub = gateway(options);
 * hub.subscribe("a", () => {
 *   throw new Error("out of paper");
 * });
 * hub.publish("a", "print this");
 * await new Promise((resolve) => setTimeout(resolve));
 * assert.match(lines[0]!, /error crash actor="handlers\/a 1" error="out of paper"/);
 * ```
 */
export interface GatewayOptions {
  /** Limits that differ from their defaults. */
  limits?: Partial<GatewayLimits>;
  /** Where events are written; default: warnings and errors, as text, to standard error. */
  log?: Log;
  /** Where the time comes from; default: the machine's clock. */
  clock?: Clock;
  /**
   * What the application decides about clients; `Gateway.use` adds more. Default: all may do all.
   */
  hooks?: Hooks;
  /** Where sessions and stored values survive a restart, as by `sqliteStore`; default: nowhere. */
  store?: StoreSource | undefined;
  /** Milliseconds between two updates of the topics below `$SYS/broker`; default 0, which is never. */
  sysIntervalMs?: number;
  /** The value of the topic `$SYS/broker/version`; default `meerkat`. */
  version?: string;
  /** Keeps `$presence/{id}` and `/clients/`, as `presence` does; default: nobody does. */
  presence?: PresenceSource | undefined;
}

/**
 * Something that publishes who is connected: what `presence` returns, for
 * `GatewayOptions.presence`.
 *
 * @example Only if it is wanted
 * ```ts
 * import { gateway, presence, type PresenceSource } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const isWanted = false;
 * const source: PresenceSource | undefined = isWanted ? presence() : undefined;
 * await using hub = gateway({ presence: source });
 * assert.equal(hub.retained("$presence/anybody"), undefined);
 * ```
 */
export interface PresenceSource {
  /** @ignore */
  open(home: { space: Space; root: Supervisor; web: WebServer }): void;
}

/** The tables in which protocols look paths up; each is made once for a gateway. */
export interface PathTables {
  /** Paths that HTTP and CoAP answer. */
  readonly handlers: new () => HandlerTable;
  /** Paths that CoAP answers in its own terms. */
  readonly resources: new () => ResourceTable;
}

/** Which path of the web server is whose. */
export interface HandlerTable {
  /** Who gets the WebSockets of a path. */
  readonly sockets: {
    add(path: PathPattern, route: SocketRoute): void;
    remove(path: PathPattern): void;
  };
  /** Answers requests that name another server, as those to a proxy do. */
  forward: PathAnswer | undefined;
  /**
   * Has `answer` called for a path, which is listed in `/.well-known/core` where it has
   * `attributes`. Throws a `TypeError` when the path is invalid or taken.
   */
  add(path: PathPattern, answer: PathAnswer, attributes?: LinkAttributes): void;
  /** Removes a path. */
  remove(path: PathPattern): void;
}
