import { withoutGrant } from "../../protocols/identity.ts";
import { Delivery } from "../../protocols/publication.ts";
import {
  type Inbox,
  ProtocolError,
  type Publisher,
  type Session,
  type Wire,
} from "../../protocols/session.ts";
import type { ByteStream } from "../../transports/transport.ts";
import type { Actor, Behaviour, Exit, Self, Unread } from "../actor.ts";
import { Alarm, type Sleeper } from "../alarm.ts";
import { Member } from "../space/member.ts";
import { Brake } from "./brake.ts";
import type { ConnectionOptions } from "./connection_options.ts";
import { Lingering } from "./lingering.ts";
import { type Appetite, Reader } from "./reader.ts";
import { type Load, Reception } from "./reception.ts";
import { SHUTDOWN } from "./shutdown.ts";
import { StreamPeer } from "./stream_peer.ts";
import { type Voice, Writer } from "./writer.ts";

/** Mail of a connection to itself: no receiver holds it back any more. */
const GO_ON = Symbol("go on");

/** Drives one session over one stream: reads, turns, flushes, hangs up. */
export function connection(stream: ByteStream, options: ConnectionOptions): Behaviour<unknown> {
  return (self) => {
    self.defer(() => stream.close());
    return new Connection(self, stream, options);
  };
}

class Connection implements Actor<unknown>, Wire, Inbox, Load, Appetite, Voice, Sleeper {
  readonly peer: StreamPeer;
  readonly #self: Self<unknown>;
  readonly #stream: ByteStream;
  readonly #options: ConnectionOptions;
  readonly #hub: Member;
  readonly #reader: Reader;
  readonly #writer: Writer;
  readonly #brake: Brake;
  readonly #reception: Reception;
  readonly #alarm: Alarm;
  #session: Session;
  /** True when unused input must be offered to the session once more. */
  #offered = false;
  /** The time of the present turn; 0 between turns. */
  #time = 0;
  #phase: "open" | "closing" | "lingering" | "ended" = "open";
  /** True once `full` was: the session waits for `drained`. */
  #wasFull = false;
  /** True once the outbox has refused something. */
  #overflowed = false;
  /** When a closing connection ends, whatever is still to be said or heard. */
  #goneBy = Infinity;
  #lingering: Lingering | undefined;

  constructor(self: Self<unknown>, stream: ByteStream, options: ConnectionOptions) {
    this.#self = self;
    this.#stream = stream;
    this.#options = options;
    this.peer = new StreamPeer(stream);
    const { space, listener, limits } = options;
    this.#reader = new Reader(stream, this, space.traffic);
    this.#brake = new Brake(this);
    this.#hub = new Member(space, this, this.#brake, { listener, peer: this.peer });
    this.#writer = new Writer(stream, limits.outboxBytes, this, space);
    this.#reception = new Reception(this, limits);
    this.#alarm = new Alarm(space.alarms, this);
    try {
      this.#session = options.open(this, this.#hub, this.#now());
    } catch (error) {
      // Nobody calls `stopped` for an actor that was not made: its subscriptions would stay for
      // ever.
      space.router.forget(this);
      throw error;
    }
    this.#alarm.set(this.#session.deadline);
    this.#time = 0;
    this.#reader.run();
  }

  get name(): string {
    return this.#self.name;
  }

  receive(mail: unknown): void {
    if (mail instanceof Delivery) this.#session.deliver(mail, this.#now());
    else if (mail === SHUTDOWN) this.#session.shutdown(this.#now());
    else if (mail === GO_ON) this.#offered = true;
    else this.#session.signal?.(mail, this.#now());
  }

