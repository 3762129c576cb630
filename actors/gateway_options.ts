import type { PathAnswer } from "../protocols/http/handlers.ts";
import type { LinkAttributes } from "../protocols/link_format.ts";
import type { PathPattern } from "../protocols/http/routes.ts";
import type { SocketRoute } from "../protocols/websocket/socket.ts";
import type { ResourceTable } from "./handlers/coap_server.ts";
import type { Clock } from "./clock.ts";
import type { HookLimits } from "./hook_chain.ts";
import type { Hooks } from "./hooks.ts";
import type { ListenLimits } from "./listeners.ts";
import type { Log } from "./log.ts";
import type { RetainedLimits } from "./retained.ts";
import type { Space } from "./space.ts";
import type { Supervisor } from "./supervisor.ts";
import type { WebServer } from "./handlers/web_server.ts";
import type { StoreSource } from "./store/sqlite_store.ts";

/**
 * Every limit of a gateway that is not a protocol's own. Each has its unit and default at its name.
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
 * How a gateway is made.
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
  /** What is not named keeps its documented default. */
  limits?: Partial<GatewayLimits>;
  /** Default: warnings and errors, as text, to standard error. */
  log?: Log;
  /** Default: the machine's clock. */
  clock?: Clock;
  /** What the application decides; `Gateway.use` adds more. */
  hooks?: Hooks;
  /** What survives a restart; default nothing does. See `sqliteStore`. */
  store?: StoreSource | undefined;
  /** Milliseconds between two updates of the topics below `$SYS/broker`; default 0, which is never. */
  sysIntervalMs?: number;
  /** What `$SYS/broker/version` says; default `meerkat`. */
  version?: string;
  /** Who keeps `$presence/{id}` and `/clients/`; default nobody does. See `presence`. */
  presence?: PresenceSource | undefined;
}

/**
 * Something that keeps the presence of clients: what `presence` gives.
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

/** What protocols look up paths in, made once for a gateway. */
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
  /** Whoever asks other servers for those who want that. */
  forward: PathAnswer | undefined;
  /**
   * Has `answer` called for a path, which is listed where it has `attributes`. Throws a `TypeError`
   * when the path is none, or taken.
   */
  add(path: PathPattern, answer: PathAnswer, attributes?: LinkAttributes): void;
  /** Takes a path out again. */
  remove(path: PathPattern): void;
}
