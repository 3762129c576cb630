import { Delivery } from "../protocols/publication.ts";
import {
  type Gate,
  type Inbox,
  type OpenSession,
  type Peer,
  ProtocolError,
  type Publisher,
  type Session,
  type Wire,
} from "../protocols/session.ts";
import type { ByteStream } from "../transports/transport.ts";
import type { Actor, Behaviour, Exit, Self } from "./actor.ts";
import { Alarm, type Sleeper } from "./alarm.ts";
import type { ConnectionLimits } from "./connection_limits.ts";
import type { Log } from "./log.ts";
import type { Mailbox } from "./mailbox.ts";
import { Member } from "./member.ts";
import { Pressure } from "./pressure.ts";
import { type Appetite, Reader } from "./reader.ts";
import type { Space } from "./space.ts";
import { StreamPeer } from "./stream_peer.ts";
import { type Voice, Writer } from "./writer.ts";

/** What a connection needs besides its stream. */
export interface ConnectionOptions {
  open: OpenSession;
  space: Space;
  log: Log;
  limits: ConnectionLimits;
}

/** Asks a connection to finish what is in flight and go. */
export const SHUTDOWN: unique symbol = Symbol("shutdown");

/** To itself: no receiver holds this publisher back any more. */
const GO_ON = Symbol("go on");

/** Drives one session over one stream: reads, turns, flushes, hangs up. */
export function connection(stream: ByteStream, options: ConnectionOptions): Behaviour<unknown> {
  return (self) => {
    self.defer(() => stream.close());
    return new Connection(self, stream, options);
  };
}

class Connection implements Actor<unknown>, Wire, Inbox, Publisher, Appetite, Voice, Sleeper {
  readonly peer: Peer;
  dropped = 0;
  readonly #self: Self<unknown>;
  readonly #stream: ByteStream;
  readonly #options: ConnectionOptions;
  readonly #hub: Member;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #pressure: Pressure;
  readonly #alarm: Alarm;
  #session: Session;
  /** Receivers that this connection, as a publisher, waits for. */
  #gates: Set<Gate> | undefined;
  #asked = false;
  /** True when unused input must be offered to the session once more. */
  #offered = false;
  /** The time of the present turn; 0 between turns. */
  #time = 0;
  #phase: "open" | "closing" | "lingering" | "ended" = "open";
  #wasFull = false;
  #goneBy = Infinity;

  constructor(self: Self<unknown>, stream: ByteStream, options: ConnectionOptions) {
    this.#self = self;
    this.#stream = stream;
    this.#options = options;
    this.peer = new StreamPeer(stream);
    this.#reader = new Reader(stream, this);
    this.#hub = new Member(options.space, this, this);
    this.#writer = new Writer(stream, options.limits.outboxBytes, this);
    this.#pressure = new Pressure(options.limits.graceMs);
    this.#alarm = new Alarm(options.space.alarms, this);
    try {
      this.#session = options.open(this, this.#hub, this.#now());
    } catch (error) {
      // What it subscribed to by then would stay for ever: an actor that never was is never stopped.
      options.space.router.forget(this);
      throw error;
    }
    this.#alarm.set(this.#session.deadline);
    this.#reader.run();
  }

  get name(): string {
    return this.#self.name;
  }

  // --- the actor ---

  receive(mail: unknown): void {
    if (mail instanceof Delivery) this.#session.deliver(mail, this.#now());
    else if (mail === SHUTDOWN) this.#session.shutdown(this.#now());
    else if (mail === GO_ON) this.#offered = true;
    else this.#session.signal?.(mail, this.#now());
  }

