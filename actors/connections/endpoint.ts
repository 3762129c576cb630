import { Delivery } from "../../protocols/publication.ts";
import type {
  DatagramSession,
  DatagramWire,
  Inbox,
  OpenDatagramSession,
} from "../../protocols/session.ts";
import type { DatagramPort, DatagramTransport } from "../../transports/transport.ts";
import type { Actor, Behaviour, Self } from "../actor.ts";
import { Alarm, type Sleeper } from "../alarm.ts";
import { crash } from "../crash.ts";
import type { Log } from "../log.ts";
import { crowded } from "../scheduler.ts";
import { Member } from "../space/member.ts";
import type { Space } from "../space/space.ts";
import type { AccessList } from "./access_list.ts";
import { HeldDatagrams, type Sender } from "./held_datagrams.ts";
import { SHUTDOWN } from "./shutdown.ts";

/** Datagrams read before others who wait get their turns: one socket serves thousands of peers. */
const TURN_DATAGRAMS = 64;

/**
 * How much one UDP socket sends at once, and in which pieces.
 *
 * @example Datagrams for a network of your own, where every path carries 1,500 bytes
 * ```ts
 * import { coap, type EndpointLimits, gateway, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const limits: Partial<EndpointLimits> = { maxDatagramBytes: 1_452 };
 * await using place = gateway();
 * const maxBytes = await new Promise((resolve) => {
 *   place.listen(udp({ port: 0 }), (wire, hub, now) => {
 *     resolve(wire.maxBytes);
 *     return coap()(wire, hub, now);
 *   }, { limits });
 * });
 * assert.equal(maxBytes, 1_452);
 * ```
 */
export interface EndpointLimits {
  /** Datagrams on their way to the kernel; default 4,096. More are dropped and counted. */
  maxSending: number;
  /**
   * Bytes of the largest datagram sent; default 1,232, what every IPv6 path carries (RFC 8200 §5),
   * less its headers.
   */
  maxDatagramBytes: number;
}

/** 4,096 datagrams in flight, of 1,232 bytes (1,280 less 48 for IPv6 and UDP). */
export const endpointDefaults: EndpointLimits = { maxSending: 4096, maxDatagramBytes: 1232 };

/** What an endpoint needs. */
interface EndpointOptions {
  transport: DatagramTransport;
  /** What is bound already, for the first life; later ones ask the transport. */
  bound: DatagramPort;
  open: OpenDatagramSession;
  /** The name of the listener that it is. */
  listener: string;
  space: Space;
  log: Log;
  limits: EndpointLimits;
  /** Whose datagrams are read; everybody's, where it is missing. */
  access?: AccessList | undefined;
}

/** Drives one datagram session over one socket. */
export function endpoint(options: EndpointOptions): Behaviour<unknown> {
  let bound: DatagramPort | undefined = options.bound;
  return (self) => {
    const first = bound;
    bound = undefined;
    if (first) self.defer(() => first.close());
    return new Endpoint(self, options, first);
  };
}

class Endpoint implements Actor<unknown>, DatagramWire, Inbox, Sleeper, Sender {
  readonly maxBytes: number;
  received = 0;
  dropped = 0;
  readonly #self: Self<unknown>;
  #port: DatagramPort | undefined;
  readonly #options: EndpointOptions;
  readonly #alarm: Alarm;
  readonly #session: DatagramSession;
  readonly #held = new HeldDatagrams(this);
  #sending = 0;
  #refused = 0;
  #failed = 0;
  #closing = false;
  #ended = false;
  /** The time of the present turn; 0 between turns. */
  #time = 0;

  constructor(self: Self<unknown>, options: EndpointOptions, port: DatagramPort | undefined) {
    this.#self = self;
    this.#port = port;
    this.#options = options;
    this.maxBytes = options.limits.maxDatagramBytes;
    this.#alarm = new Alarm(options.space.alarms, this);
    // Nobody waits at an endpoint: a peer that is held back would hold back all the others.
    try {
      const { space, listener } = options;
      const hub = new Member(space, this, undefined, { listener });
      this.#session = options.open(this, hub, this.#now());
    } catch (error) {
      // Nobody calls `stopped` for an actor that was not made: its subscriptions would stay for
      // ever.
      options.space.router.forget(this);
      throw error;
    }
    this.#alarm.set(this.#session.deadline);
    this.#time = 0;
    this.#receive();
  }

