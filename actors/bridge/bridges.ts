import { parseTarget } from "../../protocols/mqtt/url.ts";
import { Publication } from "../../protocols/publication.ts";
import type { Log } from "../log.ts";
import { insider } from "../space/member.ts";
import type { Space } from "../space/space.ts";
import type { Supervisor } from "../supervisor.ts";
import { bridge } from "./bridge.ts";
import { BridgeEnd } from "./bridge_end.ts";
import { bridgeDefaults, type BridgeLimits, type BridgeOptions } from "./bridge_options.ts";
import { faultOfRoute } from "./routes.ts";
import type { OpenUpstream, UpstreamOptions } from "./upstream.ts";

/** Seven days: an upstream keeps our session over a long weekend without us. */
const SESSION_EXPIRY_SECONDS = 7 * 86_400;
/** How often a stopping gateway looks whether all is sent, in milliseconds. */
const LOOK_MS = 20;

/**
 * One bridge, as `Gateway.bridge` returns it. It connects by itself, again after each loss.
 *
 * @example A bridge that is taken down again
 * ```ts
 * import { type Bridge, gateway } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const bridge: Bridge = hub.bridge({
 *   name: "plant",
 *   dial: () => Promise.reject(new Error("Nobody is there yet")),
 *   routes: [{ direction: "out", filter: "#" }],
 * });
 * assert.equal(bridge.state, "offline");
 * assert.equal(hub.retained("$bridge/plant/state")?.text(), "offline");
 * await bridge.close();
 * ```
 */
export interface Bridge {
  /** The name in its options. */
  readonly name: string;
  /** Whether it is connected at this moment. */
  readonly state: "online" | "offline";
  /** Resolves as soon as the upstream is connected for the first time. */
  readonly online: Promise<void>;
  /** Disconnects from the upstream, forgets what waits for it, and resolves after that. */
  close(): Promise<void>;
}

/** What all bridges of a gateway share. */
interface BridgesOptions {
  space: Space;
  log: Log;
  open: OpenUpstream | undefined;
}

/** All bridges of a gateway. */
export class Bridges {
  readonly #root: Supervisor;
  readonly #options: BridgesOptions;
  readonly #ends = new Set<BridgeEnd>();
  readonly #goodbyes = new Set<Promise<void>>();
  #below: Supervisor | undefined;

  constructor(root: Supervisor, options: BridgesOptions) {
    this.#root = root;
    this.#options = options;
  }

  /** Starts a bridge. Throws a `TypeError` when its options make no sense. */
  add(options: BridgeOptions): Bridge {
    const { space, log, open } = this.#options;
    if (open === undefined) throw new TypeError("Cannot bridge: this gateway has no MQTT client");
    const limits = { ...bridgeDefaults, ...options.limits };
    const upstream = upstreamOptions(options, { id: space.trail.id, limits });
    const below = this.#supervisor(limits);
    space.trail.active = true;
    const end = new BridgeEnd(options, limits, space);
    const online = Promise.withResolvers<void>();
    let present: Bridge["state"] = "offline";
    const changed = (state: Bridge["state"]) => {
      present = state;
      if (state === "online") online.resolve();
      this.#announce(options, state);
    };
    changed("offline");
    const behaviour = bridge(end, { open, upstream, log, changed, leaving: this.#leaving });
    try {
      below.spawn(options.name, behaviour, { restart: "crash", kind: "bridge" });
    } catch (error) {
      end.forget();
      throw error;
    }
    this.#ends.add(end);
    return {
      name: options.name,
      get state() {
        return present;
      },
      online: online.promise,
      close: async () => {
        end.forget();
        this.#ends.delete(end);
        below.stopChild(options.name);
        end.queue.clear();
        end.ids.clear();
        await this.closed();
      },
    };
  }

  /** Resolves when everything is sent to those upstreams that are there, or `ms` have passed. */
  async drain(ms: number): Promise<void> {
    const { clock } = this.#options.space;
    const by = clock.now() + ms;
    const waits = () => [...this.#ends].some(({ session, queue }) => session && queue.size > 0);
    while (waits() && clock.now() < by) {
      await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
    }
  }

  /** Resolves when all that were stopped have said goodbye. */
  async closed(): Promise<void> {
    await Promise.all(this.#goodbyes);
  }

  /** Remembers a goodbye that is on its way, until it is said. */
  readonly #leaving = (goodbye: Promise<void>): void => {
    this.#goodbyes.add(goodbye);
    goodbye.finally(() => this.#goodbyes.delete(goodbye));
  };

  /** What is above all bridges; made with the pauses of the first. */
  #supervisor({ retryMinMs, retryMaxMs }: BridgeLimits): Supervisor {
    return this.#below ??= this.#root.supervise("bridges", {
      maxRestarts: Infinity,
      windowMs: 60_000,
      backoff: { minMs: retryMinMs, maxMs: retryMaxMs },
    });
  }

  #announce({ name, stateTopic }: BridgeOptions, state: string): void {
    const topic = stateTopic ?? `$bridge/${name}/state`;
    if (topic === "") return;
    const { space } = this.#options;
    const time = space.clock.now();
    insider(space, name).publish(
      new Publication(topic, new TextEncoder().encode(state), { qos: 1, retain: true, time }),
    );
  }
}

function upstreamOptions(
  options: BridgeOptions,
  { id, limits }: { id: string; limits: BridgeLimits },
): UpstreamOptions {
  const { name, routes, clean = true, clientId } = options;
  if (name === "" || /[/+#\0]/.test(name)) {
    throw new TypeError(`Cannot name a bridge "${name}": one topic level is needed`);
  }
  for (const route of routes) {
    const fault = faultOfRoute(route);
    if (fault !== undefined) throw new TypeError(`Cannot bridge by "${name}": ${fault}`);
  }
  if (!clean && clientId === undefined) {
    throw new TypeError(`Cannot bridge by "${name}": a session that stays needs a clientId`);
  }
  if (options.dial === undefined) targetOf(options.url, name);
  return {
    ...options,
    url: options.url ?? "mqtt://dialled",
    clientId: clientId ?? `meerkat-${name}-${id}`,
    clean,
    sessionExpirySeconds: options.sessionExpirySeconds ?? SESSION_EXPIRY_SECONDS,
    keepAliveSeconds: options.keepAliveSeconds ?? 60,
    receiveMaximum: Math.min(limits.maxInflight, 0xffff),
    connectTimeoutMs: limits.connectTimeoutMs,
    userProperties: { "meerkat-bridge": id },
  };
}

function targetOf(url: string | undefined, name: string): void {
  try {
    parseTarget(url ?? "");
  } catch (error) {
    throw new TypeError(`Cannot bridge by "${name}": ${(error as TypeError).message}`);
  }
}
