import { EventEmitter } from "node:events";
import {
  createSecureContext,
  createServer,
  type SecureContext as NodeContext,
  type Server,
  type TLSSocket,
} from "node:tls";
import type { ByteStream, Transport } from "../transport.ts";
import { checkAuthority, checkIdentity, hostNames, isNamed } from "./certificate.ts";
import { nameOf, namesOf, shownBy } from "./client_certificate.ts";
import { ResumedClients } from "./resumed_clients.ts";
import { Revocations } from "./revocations.ts";
import { StreamDuplex } from "./stream_duplex.ts";
import { TlsStream } from "./tls_stream.ts";

/**
 * The certificates of a server, which can be changed while they are in use. Certificates and keys
 * are PEM text (RFC 7468).
 *
 * @example Two names at one address
 * ```ts
 * import { type SecureIdentity, tls } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * type Pair = { cert: string; key: string };
 * function twoNames(usual: Pair, shop: Pair): SecureIdentity {
 *   return { ...usual, others: [shop] };
 * }
 *
 * const door = tls({ port: 8443, ...twoNames({ cert: "…", key: "…" }, { cert: "…", key: "…" }) });
 * assert.equal(door.name, "tls");
 * ```
 */
export interface SecureIdentity {
  /** Our certificate, followed by those of the authorities between it and a trusted one. */
  cert: string;
  /** The private key of `cert`. */
  key: string;
  /** Further certificates, for clients that ask for a host name in them (RFC 6066 §3). */
  others?: readonly { cert: string; key: string }[];
  /** The authorities whose client certificates are accepted; needed to ask for any. */
  ca?: string;
  /**
   * Whom they vouch for no more: lists (RFC 5280 §5) as PEM text or as DER, of one issuer or several,
   * whose certificates must be in `ca`. Without it, nobody asks.
   */
  crl?: string | Uint8Array | readonly (string | Uint8Array)[];
}

/** A certificate for the names in it. */
interface NamedContext {
  names: readonly string[];
  context: NodeContext;
}

/**
 * A transport whose certificates can be changed while it is in use.
 *
 * @example A pair that does not belong together changes nothing
 * ```ts
 * import { type SecureTransport, tls } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const door: SecureTransport = tls({ port: 0, cert: "…", key: "…" });
 * assert.throws(() => door.renew({ cert: "nothing", key: "nothing" }), /"nothing": PEM text/);
 * ```
 */
export interface SecureTransport extends Transport {
  /**
   * Uses these certificates for every later handshake. Connections go on as they are, except those of
   * clients whose certificate one of the lists in `crl` names now. What is left out is not used any
   * more.
   *
   * @throws {Error} When they cannot be used; those that are in use stay.
   */
  renew(identity: SecureIdentity): void;
}

/** Keeps the certificates of a transport, for its present listener and for the next. */
export class SecureKeeper {
  #options: SecureOptions;
  #context: SecureContext | undefined;
  /** One for all listeners, for connections outlive them. */
  readonly #revocations = new Revocations();

  constructor(options: SecureOptions) {
    this.#options = options;
  }

  /** The context of a listener that begins. */
  open(): SecureContext {
    return this.#context = new SecureContext(this.#options, this.#revocations);
  }

  readonly renew = ({ cert, key, others, ca, crl }: SecureIdentity): void => {
    const options = { ...this.#options, cert, key, others, ca, crl };
    if (this.#context === undefined) this.#context = new SecureContext(options, this.#revocations);
    else this.#context.renew(options);
    this.#options = options;
  };
}

/**
 * How a server speaks TLS: its certificates, the clients it lets in, versions and protocols.
 *
 * @example Only clients with a certificate of ours
 * ```ts
 * import { type SecureOptions, tls } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function mutual(identity: { cert: string; key: string }, ca: string): SecureOptions {
 *   return { ...identity, ca, clientCertificates: "required", minVersion: "TLSv1.3" };
 * }
 *
 * const options = mutual({ cert: "…", key: "…" }, "…");
 * assert.equal(tls({ port: 8883, ...options }).name, "tls");
 * ```
 */
export interface SecureOptions extends SecureIdentity {
  /**
   * Whether clients are asked for a certificate; default `none`. `optional` also lets in clients
   * without one, `required` only those with one. Neither lets in one that `ca` does not vouch for.
   */
  clientCertificates?: "none" | "optional" | "required";
  /** The oldest version of TLS that is spoken; default `TLSv1.2`. */
  minVersion?: "TLSv1.2" | "TLSv1.3";
  /**
   * The protocols for ALPN (RFC 7301), the favourite first, as in `["mqtt", "http/1.1"]`: a client
   * that offers some gets one of these, or is refused. Default: what clients offer is ignored.
   */
  applicationProtocols?: readonly string[] | undefined;
  /** Called for each handshake that failed, with an error that says whose and why. */
  refused?: (error: Error) => void;
  /** Milliseconds that a handshake may take; default 10,000. */
  handshakeTimeoutMs?: number;
}

/** The limits of a handshake. */
const defaults = {
  /** Two round trips and a signature on a slow device, ten times over. */
  handshakeTimeoutMs: 10_000,
};

/** What Node's server does not say before it hangs up: fatal, handshake_failure (RFC 8446 §6). */
const handshakeFailure = new Uint8Array([21, 3, 3, 0, 2, 2, 40]);

/** `SecureOptions`, read and checked: made once, used for every stream. */
export class SecureContext {
  readonly #server: Server;
  readonly #mode: "none" | "optional" | "required";
  readonly #refused: (error: Error) => void;
  readonly #minVersion: "TLSv1.2" | "TLSv1.3";
  readonly #revocations: Revocations;
  #others: readonly NamedContext[];
  #clients: ResumedClients | undefined;

  constructor(options: SecureOptions, revocations = new Revocations()) {
    const { cert, key, ca, clientCertificates = "none", minVersion = "TLSv1.2" } = options;
    this.#mode = clientCertificates;
    this.#minVersion = minVersion;
    this.#refused = options.refused ?? (() => {});
    this.#revocations = revocations;
    this.#check(options);
    this.#others = this.#named(options);
    this.#takeLists(options);
    this.#clients = ca === undefined ? undefined : new ResumedClients(ca);
    this.#server = createServer({
      cert,
      key,
      ca,
      minVersion,
      SNICallback: (name, answer) => answer(null, this.#contextFor(name)),
      ALPNProtocols: options.applicationProtocols?.slice(),
      requestCert: clientCertificates !== "none",
      rejectUnauthorized: clientCertificates === "required",
      handshakeTimeout: options.handshakeTimeoutMs ?? defaults.handshakeTimeoutMs,
    });
  }

  /** Uses other certificates from now on; throws, and keeps those that it has, when they are of no use. */
  renew(identity: SecureIdentity): void {
    this.#check(identity);
    const { cert, key, ca } = identity, others = this.#named(identity);
    this.#takeLists(identity);
    this.#server.setSecureContext({ cert, key, ca, minVersion: this.#minVersion });
    this.#others = others;
    this.#clients = ca === undefined ? undefined : new ResumedClients(ca);
  }

  #check({ cert, key, ca, others = [] }: SecureIdentity): void {
    for (const each of [{ cert, key }, ...others]) checkIdentity(each.cert, each.key);
    if (ca !== undefined) checkAuthority(ca);
    else if (this.#mode !== "none") {
      throw new Error("Cannot check client certificates without `ca`: name who vouches for them");
    }
  }

