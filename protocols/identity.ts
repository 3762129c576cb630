import { utf8 } from "./bytes.ts";
import type { Grant } from "./grant.ts";
import type { Peer } from "./session.ts";
import type { DigestResponse } from "./web/digest.ts";

/**
 * Who a session acts for, as far as that is known.
 *
 * @example In words
 * ```ts
 * import type { Identity } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function inWords({ user, certificate, address }: Identity): string {
 *   return user ?? certificate ?? `somebody at ${address}`;
 * }
 *
 * const ann: Identity = {
 *   user: "ann",
 *   clientId: "phone",
 *   groups: ["staff"],
 *   certificate: undefined,
 *   address: "192.0.2.7:50112",
 *   listener: "mqtt://:1883",
 * };
 * assert.equal(inWords(ann), "ann");
 * ```
 */
export interface Identity {
  /** The user name that an `authenticate` hook gave; undefined for a client that has none. */
  readonly user: string | undefined;
  /** What the client calls itself: its MQTT client identifier. */
  readonly clientId: string | undefined;
  /** The groups that the hook put this user in. */
  readonly groups: readonly string[];
  /** The name in the client's verified TLS certificate. */
  readonly certificate: string | undefined;
  /** `127.0.0.1:50112`, `[::1]:50112`, or the path of a Unix socket. */
  readonly address: string;
  /** The listener that the client came in through. */
  readonly listener: string;
  /** When the login ends, in milliseconds since 1970; absent for never. */
  readonly expires?: number;
  /** What the login rests on; absent when nobody can take it back. */
  readonly grant?: Grant;
  /** How a client that has shown nothing could log in; absent when it cannot, or has. */
  readonly challenges?: readonly string[];
}

/** An identity that can be shown and stored: a grant is a live object, so it is left out. */
export function withoutGrant({ grant: _, ...identity }: Identity): Omit<Identity, "grant"> {
  return identity;
}

/** The kind of a refusal where each request may bring a login, as in HTTP and CoAP. */
export function kindOnRequest({ kind, challenges }: Refusal): RefusalKind {
  return kind === "forbidden" && challenges !== undefined ? "credentials" : kind;
}

/** "No" to something that a client may not do, which says how to log in where that could help. */
export function notAllowed(reason: string, { challenges }: Identity): Refusal {
  return new Refusal(reason, "forbidden", challenges);
}

/**
 * What credentials are made of.
 *
 * @example A token over HTTP
 * ```ts
 * import { Credentials, type CredentialsOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: CredentialsOptions = {
 *   protocol: "http",
 *   peer: { address: "192.0.2.7:50112", secure: true },
 *   listener: "https://:8443",
 *   token: "abc",
 * };
 * assert.equal(new Credentials(options).token, "abc");
 * ```
 */
export interface CredentialsOptions {
  /** The protocol in which the peer shows them. */
  protocol: "mqtt" | "http" | "websocket" | "coap";
  /** Whoever shows them. */
  peer: Peer;
  /** The listener that the client came in through. */
  listener: string;
  /** What the client calls itself. */
  clientId?: string | undefined;
  /** Its user name. */
  username?: string | undefined;
  /** Its password. */
  password?: Uint8Array | undefined;
  /** A token that stands for name and password. */
  token?: string | undefined;
  /** What HTTP's Digest sends in place of a password. */
  digest?: DigestProof | undefined;
  /** The `Cookie` field of a request. */
  cookies?: string | undefined;
}

/**
 * A client's answer to a Digest challenge of HTTP (RFC 7616), and the request that it came with.
 *
 * @example Whose it is
 * ```ts
 * import type { DigestProof } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function nameOf(proof: DigestProof | undefined): string {
 *   return proof?.response.username ?? "nobody";
 * }
 *
 * assert.equal(nameOf(undefined), "nobody");
 * ```
 */
export interface DigestProof {
  /** What the client computed, and what it computed that from. */
  readonly response: DigestResponse;
  /** The method of the request. */
  readonly method: string;
  /** Path and query of the request. */
  readonly target: string;
}

/**
 * What a peer shows in order to be let in. Secrets are private, so that no log shows them by
 * accident.
 *
 * @example For a test of a hook
 * ```ts
 * import { Credentials } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const credentials = new Credentials({
 *   protocol: "mqtt",
 *   peer: { address: "192.0.2.7:50112", secure: false },
 *   listener: "mqtt://:1883",
 *   username: "ann",
 *   password: new TextEncoder().encode("secret"),
 * });
 * assert.equal(credentials.passwordText, "secret");
 * assert.doesNotMatch(JSON.stringify(credentials), /secret/);
 * ```
 */
