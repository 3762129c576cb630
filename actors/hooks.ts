import type { Grant } from "../protocols/grant.ts";
import type { Access } from "../protocols/guard.ts";
import type { Credentials, Identity, Refusal } from "../protocols/identity.ts";
import type { Publication, Qos } from "../protocols/publication.ts";

/**
 * At once, or later: nothing else of this client's is looked at meanwhile, and others go on.
 *
 * @example Both
 * ```ts
 * import type { Later } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const answers: Later<boolean>[] = [true, Promise.resolve(true)];
 * assert.deepEqual(await Promise.all(answers), [true, true]);
 * ```
 */
export type Later<T> = T | PromiseLike<T>;

/**
 * What an `authenticate` hook says about a client that it lets in.
 *
 * @example Of the staff
 * ```ts
 * import type { Login } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const ann: Login = { user: "ann", groups: ["staff"] };
 * assert.ok(ann.groups?.includes("staff"));
 * ```
 */
export interface Login {
  /** Its proved name; none for one that may come in without. */
  user?: string | undefined;
  /** What else it is, for `authorize` to look at. */
  groups?: readonly string[];
  /** When the login ends, in milliseconds since 1970: long-lived connections end with it. */
  expires?: number | undefined;
  /** What the login stands on: long-lived connections end when that goes. */
  grant?: Grant | undefined;
}

/**
 * A subscription that has been made.
 *
 * @example Who follows what
 * ```ts
 * import { gateway, http, type Subscribed, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const followed: string[] = [];
 * const subscribed = ({ filter, qos }: Subscribed) => followed.push(`${filter} ${qos}`);
 * await using hub = gateway({ hooks: { subscribed } });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const request = { headers: { accept: "text/event-stream" } };
 * const answer = await fetch(`http://127.0.0.1:${port}/topics/a/+`, request);
 * await answer.body?.cancel();
 * assert.deepEqual(followed, ["a/+ 1"]);
 * ```
 */
export interface Subscribed {
  /** Who subscribed. */
  readonly identity: Identity;
  /** To what; `$share/<name>/<filter>` for one that is shared. */
  readonly filter: string;
  /** The highest QoS of its deliveries. */
  readonly qos: Qos;
}

/**
 * What an application decides, or wants to hear of. All members are optional. Several sets of hooks
 * are asked in the order in which they were given, and the first refusal ends the asking.
 *
 * For one client the order is: `authenticate`; `authorize` of its will; `connected`; then for each
 * subscription `authorize` and `subscribed`, for each publication `authorize` and `published`, and for
 * what subscriptions with wildcards select `authorize` with the action `deliver`; `disconnected`.
 *
 * A hook that throws, rejects or takes longer than `hookTimeoutMs` refuses as "unavailable" and is
 * logged. The gateway's own parts and the methods of `Gateway` are asked nothing.
 *
 * @example Everybody in a topic tree of his own
 * ```ts
 * import { gateway, type Hooks, http, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const passwords = new Map([["ann", "secret"]]);
 * const hooks: Hooks = {
 *   authenticate: ({ username, passwordText }) =>
 *     username !== undefined && passwords.get(username) === passwordText
 *       ? { user: username }
 *       : false,
 *   authorize: ({ identity, topic }) => topic.startsWith(`home/${identity.user}/`),
 * };
 * await using hub = gateway({ hooks });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 *
 * async function statusOf(topic: string, login: string): Promise<number> {
 *   const headers = { authorization: `Basic ${btoa(login)}` };
 *   const request = { method: "PUT", body: "on", headers };
 *   const answer = await fetch(`http://127.0.0.1:${port}/topics/${topic}`, request);
 *   await answer.text();
 *   return answer.status;
 * }
 *
 * assert.equal(await statusOf("home/ann/lamp", "ann:secret"), 201);
 * assert.equal(await statusOf("home/bob/lamp", "ann:secret"), 403);
 * assert.equal(await statusOf("home/ann/lamp", "ann:guess"), 401);
 * ```
 */
export interface Hooks {
  /**
   * Who shows these credentials. Nothing passes the question on to the next set, and from the last
   * one refuses; false refuses at once.
   */
  authenticate?(credentials: Credentials): Later<Login | Refusal | false | undefined>;
  /**
   * Whether this may be done: false or a refusal when not. Asked again when other sets decide about
   * that before the answer is there.
   */
  authorize?(access: Access): Later<Refusal | boolean | undefined>;
  /** Whether a path of `handle` or `websocket` may be asked: at once, and by all sets. */
  mayUse?(identity: Identity, method: string, path: string): { readonly allowed: boolean };
  /**
   * Looks at what a client publishes, and at its will when it connects. Another publication takes
   * its place.
   */
  published?(
    publication: Publication,
    identity: Identity,
  ): Later<Publication | Refusal | undefined | void>;
  /** A client has been let in to stay: over MQTT or WebSocket, or in CoAP's connection mode. */
  connected?(identity: Identity): unknown;
  /** Such a client has gone. */
  disconnected?(identity: Identity): unknown;
  /** A client has subscribed, or observes, or follows. */
  subscribed?(subscription: Subscribed): unknown;
}