  idle(): void {
    if (this.#offered) this.#consume();
    this.#writer.flushLater();
    this.#weigh();
    this.#alarm.set(
      Math.min(this.#session.deadline, this.#pressure.deadline, this.#goneBy),
    );
    this.#time = 0;
    if (this.#phase === "closing" && this.#writer.size === 0) this.#linger();
  }

  stopped(_exit: Exit, unread: Mailbox<unknown>): void {
    this.#phase = "ended";
    this.#alarm.cancel();
    this.#pressure.open();
    const now = this.#now();
    try {
      // What outlives this connection keeps the deliveries that it never saw.
      for (let mail = unread.shift(); mail !== undefined; mail = unread.shift()) {
        if (mail instanceof Delivery) this.#session.deliver(mail, now);
      }
    } finally {
      this.#options.space.router.forget(this);
      this.#session.ended(now);
      this.#reader.stop();
    }
  }

  describe(): Record<string, unknown> {
    return {
      peer: this.peer.address,
      session: this.#session.label,
      queuedBytes: this.#writer.size,
      dropped: this.dropped,
      slow: this.#pressure.slow,
    };
  }

  // --- the peer, as the session sees it ---

  get full(): boolean {
    const full = this.#writer.size > this.#options.limits.outboxHighWaterBytes;
    // Whoever has seen it waits for `drained`.
    if (full) this.#wasFull = true;
    return full;
  }

  get paused(): boolean {
    return this.#asked || this.#gates !== undefined || this.#phase !== "open";
  }

  send(bytes: Uint8Array): boolean {
    return this.#writer.push(bytes);
  }

  pause(): void {
    this.#asked = true;
  }

  resume(): void {
    this.#asked = false;
    this.#offered = true;
    this.#reader.wake();
  }

  close(): void {
    if (this.#phase !== "open") return;
    this.#phase = "closing";
    this.#goneBy = this.#now() + this.#options.limits.closeMs;
  }

  upgrade(next: Session): void {
    this.#session = next;
    this.#offered = true;
  }

  // --- others: deliveries to this peer, and receivers that are behind ---

  deliver(delivery: Delivery, from?: Publisher): boolean {
    const refused = delivery.qos === 0 &&
      (this.#pressure.slow || this.#writer.size > this.#options.limits.outboxBytes / 2);
    if (refused || !this.#self.tell(delivery)) {
      this.dropped++;
      this.#options.space.count("delivery.dropped");
      return false;
    }
    if (from !== undefined && this.#isBehind()) {
      this.#pressure.wait(from);
      from.hold(this.#pressure);
    }
    return true;
  }

  post(signal: unknown): boolean {
    return this.#self.tell(signal);
  }

  hold(gate: Gate): void {
    (this.#gates ??= new Set()).add(gate);
  }

  release(gate: Gate): void {
    this.#gates?.delete(gate);
    if (this.#gates === undefined || this.#gates.size > 0) return;
    this.#gates = undefined;
    this.#offered = true;
    if (!this.#reader.wake()) this.#self.tell(GO_ON);
  }

  // --- reading ---

  get hungry(): boolean {
    return this.#phase !== "open" || !this.paused;
  }

  took(): void {
    this.#self.turn(() => this.#consume());
  }

  ended(): void {
    if (this.#phase === "open") this.#self.turn(() => this.#inputEnded());
    else if (this.#phase === "lingering") this.#self.stop();
  }

  failed(): void {
    // A broken stream ends like a closed one: only its peer is concerned.
    this.#self.stop();
  }

  #consume(): void {
    const { input } = this.#reader;
    try {
      do {
        this.#offered = false;
        if (this.#phase !== "open") return input.skip(input.size);
        const session = this.#session;
        input.skip(session.receive(input.view, this.#now()));
        if (session !== this.#session) this.#offered = true;
      } while (this.#offered && input.size > 0 && !this.paused);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#options.log.debug("refused", {
        peer: this.peer.address,
        session: this.#session.label,
        reason: error.message,
      });
      this.#session.refuse(error, this.#now());
      this.close();
    }
  }

  #inputEnded(): void {
    if (this.#session.inputEnded) this.#session.inputEnded(this.#now());
    else this.close();
  }

  // --- writing ---

  wrote(): void {
    // The end of this turn, `idle`, writes what came meanwhile.
    this.#self.turn(() => this.#wrote());
  }

  #wrote(): void {
    if (this.#phase === "closing") this.#goneBy = this.#now() + this.#options.limits.closeMs;
    if (!this.#wasFull || this.full) return;
    this.#wasFull = false;
    this.#session.drained?.(this.#now());
  }

  /** Everything is said. Input is read to its end, or the peer might lose our last words. */
  #linger(): void {
    if (this.#reader.done) return this.#self.stop();
    this.#phase = "lingering";
    this.#goneBy = this.#now() + this.#options.limits.lingerMs;
    this.#alarm.set(this.#goneBy);
    this.#reader.wake();
    this.#stream.closeWrite().catch(() => this.#self.stop());
  }

  // --- falling behind ---

  #isBehind(): boolean {
    return !this.#pressure.slow &&
      (this.full || this.#session.congested === true ||
        this.#self.waiting > this.#options.limits.mailboxHighWater);
  }

  #weigh(): void {
    const congested = this.#session.congested === true;
    const load = {
      behind: this.full || congested,
      drained: !congested && this.#writer.size <= this.#options.limits.outboxHighWaterBytes / 4,
    };
    const change = this.#pressure.update(load, this.#now());
    if (change === undefined) return;
    const { address } = this.peer;
    const fields = { peer: address, session: this.#session.label, dropped: this.dropped };
    if (change === "slow") {
      this.#options.space.count("receiver.slow");
      this.#options.log.warn("slow receiver", { ...fields, queuedBytes: this.#writer.size });
    } else this.#options.log.info("receiver caught up", fields);
  }

  ring(): void {
    this.#self.turn(() => this.#tick());
  }

  #tick(): void {
    const now = this.#now();
    if (now >= this.#goneBy) return this.#self.stop();
    if (now >= this.#session.deadline) this.#session.tick(now);
  }

  #now(): number {
    return this.#time ||= this.#options.space.clock.now();
  }
}