export class Credentials {
  /** The protocol in which the peer shows them. */
  readonly protocol: CredentialsOptions["protocol"];
  /** Whoever shows them: its address, and the name in its TLS certificate. */
  readonly peer: Peer;
  /** The listener that the client came in through. */
  readonly listener: string;
  /** What the client calls itself: its MQTT client identifier. */
  readonly clientId: string | undefined;
  /** The user name of MQTT, HTTP Basic or CoAP's `?u=`. */
  readonly username: string | undefined;
  readonly #password: Uint8Array | undefined;
  readonly #token: string | undefined;
  readonly #digest: DigestProof | undefined;
  readonly #cookies: string | undefined;

  /** Credentials as a protocol received them. */
  constructor(options: CredentialsOptions) {
    this.protocol = options.protocol;
    this.peer = options.peer;
    this.listener = options.listener;
    this.clientId = options.clientId;
    this.username = options.username;
    this.#password = options.password;
    this.#token = options.token;
    this.#digest = options.digest;
    this.#cookies = options.cookies;
  }

  /** The password's bytes. */
  get password(): Uint8Array | undefined {
    return this.#password;
  }

  /** The password as text; undefined when there is none, or it is not UTF-8. */
  get passwordText(): string | undefined {
    return this.#password && utf8(this.#password);
  }

  /** A token that stands for name and password: HTTP Bearer, or `?access_token=`. */
  get token(): string | undefined {
    return this.#token;
  }

  /** What HTTP's Digest sends in place of a password. */
  get digest(): DigestProof | undefined {
    return this.#digest;
  }

  /** The value of a cookie of this name, the first if there are several (RFC 6265 §4.2). */
  cookie(name: string): string | undefined {
    for (const each of this.#cookies?.split(";") ?? []) {
      const at = each.indexOf("=");
      if (at >= 0 && each.slice(0, at).trim() === name) return each.slice(at + 1).trim();
    }
    return undefined;
  }

  /** True when the peer showed nothing at all. */
  get isEmpty(): boolean {
    return this.saysNothing && this.peer.certificate === undefined;
  }

  /** True when the peer has not said who it is, other than by a TLS certificate. */
  get saysNothing(): boolean {
    return this.username === undefined && this.#password === undefined &&
      this.#token === undefined && this.#digest === undefined;
  }
}

/**
 * Why something is refused, and how each protocol says so:
 * - `credentials`: MQTT 0x86, HTTP 401, CoAP 4.01.
 * - `forbidden`: MQTT 0x87, HTTP 403, CoAP 4.03; with challenges HTTP 401, CoAP 4.01.
 * - `invalid`: a message is not what it should be. MQTT 0x99, HTTP 400, CoAP 4.00.
 * - `unavailable`: it cannot be decided now. MQTT 0x88, HTTP 503, CoAP 5.03.
 *
 * @example The kind of a refusal that names none
 * ```ts
 * import { Refusal, type RefusalKind } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const kind: RefusalKind = new Refusal("Not at night").kind;
 * assert.equal(kind, "forbidden");
 * ```
 */
export type RefusalKind = "credentials" | "forbidden" | "invalid" | "unavailable";

/**
 * A hook's "no".
 *
 * @example A payload that is not what it should be
 * ```ts
 * import { gateway, http, Refusal, tcp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * hub.use({
 *   published: ({ payload }) =>
 *     payload.length > 100 ? new Refusal("Readings have at most 100 bytes", "invalid") : undefined,
 * });
 * const { port } = await hub.listen(tcp({ port: 0 }), http()).ready;
 * const request = { method: "PUT", body: "x".repeat(101) };
 * const answer = await fetch(`http://127.0.0.1:${port}/topics/sensors/attic`, request);
 * assert.equal(answer.status, 400);
 * assert.equal(await answer.text(), "Readings have at most 100 bytes\n");
 * ```
 */
export class Refusal {
  /** A refusal with a reason and a kind; the default is `forbidden`. */
  constructor(
    /** Told to the client, so it must hold no secrets. */
    readonly reason: string,
    /** How each protocol says it. */
    readonly kind: RefusalKind = "forbidden",
    /**
     * What HTTP sends in `WWW-Authenticate`: the ways to log in (RFC 9110 §11.6.1). With `forbidden`
     * they say that somebody who is known might be allowed to.
     */
    readonly challenges?: readonly string[],
  ) {}
}
