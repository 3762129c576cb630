import type { LoginEnded } from "./grant.ts";
import type { Credentials, Identity, Refusal } from "./identity.ts";
import type { Delivery, Publication, Qos } from "./publication.ts";
import type { Publisher, Receiver } from "./session.ts";

/**
 * Something that somebody wants to do to the topic space.
 *
 * @example Nobody follows everything
 * ```ts
 * import { type Access, gateway, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const authorize = ({ action, topic }: Access) => action !== "subscribe" || topic !== "#";
 * await using hub = gateway({ hooks: { authorize } });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const request = { headers: { accept: "text/event-stream" } };
 * const answer = await fetch(`http://127.0.0.1:${port}/topics/%23`, request);
 * assert.equal(answer.status, 403);
 * await answer.text();
 * ```
 */
export interface Access {
  /** `deliver` is asked for what a subscription with wildcards selects. */
  readonly action: "publish" | "subscribe" | "deliver";
  /** Who wants it. */
  readonly identity: Identity;
  /** A topic; a filter, for `subscribe`. */
  readonly topic: string;
  /** The QoS that is asked for. */
  readonly qos: Qos;
  /** True for what sets the state of a topic, and for a stored value on its way to a subscriber. */
  readonly retain: boolean;
}

/**
 * Takes an answer: before the call that asked for it returns, or in a later turn of the session,
 * which has paused its input meanwhile. Never called when the session is gone by then.
 *
 * @example Remembering the answer
 * ```ts
 * import type { Decided } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * let heard = "";
 * const decided: Decided<string> = (answer, now) => heard = `${answer} at ${now}`;
 * decided("yes", 7);
 * assert.equal(heard, "yes at 7");
 * ```
 */
export type Decided<T> = (answer: T, now: number) => void;

/**
 * The hooks, as one session asks them.
 *
 * @example Nobody is asked when there are no hooks
 * ```ts
 * import type { Guard } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function isOpen(hub: { guard: Guard | undefined }): boolean {
 *   return hub.guard === undefined;
 * }
 *
 * assert.ok(isOpen({ guard: undefined }));
 * ```
 */
export interface Guard {
  /** Another number whenever others are asked what may be done: what was allowed before is void. */
  readonly revision: number;
  /** Finds out who shows these credentials. */
  authenticate(credentials: Credentials, decided: Decided<Identity | Refusal>): void;
  /** Finds out whether this may be done; undefined when it may. */
  authorize(access: Access, decided: Decided<Refusal | undefined>): void;
  /** Whether the handler of a path may be asked. */
  mayUse(identity: Identity, method: string, path: string): boolean;
  /** Has a publication that is allowed looked at: what is to be published in its place, often itself. */
  inspect(
    publication: Publication,
    identity: Identity,
    decided: Decided<Publication | Refusal>,
  ): void;
  /** `authorize` and `inspect` in one. */
  publish(
    publication: Publication,
    identity: Identity,
    decided: Decided<Publication | Refusal>,
  ): void;
  /** What a subscription to `filter` needs so that it is sent no more than it may see. */
  screen(filter: string, identity: Identity): Screen | undefined;
  /** The same for one that was made before a restart: the hooks may be others since. */
  screenRestored(identity: Identity): Screen;
  /**
   * A client has been let in to stay: MQTT, WebSocket, CoAP's connection mode. `ended` is called
   * when its login ends.
   */
  connected(identity: Identity, ended?: LoginEnded): void;
  /** Calls `ended` in a turn of the session when the login ends; the answer cancels that. */
  watch(identity: Identity, ended: LoginEnded): (() => void) | undefined;
  /** Called once for each `connected`. */
  disconnected(identity: Identity): void;
  /** A subscription has been made. */
  subscribed(identity: Identity, filter: string, qos: Qos): void;
}

/**
 * Holds back what a subscriber with wildcards may not see.
 *
 * @example One that hides what begins with an underscore
 * ```ts
 * import { Delivery, Publication, type Screen } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const screen: Screen = {
 *   shows: ({ topic }) => !topic.startsWith("_"),
 *   deliver: (delivery, receiver, from) =>
 *     delivery.publication.topic.startsWith("_") ? undefined : receiver.deliver(delivery, from),
 * };
 * const secret = new Publication("_keys", new Uint8Array());
 * const receiver = { name: "all", deliver: () => true };
 * assert.equal(screen.deliver(new Delivery(secret, 0, false, undefined), receiver), undefined);
 * ```
 */
export interface Screen {
  /** True as long as it holds nothing back: what it is for was allowed as a whole. */
  readonly isOpen?: boolean;
  /** True when a stored value may be seen; those that are not yet decided are delivered later. */
  shows(value: Publication, receiver: Receiver, qos: Qos): boolean;
  /** What `receiver.deliver` answers, or undefined when it may not see this. */
  deliver(delivery: Delivery, receiver: Receiver, from?: Publisher): boolean | undefined;
}