  get name(): string {
    return this.#self.name;
  }

  receive(mail: unknown): void {
    if (mail === SHUTDOWN) {
      this.#session.shutdown(this.#now());
      this.#closing = true;
    } else this.#session.signal?.(mail, this.#now());
  }

  idle(): void {
    const { ledger } = this.#options.space;
    if (ledger !== undefined) ledger.dirty = false;
    this.#alarm.set(this.#session.deadline);
    this.#time = 0;
    if (this.#closing && this.#isSilent) this.#self.stop();
  }

  get #isSilent(): boolean {
    return this.#sending === 0 && !this.#held.isHolding;
  }

  stopped(): void {
    this.#ended = true;
    this.#alarm.cancel();
    this.#port?.close();
    this.#options.space.router.forget(this);
    this.#session.ended(this.#now());
  }

  describe(): Record<string, unknown> {
    const { received, dropped } = this;
    return { session: this.#session.label, received, dropped, refused: this.#refused };
  }

  send(bytes: Uint8Array, to: string): boolean {
    const { space, limits } = this.#options, { ledger } = space;
    if (this.#port === undefined || this.#sending + this.#held.size >= limits.maxSending) {
      this.dropped++;
      space.count("datagram.dropped");
      return false;
    }
    // A copy: the kernel may take it later, and the session composes its next one in the same
    // memory.
    const own = bytes.slice();
    if (ledger !== undefined && (ledger.dirty || this.#held.isHolding)) {
      this.#held.push(own, to, ledger);
    } else this.transmit(own, to);
    return true;
  }

  transmit(bytes: Uint8Array, to: string): void {
    if (this.#port === undefined || this.#ended) return;
    this.#sending++;
    this.#options.space.traffic.bytesSent += bytes.length;
    // An unreachable peer is its own affair: datagrams may be lost.
    this.#port.send(bytes, to).then(this.#sent, this.#notSent);
  }

  instead(bytes: Uint8Array, to: string): Uint8Array | undefined {
    return this.#session.unstored?.(bytes, to);
  }

  deliver(delivery: Delivery): boolean {
    return this.#self.tell(delivery);
  }

  post(signal: unknown): boolean {
    return this.#self.tell(signal);
  }

  readonly #notSent = (error: unknown): void => {
    // One peer that cannot be reached is its own affair; a socket that may not send is ours.
    if (this.#failed++ === 0) this.#options.log.warn("cannot send datagrams", { error });
    this.#sent();
  };

  readonly #sent = (): void => {
    this.#sending--;
    if (this.#closing && this.#isSilent) this.#self.stop();
  };

  async #receive(): Promise<void> {
    try {
      const port = this.#port ??= await this.#options.transport.bind();
      if (this.#ended) return port.close();
      const groups = port.groups ?? [];
      await Promise.all([this.#read(port), ...groups.map((each) => this.#read(each, true))]);
      this.#self.stop();
    } catch (error) {
      crash(this.#self, error);
    }
  }

  async #read(port: DatagramPort, isMulticast = false): Promise<void> {
    for (let taken = 1; !this.#ended; taken++) {
      const datagram = await port.receive();
      if (datagram === undefined) break;
      const { bytes, from } = datagram;
      if (taken % TURN_DATAGRAMS === 0) await crowded();
      if (this.#options.access?.allows(from) === false) {
        this.#refused++;
        continue;
      }
      this.received++;
      this.#options.space.traffic.bytesReceived += bytes.length;
      this.#self.turn(() => this.#session.receive(bytes, from, this.#now(), isMulticast));
    }
  }

  ring(): void {
    this.#self.turn(() => this.#tick());
  }

  #tick(): void {
    const now = this.#now();
    if (now >= this.#session.deadline) this.#session.tick(now);
  }

  #now(): number {
    return this.#time ||= this.#options.space.clock.now();
  }
}
