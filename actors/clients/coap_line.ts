import { randomBytes } from "node:crypto";
import type { Questions } from "../../protocols/coap/client/questions.ts";
import { CoapClientSession } from "../../protocols/coap/client/session.ts";
import type { CoapUrl } from "../../protocols/coap/client/url.ts";
import type { CoapLimits } from "../../protocols/coap/limits.ts";
import { fraction } from "../../protocols/coap/session.ts";
import { StreamClient } from "../../protocols/coap/stream/client.ts";
import { CoapStreamSession } from "../../protocols/coap/stream/session.ts";
import { formatAddress } from "../../transports/address.ts";
import { dialTls } from "../../transports/tls/dial_tls.ts";
import { udp } from "../../transports/udp.ts";
import type { Behaviour, Ref } from "../actor.ts";
import { connection } from "../connections/connection.ts";
import { connectionDefaults } from "../connections/connection_options.ts";
import { endpoint, endpointDefaults } from "../connections/endpoint.ts";
import { SHUTDOWN } from "../connections/shutdown.ts";
import { type ClientTls, connect } from "./dial.ts";
import { home } from "./home.ts";
import { addressesOf } from "./names.ts";

/** A way to one server, while it lasts. */
export interface CoapLine {
  readonly questions: Questions;
  /** True for UDP, where a server that restarts forgets us without our noticing. */
  readonly isDatagrams: boolean;
  /** Runs `work` as a turn of the line. False when it has ended. */
  turn(work: (now: number) => void): boolean;
  /** Says goodbye; resolves when the socket is closed. */
  close(): Promise<void>;
  readonly ended: Promise<void>;
}

/** Bytes of a token: enough that nobody guesses it (RFC 7252 §5.3.1). */
const TOKEN_BYTES = 8;

const newToken = () => Uint8Array.from(randomBytes(TOKEN_BYTES));

let count = 0;

/** Opens a line by UDP, TCP or TLS, as the URL says. */
export function openLine(
  url: CoapUrl,
  options: { limits: CoapLimits; tls?: ClientTls | undefined; signal: AbortSignal },
): Promise<CoapLine> {
  return url.carrier === "udp" ? openDatagrams(url, options.limits) : openStream(url, options);
}

async function openDatagrams(
  { hostname, port, origin }: CoapUrl,
  limits: CoapLimits,
): Promise<CoapLine> {
  const [address = hostname] = await addressesOf(hostname);
  const transport = udp({ port: 0, hostname: address.includes(":") ? "::" : "0.0.0.0" });
  const bound = await transport.bind(), { space, log } = home();
  let session: CoapClientSession;
  const behaviour = endpoint({
    transport,
    bound,
    open: (wire) => {
      const server = formatAddress(address, port);
      return session = new CoapClientSession(wire, server, { limits, random: fraction, newToken });
    },
    listener: "",
    space,
    log,
    limits: endpointDefaults,
  });
  return start(origin, behaviour, () => session.questions, true);
}

async function openStream(
  { hostname, port, carrier, origin }: CoapUrl,
  { limits, tls, signal }: { limits: CoapLimits; tls?: ClientTls | undefined; signal: AbortSignal },
): Promise<CoapLine> {
  let stream = await connect({ hostname, port, signal });
  // RFC 8323 §8.2.
  const applicationProtocols = ["coap"];
  if (carrier === "tls") {
    stream = await dialTls(stream, { ...tls, host: hostname, applicationProtocols });
  }
  const { space, log } = home();
  let client: StreamClient;
  const behaviour = connection(stream, {
    open: (wire, _hub, now) =>
      new CoapStreamSession(
        wire,
        limits,
        (layer) => client = new StreamClient(layer, newToken),
        now,
      ),
    listener: "",
    space,
    log,
    limits: connectionDefaults,
  });
  return start(origin, behaviour, () => client.questions, false);
}

function start(
  origin: string,
  behaviour: Behaviour<unknown>,
  questions: () => Questions,
  isDatagrams: boolean,
): CoapLine {
  const { promise: ended, resolve } = Promise.withResolvers<void>();
  const ref: Ref<unknown> = home().supervisor.spawn(`${origin} ${++count}`, (self) => {
    self.defer(resolve);
    return behaviour(self);
  }, { kind: "connection" });
  // Output is flushed at the end of a turn: this is one, for what was said while the line was made.
  ref.tell(() => {});
  return {
    questions: questions(),
    isDatagrams,
    ended,
    turn: (work) => ref.tell(work),
    close() {
      ref.tell(SHUTDOWN);
      return ended;
    },
  };
}
