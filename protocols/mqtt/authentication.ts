import type { Grant } from "../grant.ts";
import { ProtocolError } from "../session.ts";
import type { Link } from "./link.ts";
import type { Auth } from "./packets/packet.ts";
import { Reason } from "./packets/reason.ts";

/**
 * What an authentication method answers to the client: another question, success or failure.
 *
 * @example One more question
 * ```ts
 * import type { AuthStep } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const step: AuthStep = { kind: "continue", data: new TextEncoder().encode("and the other word?") };
 * assert.equal(step.kind, "continue");
 * ```
 */
export type AuthStep =
  | { kind: "continue"; data: Uint8Array }
  | { kind: "success"; data?: Uint8Array; user?: string; grant?: Grant }
  | { kind: "failure"; message: string; reason?: number };

/**
 * One client's authentication, from its first data to success or failure.
 *
 * @example An answer in a later turn
 * ```ts
 * import type { AuthExchange } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const exchange: AuthExchange = {
 *   take: (data, answer) => queueMicrotask(() => answer({ kind: "success", data, user: "ali" })),
 * };
 * const step = await new Promise((resolve) => exchange.take(Uint8Array.of(1), resolve));
 * assert.deepEqual(step, { kind: "success", data: Uint8Array.of(1), user: "ali" });
 * ```
 */
export interface AuthExchange {
  /**
   * Takes the client's authentication data and calls `answer` once, now or in a later turn.
   * Whatever it throws counts as a fault of this server.
   */
  take(data: Uint8Array | undefined, answer: (step: AuthStep) => void): void;
}

/**
 * A way in which clients prove who they are, such as SCRAM-SHA-256 (MQTT 5.0 §4.12).
 *
 * @example A word that must be said
 * ```ts
 * import { type AuthMethod, type AuthStep, mqtt } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const wrong: AuthStep = { kind: "failure", message: "Cannot let you in: the word is another" };
 * const word: AuthMethod = {
 *   name: "WORD",
 *   begin: () => ({
 *     take(data, answer) {
 *       const said = new TextDecoder().decode(data);
 *       answer(said === "sesame" ? { kind: "success", user: "ali" } : wrong);
 *     },
 *   }),
 * };
 * word.begin("client", "127.0.0.1:50112").take(undefined, (step) => assert.equal(step, wrong));
 * assert.equal(typeof mqtt({ authMethods: [word] }), "function");
 * ```
 */
export interface AuthMethod {
  /** Its name in CONNECT and AUTH. */
  readonly name: string;
  /** Begins the authentication of a client at `address` (host:port). */
  begin(clientId: string, address: string): AuthExchange;
}

/** Told of the result: the success at CONNECT, and every failure, which ends the connection. */
export interface AuthOwner {
  authenticated(step: AuthStep & { kind: "success" }, now: number): void;
  rejected(error: ProtocolError, now: number): void;
}

/** A signal to a connection: its method has answered, in a turn of another actor. */
export class AuthAnswer {
  constructor(readonly exchange: AuthExchange, readonly step: AuthStep) {}
}

/** Enhanced authentication of one connection: at CONNECT, and again whenever its client asks. */
export class Authentication {
  /** True once CONNACK has been sent. */
  isDone = false;
  #exchange: AuthExchange | undefined = undefined;
  /** True while the method's answer is awaited. */
  waits = false;

  constructor(
    readonly link: Link,
    readonly owner: AuthOwner,
    readonly options: { method: AuthMethod; clientId: string },
  ) {}

  /** Begins with the data of CONNECT, or of an AUTH with reason 0x19 (Re-authenticate). */
  begin(data: Uint8Array | undefined, now: number): void {
    const { method, clientId } = this.options;
    this.#exchange = method.begin(clientId, this.link.hub.identity.address);
    this.#ask(data, now);
  }

  /** Takes an AUTH packet. */
  take({ reason, properties }: Auth, now: number): void {
    const { method } = this.options;
    // [MQTT-4.12.0-5], [MQTT-4.12.1-1]
    if (properties?.authenticationMethod !== method.name) {
      throw wrong(`the method must be ${method.name}, as in CONNECT`);
    }
    if (this.waits) throw wrong("the last one has not been answered");
    const data = properties.authenticationData;
    if (reason === Reason.reAuthenticate && this.isDone) return this.begin(data, now);
    // [MQTT-4.12.0-3]
    if (reason !== Reason.continueAuthentication || this.#exchange === undefined) {
      throw wrong("its reason does not fit the state of the authentication");
    }
    this.#ask(data, now);
  }

  /** The method has answered in a later turn. */
  answered({ exchange, step }: AuthAnswer, now: number): void {
    if (exchange === this.#exchange && this.waits) this.#answer(step, now);
  }

  #say(reason: number, data: Uint8Array | undefined): void {
    const { name } = this.options.method;
    const properties = { authenticationMethod: name, authenticationData: data };
    this.link.send({ type: "auth", reason, properties });
  }

  #ask(data: Uint8Array | undefined, now: number): void {
    const exchange = this.#exchange!;
    let isNow = true;
    this.waits = true;
    // A copy, because the method may look at it in a later turn.
    exchange.take(data?.slice(), (step) => {
      if (!isNow) this.link.hub.self.post(new AuthAnswer(exchange, step));
      else if (this.waits) this.#answer(step, now);
    });
    isNow = false;
  }

  #answer(step: AuthStep, now: number): void {
    this.waits = false;
    // [MQTT-4.12.0-2]
    if (step.kind === "continue") return this.#say(Reason.continueAuthentication, step.data);
    this.#exchange = undefined;
    if (step.kind === "success") {
      if (!this.isDone) return this.owner.authenticated(step, now);
      if (step.user === this.link.user) return this.#say(Reason.success, step.data);
      const why = "Cannot become another user: connect again";
      return this.owner.rejected(new ProtocolError(why, Reason.notAuthorized), now);
    }
    this.owner.rejected(new ProtocolError(step.message, step.reason ?? Reason.notAuthorized), now);
  }
}

function wrong(why: string): ProtocolError {
  return new ProtocolError(`Cannot take this AUTH: ${why}`, Reason.protocolError);
}