  #takeLists({ crl, ca }: SecureIdentity): void {
    try {
      if (crl !== undefined && this.#mode === "none") {
        throw new Error("no client is asked for a certificate; set `ca` and `clientCertificates`");
      }
      this.#revocations.renew(crl, ca);
    } catch (cause) {
      throw new Error(`Cannot use \`crl\`: ${(cause as Error).message}`, { cause });
    }
  }

  #named({ ca, others = [] }: SecureIdentity): NamedContext[] {
    return others.map(({ cert, key }) => ({
      names: hostNames(cert),
      context: createSecureContext({ cert, key, ca, minVersion: this.#minVersion }),
    }));
  }

  /** The context of a name that a client asks for (RFC 6066 §3); undefined for the first. */
  #contextFor(name: string): NodeContext | undefined {
    return this.#others.find(({ names }) => isNamed(name, names))?.context;
  }

  /** The server's side of a handshake on `stream`, whose first bytes, `head`, were read already. */
  secure(stream: ByteStream, head?: Uint8Array): Promise<ByteStream> {
    const duplex = new StreamDuplex(stream, { head, lastWords: handshakeFailure });
    return new Promise((resolve, reject) => {
      let settled = false;
      const refuse = (cause: Error) => {
        if (settled) return;
        settled = true;
        duplex.destroy();
        const error = new Error(`Cannot secure ${stream.peer}: ${cause.message}`, { cause });
        this.#refused(error);
        reject(error);
      };
      const shaken = (socket: TLSSocket) => {
        const fault = this.#faultOf(socket);
        if (fault !== undefined) return refuse(new Error(fault));
        let grant: ByteStream["grant"];
        try {
          grant = this.#grantOf(socket);
        } catch (error) {
          return refuse(error as Error);
        }
        settled = true;
        // A session that is resumed may bring a certificate that nobody has asked for.
        const [certificate, names] = this.#mode === "none" ? [] : [nameOf(socket), namesOf(socket)];
        resolve(new TlsStream(socket, { duplex, peer: stream.peer, certificate, names, grant }));
      };
      const over = () => refuse(new Error("the stream ended within the handshake"));
      // Node's server waits for its timeout when a stream other than its own ends.
      duplex.once("end", over).once("close", over);
      const server = oneStream(this.#server, { shaken, refuse });
      EventEmitter.prototype.emit.call(server, "connection", duplex);
    });
  }

  #faultOf(socket: TLSSocket): string | undefined {
    if (this.#mode === "none") return undefined;
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined && this.#mode === "optional") return undefined;
    if (certificate === undefined || !socket.authorized) {
      return `the client certificate does not verify (${socket.authorizationError})`;
    }
    if (!socket.isSessionReused()) this.#clients?.shown(certificate);
    else if (this.#clients?.include(certificate, Date.now()) !== true) {
      return "the client certificate of the session that it resumes is not good here";
    }
    return undefined;
  }

  /** Looked at after each handshake: `node:tls` of Deno ignores lists, and sessions are resumed. */
  #grantOf(socket: TLSSocket): ByteStream["grant"] {
    if (!this.#revocations.isUsed || !socket.authorized) return undefined;
    return this.#revocations.standingOf(shownBy(socket));
  }
}

/**
 * `server` as one stream sees it: Node's server says which handshake is done, but not which stream
 * it was given for it. What this view of the server emits can only be about this stream.
 */
function oneStream(
  server: Server,
  on: { shaken: (socket: TLSSocket) => void; refuse: (error: Error) => void },
): Server {
  const emit = (event: string, first: TLSSocket & Error) => {
    if (event === "secureConnection") on.shaken(first);
    if (event === "tlsClientError") on.refuse(first);
    return true;
  };
  return Object.create(server, { emit: { value: emit } });
}
