import type { RegistrationLimits } from "../../protocols/presence.ts";
import type { PresenceSource } from "../gateway_options.ts";
import { clientPaths, CLIENTS } from "./client_paths.ts";
import { Presences } from "./presences.ts";

export type { RegistrationLimits } from "../../protocols/presence.ts";
export type { PresenceSource } from "../gateway_options.ts";

/**
 * Whose presence is published.
 *
 * @example A few clients, with short wills
 * ```ts
 * import { gateway, presence, type PresenceOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: PresenceOptions = { of: "registered", limits: { maxWillBytes: 1_000 } };
 * await using hub = gateway({ presence: presence(options) });
 * assert.equal(hub.retained("$presence/anybody"), undefined);
 * ```
 */
export interface PresenceOptions {
  /**
   * Of clients that register at `/clients/{id}/will`, or of all that have a name: MQTT clients, too,
   * and CoAP clients in connection mode. Default `registered`.
   */
  of?: "registered" | "all";
  /** What registered clients may take. */
  limits?: Partial<RegistrationLimits>;
}

/** How often deadlines are looked at: they are in seconds. */
const INTERVAL_MS = 1_000;

/**
 * Keeps `$presence/{id}` (`online`, `stale` or `offline`) as retained values, and the wills of clients
 * that have no connection by which they would be missed: of HTTP and CoAP, which register at
 * `/clients/{id}/will`. Registrations survive a restart where values do.
 *
 * @example Who is there
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
        let cancel = () => {};
        const arm = () => {
          cancel = clock.after(INTERVAL_MS, () => {
            arm();
            self.turn(() => presences.tick());
          });
        };
        self.defer(() => cancel());
        arm();
        return { receive() {} };
      }, { restart: "crash", kind: "timer" });
    },
  };
}
