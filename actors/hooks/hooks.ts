import type { Grant } from "../../protocols/grant.ts";
import type { Access } from "../../protocols/guard.ts";
import type { Credentials, Identity, Refusal } from "../../protocols/identity.ts";
import type { Publication, Qos } from "../../protocols/publication.ts";

/**
 * What a hook may answer with: a value, or a promise of one. Until a promise settles, nothing else
 * that this client has sent is looked at; other clients go on.
 *
 * @example From memory at once, else from a database
 * ```ts
 * import type { Later } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const known = new Map<string, boolean>();
 * async function askDatabase(user: string): Promise<boolean> {
 *   const mayEnter = await Promise.resolve(user === "ann");
 *   known.set(user, mayEnter);
 *   return mayEnter;
 * }
 * function mayEnter(user: string): Later<boolean> {
 *   return known.get(user) ?? askDatabase(user);
 * }
 *
 * assert.equal(await mayEnter("ann"), true);
 * assert.equal(mayEnter("ann"), true);
 * ```
 */
export type Later<T> = T | PromiseLike<T>;

/**
 * What an `authenticate` hook says about a client that it lets in.
 *
 * @example A key that is worth an hour
 * ```ts
 * import { gateway, http, type Login, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const keys = new Map<string | undefined, Login>([
 *   ["k-4711", { user: "ann", groups: ["staff"], expires: Date.now() + 3_600_000 }],
 * ]);
 * await using hub = gateway({
 *   hooks: { authenticate: ({ passwordText }) => keys.get(passwordText) ?? false },
 * });
 * hub.handle("/me", (_request, { identity }) => Response.json(identity.groups));
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const headers = { authorization: `Basic ${btoa("any:k-4711")}` };
 * const answer = await fetch(`http://127.0.0.1:${port}/me`, { headers });
 * assert.deepEqual(await answer.json(), ["staff"]);
 * ```
 */
export interface Login {
  /** The name that the client has proved; undefined lets it in without one. */
  user?: string | undefined;
  /** Groups that the user belongs to, for `authorize` and policies to look at; default: none. */
  groups?: readonly string[];
  /** When the login ends, in milliseconds since 1970: long-lived connections end then. */
  expires?: number | undefined;
  /** What the login depends on: long-lived connections end when it is revoked. */
  grant?: Grant | undefined;
  /**
   * For who comes in without a name: the values of `WWW-Authenticate` by which it hears, in place of
   * 403, how to log in.
   */
  challenges?: readonly string[] | undefined;
}

/**
 * A subscription that has been made, as the hook `subscribed` is told of it.
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
  /** The filter; `$share/<name>/<filter>` for a shared subscription. */
  readonly filter: string;
  /** The highest QoS of its deliveries. */
  readonly qos: Qos;
}

/**
 * What an application decides about clients, or wants to hear of them. All members are optional.
 * Several sets of hooks are asked in the order in which they were added; the first refusal decides.
 *
 * One client's hooks are called in this order:
 * - when it connects: `authenticate`, `authorize` and `published` for its will, `connected`;
 * - for each subscription: `authorize`, `subscribed`;
 * - for each publication: `authorize`, `published`;
 * - for each message that a subscription with wildcards selects: `authorize` with the action
 *   `deliver`;
 * - when it has gone: `disconnected`.
 *
 * A hook that throws, rejects or takes longer than `hookTimeoutMs` refuses as "unavailable", and is
 * logged. Nobody is asked about the gateway's own parts and the methods of `Gateway`.
 *
 * @example Each user has a topic tree of their own
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
   * Says who shows these credentials. Undefined leaves that to the next set, and refuses when there
   * is none; false refuses at once.
   */
  authenticate?(credentials: Credentials): Later<Login | Refusal | false | undefined>;
  /**
   * Says whether a client may do this. False or a refusal forbids it; else the next set is asked. All
   * are asked again when other sets decide about that before the answer is there.
   */
  authorize?(access: Access): Later<Refusal | boolean | undefined>;
  /**
   * Says whether a client may ask for a path of `Gateway.handle` or `Gateway.websocket`. Every set
   * must allow it, and answers at once, not by a promise.
   */
  mayUse?(identity: Identity, method: string, path: string): { readonly allowed: boolean };
  /**
   * Looks at each message that a client publishes, and at its will when it connects. A publication
   * that it answers with takes the place of the message, a refusal refuses it.
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
