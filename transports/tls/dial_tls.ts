import { isIP } from "node:net";
import { connect } from "node:tls";
import type { ByteStream } from "../transport.ts";
import { checkAuthority, checkIdentity } from "./certificate.ts";
import { StreamDuplex } from "./stream_duplex.ts";
import { TlsStream } from "./tls_stream.ts";

/** Whom we trust as a server, and who we are. */
export interface DialTlsOptions {
  /** The host that the server's certificate must be for. */
  host: string;
  /**
   * The authorities whose certificates are trusted, as PEM text; default: those that Deno trusts.
   */
  ca?: string;
  /** Our certificate, as PEM text, where the server asks for one. */
  cert?: string;
  /** Its private key, as PEM text. */
  key?: string;
  /** The name to ask for and to find in the certificate, in place of the host. */
  servername?: string;
  /** False takes any certificate: whoever is on the way can read and change everything. */
  rejectUnauthorized?: boolean;
  /** The protocols to offer by ALPN (RFC 7301), the favourite first. */
  applicationProtocols?: readonly string[];
  /** Milliseconds that the handshake may take; default 10,000. */
  handshakeTimeoutMs?: number;
}

/** The limits of an outgoing handshake. */
const defaults = {
  /** 10 s: as long as we give those who come to us. */
  handshakeTimeoutMs: 10_000,
};

/** Throws when the certificates or the key are not what they should be. */
function checkDialTls({ ca, cert, key }: Pick<DialTlsOptions, "ca" | "cert" | "key">): void {
  if (ca !== undefined) checkAuthority(ca);
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error("Cannot use a certificate without its key, or a key without its certificate");
  }
  if (cert !== undefined) checkIdentity(cert, key!);
}

/** The client's side of a TLS handshake on `stream`, which is closed when it fails. */
export function dialTls(stream: ByteStream, options: DialTlsOptions): Promise<ByteStream> {
  const { host, ca, cert, key, servername, rejectUnauthorized = true } = options;
  const duplex = new StreamDuplex(stream);
  const name = servername ?? host;
  const shaken = Promise.withResolvers<ByteStream>();
  const fail = (cause: Error) => {
    duplex.destroy();
    shaken.reject(
      new Error(`Cannot secure ${stream.peer} as "${name}": ${cause.message}`, { cause }),
    );
  };
  try {
    checkDialTls(options);
  } catch (error) {
    fail(error as Error);
    return shaken.promise;
  }
  const socket = connect({
    socket: duplex,
    host: name,
    // Server Name Indication is for names only (RFC 6066 §3).
    servername: isIP(name) === 0 ? name : "",
    ca,
    cert,
    key,
    minVersion: "TLSv1.2",
    rejectUnauthorized,
    ALPNProtocols: options.applicationProtocols?.slice(),
  });
  const timer = setTimeout(
    () => fail(new Error("the handshake took too long")),
    options.handshakeTimeoutMs ?? defaults.handshakeTimeoutMs,
  );
  const over = () => fail(new Error("the stream ended within the handshake"));
  socket.once("error", fail);
  duplex.once("end", over).once("close", over);
  socket.once("secureConnect", () => {
    socket.off("error", fail);
    duplex.off("end", over).off("close", over);
    shaken.resolve(new TlsStream(socket, { duplex, peer: stream.peer }));
  });
  return shaken.promise.finally(() => clearTimeout(timer));
}
