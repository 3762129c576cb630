import type { LoginEnded } from "./grant.ts";
import type { Credentials, Identity, Refusal } from "./identity.ts";
import type { Delivery, Publication, Qos } from "./publication.ts";
import type { Publisher, Receiver } from "./session.ts";

/**
 * Something that a client wants to do with the topic space, for a hook to allow or refuse.
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
  /** `deliver` is asked for each message that a subscription with wildcards selects. */
  readonly action: "publish" | "subscribe" | "deliver";
  /** Who wants it. */
  readonly identity: Identity;
  /** A topic; a filter, for `subscribe`. */
  readonly topic: string;
  /** The QoS that is asked for. */
  readonly qos: Qos;
  /** True when the state of a topic is set, and for a stored value on its way to a subscriber. */
  readonly retain: boolean;
}

/**
 * Takes the answer to a question. It is called either before the call that asks returns, or in a
 * later turn of the session, whose input is paused until then; never after the session has ended.
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
 * The hooks of the gateway, as a session sees them.
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
  /** Finds out whether something may be done; decides for undefined when it may. */
  authorize(access: Access, decided: Decided<Refusal | undefined>): void;
  /** True when the handler of a path may be asked. */
  mayUse(identity: Identity, method: string, path: string): boolean;
  /** Shows hooks a publication that is allowed, and finds out what to publish in its place: mostly itself. */
  inspect(
    publication: Publication,
    identity: Identity,
    decided: Decided<Publication | Refusal>,
  ): void;
  /** `authorize`, and then `inspect`. */
  publish(
    publication: Publication,
    identity: Identity,
    decided: Decided<Publication | Refusal>,
  ): void;
  /**
   * What keeps a subscription to `filter` from messages that it may not see; undefined for nothing.
   */
  screen(filter: string, identity: Identity): Screen | undefined;
  /** The same for a subscription made before a restart, since when the hooks may have changed. */
  screenRestored(identity: Identity): Screen;
  /**
   * A client has been let in for more than one request, by MQTT, WebSocket or CoAP's connection
   * mode. `ended` is called when its login ends.
   */
  connected(identity: Identity, ended?: LoginEnded): void;
  /** Calls `ended`, in a turn of the session, when the login ends. The result cancels that. */
  watch(identity: Identity, ended: LoginEnded): (() => void) | undefined;
  /** A client that `connected` was told of has gone. */
  disconnected(identity: Identity): void;
  /** A subscription has been made. */
  subscribed(identity: Identity, filter: string, qos: Qos): void;
}

/**
 * Holds back those messages of a subscription with wildcards that the subscriber may not see.
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
  /** True while it holds nothing back, because the filter was allowed as a whole. */
  readonly isOpen?: boolean;
  /** True when a stored value may be shown now. One that is not decided yet is delivered later. */
  shows(value: Publication, receiver: Receiver, qos: Qos): boolean;
  /**
   * Delivers: the result of `receiver.deliver`, or undefined when the receiver may not see this.
   */
  deliver(delivery: Delivery, receiver: Receiver, from?: Publisher): boolean | undefined;
}