  idle(): void {
    if (this.#offered) this.#consume();
    if (this.#overflowed && this.#phase === "open") this.#end("overloaded");
    this.#writer.flushLater();
    this.#reception.weigh(this.#now(), this.#options);
    this.#alarm.set(Math.min(this.#session.deadline, this.#reception.deadline, this.#goneBy));
    if (this.#phase === "closing" && this.#writer.size === 0) this.#linger();
    this.#time = 0;
  }

  stopped(_exit: Exit, unread: Unread<unknown>): void {
    this.#phase = "ended";
    this.#alarm.cancel();
    this.peer.gone();
    this.#reception.end();
    const now = this.#now();
    try {
      // A durable session, which outlives this connection, keeps the deliveries that nobody read.
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
      identity: withoutGrant(this.#hub.identity),
      queuedBytes: this.#writer.size,
      dropped: this.#reception.dropped,
      slow: this.#reception.slow,
    };
  }

  get full(): boolean {
    const { outboxHighWaterBytes } = this.#options.limits;
    // Who reads true waits for `drained`. After the end it stays true, so that a durable session
    // keeps what comes then for the client's next connection.
    if (this.#writer.size <= outboxHighWaterBytes && this.#phase !== "ended") return false;
    return this.#wasFull = true;
  }

  get paused(): boolean {
    return this.#brake.on || this.#phase !== "open";
  }

  send(bytes: Uint8Array): boolean {
    if (this.#writer.push(bytes)) return true;
    this.#overflowed = true;
    return false;
  }

  pause(): void {
    this.#brake.asked = true;
  }

  resume(): void {
    this.#brake.asked = false;
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

  deliver(delivery: Delivery, from?: Publisher): boolean {
    if (this.#reception.deliver(delivery, from)) return true;
    this.#options.space.dropped++;
    return false;
  }

  take(delivery: Delivery): boolean {
    return this.#self.tell(delivery);
  }

  get queuedBytes(): number {
    return this.#writer.size;
  }

  get congested(): boolean {
    return this.#session.congested === true;
  }

  get waiting(): number {
    return this.#self.waiting;
  }

  get behind(): boolean {
    return this.#reception.behind;
  }

  post(signal: unknown): boolean {
    return this.#self.tell(signal);
  }

  released(): void {
    this.#offered = true;
    if (!this.#reader.wake()) this.#self.tell(GO_ON);
  }

  get hungry(): boolean {
    return this.#phase !== "open" || !this.paused;
  }

  took(): void {
    const { peer } = this;
    if (peer.isSilent) peer.heard(() => this.#self.turn(() => this.#end("revoked")));
    this.#self.turn(() => this.#consume());
  }

  ended(): void {
    if (this.#phase === "open") {
      const session = this.#session;
      this.#self.turn(() => session.inputEnded ? session.inputEnded(this.#now()) : this.close());
    } else if (this.#phase === "lingering") this.#self.stop();
  }

  failed(): void {
    this.#self.stop(); // A broken stream ends like a closed one: only its peer is concerned.
  }

  #consume(): void {
    const { input } = this.#reader;
    try {
      do {
        this.#offered = false;
        if (this.#phase !== "open") return this.#skip();
        const session = this.#session;
        input.skip(session.receive(input.view, this.#now()));
        if (session !== this.#session) this.#offered = true;
      } while (this.#offered && input.size > 0 && !this.paused);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const peer = this.peer.address, { label: session } = this.#session, reason = error.message;
      this.#options.log.debug("refused", { peer, session, reason });
      this.#session.refuse(error, this.#now());
      this.close();
    }
  }

  /** Throws away what nobody wants any more. */
  #skip(): void {
    const { input } = this.#reader, { size } = input;
    input.skip(size);
    if (this.#lingering) this.#goneBy = this.#lingering.heard(size, this.#now());
  }

  wrote(): void {
    const isAwaited = this.#phase !== "open" || this.#wasFull || this.#writer.size > 0;
    if (!isAwaited && this.#reception.calm) return;
    // The end of this turn, `idle`, writes what came meanwhile.
    this.#self.turn(() => {
      if (this.#phase === "closing") this.#goneBy = this.#now() + this.#options.limits.closeMs;
      if (!this.#wasFull || this.full) return;
      this.#wasFull = false;
      this.#session.drained?.(this.#now());
    });
  }

  /** Everything is said, and the peer may hang up first. */
  #linger(): void {
    if (this.#reader.done) return this.#self.stop();
    this.#phase = "lingering";
    this.#lingering = new Lingering(this.#options.limits, this.#now());
    this.#alarm.set(this.#goneBy = this.#lingering.goneBy);
    this.#reader.wake();
    this.#stream.closeWrite().catch(() => this.#self.stop());
  }

  unstored(unsaid: Uint8Array): void {
    this.#self.turn(() => this.#end("unstored", unsaid));
  }

  /** Something for this peer is lost or void: hangs up, so that it does not go on as if nothing were. */
  #end(why: "overloaded" | "unstored" | "revoked", unsaid?: Uint8Array): void {
    this.#writer.allowLastWords();
    this.#session[why]?.(this.#now(), unsaid ?? new Uint8Array(0));
    this.close();
  }

  ring(): void {
    this.#self.turn(() => {
      const now = this.#now();
      if (now >= this.#goneBy) this.#self.stop();
      else if (now >= this.#session.deadline) this.#session.tick(now);
    });
  }

  #now(): number {
    return this.#time ||= this.#options.space.clock.now();
  }
}
