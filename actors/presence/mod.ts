import type { RegistrationLimits } from "../../protocols/presence.ts";
import type { PresenceSource } from "../gateway/gateway_options.ts";
import { repeat } from "../repeat.ts";
import { clientPaths, CLIENTS } from "./client_paths.ts";
import { Presences } from "./presences.ts";

export type { RegistrationLimits } from "../../protocols/presence.ts";
export type { PresenceSource } from "../gateway/gateway_options.ts";

/**
 * Whose presence is published, and how many clients may register.
 *
 * @example At most one client
 * ```ts
 * import { gateway, http, presence, type PresenceOptions, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: PresenceOptions = { limits: { maxRegistrations: 1 } };
 * await using hub = gateway({ presence: presence(options) });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const statuses: number[] = [];
 * for (const id of ["sensor-1", "sensor-2"]) {
 *   const url = `http://127.0.0.1:${port}/clients/${id}/will`;
 *   const answer = await fetch(url, { method: "PUT" });
 *   await answer.body?.cancel();
 *   statuses.push(answer.status);
 * }
 * assert.deepEqual(statuses, [201, 503]);
 * ```
 */
export interface PresenceOptions {
  /**
   * Whose presence is published; default `registered`, of clients that register at
   * `/clients/{id}/will`. `all` adds MQTT clients, and CoAP clients in connection mode.
   */
  of?: "registered" | "all";
  /** Limits of registrations that differ from their defaults. */
  limits?: Partial<RegistrationLimits>;
}

/** Often enough for deadlines that are given in seconds. */
const INTERVAL_MS = 1_000;

/**
 * Publishes who is there, for `GatewayOptions.presence`: `$presence/{id}` is retained as `online`,
 * `stale` or `offline`. Clients of HTTP and CoAP, which have no connection whose loss would show
 * that they are gone, register at `/clients/{id}/will` and leave a will there. Registrations
 * survive a restart if the gateway has a store.
 *
 * @example A sensor that registers
 * ```ts
 * import { gateway, http, presence, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway({ presence: presence() });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const will = `http://127.0.0.1:${port}/clients/sensor-7/will?topic=alarm&lifetime=90s`;
 * const answer = await fetch(will, { method: "PUT", body: "sensor-7 is missing" });
 * assert.equal(answer.status, 201);
 * await answer.body?.cancel();
 * assert.equal(hub.retained("$presence/sensor-7")?.text(), "online");
 * ```
 */
export function presence({ of = "registered", limits = {} }: PresenceOptions = {}): PresenceSource {
  return {
    open({ space, root, web }) {
      const presences = new Presences(space, of === "all", limits), { clock } = space;
      web.handle(CLIENTS, clientPaths(presences, space), { link: false, cors: "listener" });
      root.spawn<never>("presence", (self) => {
        repeat(self, { clock, intervalMs: INTERVAL_MS }, () => presences.tick());
        return { receive() {} };
      }, { restart: "crash", kind: "timer" });
    },
  };
}
