import { Delivery, type Publication } from "../../protocols/publication.ts";
import {
  type Hub,
  type Outcome,
  ProtocolError,
  type Receiver,
  type Session,
  type Subscription,
  type Wire,
} from "../../protocols/session.ts";
import { isReserved, matches } from "../../protocols/topic.ts";
import { Traffic } from "../../protocols/traffic.ts";
import { FakeMember } from "./fake_member.ts";

export { nobody } from "./fake_member.ts";

/** Bytes from hexadecimal digits; spaces are for the reader. */
export function hex(digits: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(digits.match(/[0-9a-f]{2}/gi) ?? [], (pair) => parseInt(pair, 16));
}

/** Bytes of a string as UTF-8. */
export function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

/** Many pieces as one. */
export function join(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    out.set(piece, at);
    at += piece.length;
  }
  return out;
}

/** A topic space without actors: every receiver is told at once. */
export class FakeSpace {
  readonly subscriptions = new Map<Receiver, Map<string, Subscription>>();
  readonly values = new Map<string, Publication>();
  readonly published: Publication[] = [];
  readonly counts = new Map<string, number>();
  readonly traffic = new Traffic();
  /** Set to have every publication answered so. */
  outcome: Outcome | undefined;
  /** Set to have this found among the stored values, whatever the filter. */
  search: (() => Iterable<Publication | undefined>) | undefined;
  #shared = new Map<unknown, unknown>();

  publish(publication: Publication): Outcome {
    if (isReserved(publication.topic)) return "reserved";
    if (this.outcome === "overloaded" || this.outcome === "closing") return this.outcome;
    this.published.push(publication);
    if (publication.retain) {
      if (publication.payload.length === 0) this.values.delete(publication.topic);
      else this.values.set(publication.topic, publication);
    }
    let matched = false, accepted = false;
    for (const [receiver, filters] of [...this.subscriptions]) {
      const hits = [...filters].filter(([filter, { noLocal }]) =>
        matches(filter, publication.topic) && !(noLocal && publication.origin === receiver)
      ).map(([, subscription]) => subscription);
      if (hits.length === 0) continue;
      matched = true;
      const qos = Math.min(publication.qos, Math.max(...hits.map((hit) => hit.qos))) as 0 | 1 | 2;
      const retain = publication.retain && hits.some((hit) => hit.retainAsPublished);
      const ids = hits.flatMap((hit) => hit.id ?? []);
      const delivery = new Delivery(publication, qos, retain, ids.length > 0 ? ids : undefined);
      const screen = hits[0]!.screen;
      if ((screen ? screen.deliver(delivery, receiver) : receiver.deliver(delivery)) === true) {
        accepted = true;
      }
    }
    return this.outcome ?? (!matched ? "unmatched" : accepted ? "accepted" : "overloaded");
  }

  shared<T>(kind: new () => T): T {
    if (!this.#shared.has(kind)) this.#shared.set(kind, new kind());
    return this.#shared.get(kind) as T;
  }
}

/** One session with a fake peer and a view of a `FakeSpace`; time is the field `now`. */
export class Stage<S extends Session = Session> extends FakeMember implements Wire {
  readonly peer = { address: "192.0.2.1:1000", secure: false };
  override readonly name = "stage";
  readonly sent: Uint8Array[] = [];
  closed = false;
  full = false;
  paused = false;
  now = 0;
  session!: S;
  /** The current session after upgrades. */
  current!: Session;
  /** Set false to have `send` refuse. */
  accepts = true;
  /** Deliveries and signals wait here until `turn`, as in a mailbox. */
  #mail: (() => void)[] = [];
  #unread = new Uint8Array(0);
  #busy = false;

  constructor(
    open: (wire: Wire, hub: Hub, now: number) => S,
    space: FakeSpace = new FakeSpace(),
  ) {
    super(space);
    this.current = this.session = open(this, this, this.now);
  }

  /** Everything sent so far, as one array; forgets it. */
  take(): Uint8Array<ArrayBuffer> {
    return join(this.sent.splice(0));
  }

  /** Everything sent so far as text; forgets it. */
  takeText(): string {
    return new TextDecoder().decode(this.take());
  }

  /** Feeds input as a connection does, `step` bytes at a time, and runs the turns it causes. */
  feed(input: Uint8Array | string, step = Infinity): void {
    const whole = typeof input === "string" ? bytes(input) : input;
    for (let at = 0; at < whole.length && !this.closed; at += step) {
      this.#unread = join([this.#unread, whole.subarray(at, Math.min(whole.length, at + step))]);
      this.#consume();
      this.turn();
    }
  }

  /** Runs deliveries and signals until none is left. */
  turn(): void {
    for (let mail = this.#mail.shift(); mail; mail = this.#mail.shift()) mail();
  }

  /** Moves the clock and ticks when a deadline has come. */
  wait(ms: number): void {
    const until = this.now + ms;
    while (this.current.deadline <= until) {
      this.now = Math.max(this.now, this.current.deadline);
      const before = this.current.deadline;
      this.current.tick(this.now);
      this.turn();
      if (this.closed || this.current.deadline === before) break;
    }
    this.now = until;
  }

  /** The peer or the gateway ended the stream. */
  end(): void {
    this.closed = true;
    this.turn();
    this.current.ended(this.now);
    this.forget(this);
  }

  send(piece: Uint8Array): boolean {
    if (!this.accepts) return false;
    this.sent.push(piece.slice());
    return true;
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.#busy) this.#consume();
  }

  close(): void {
    this.closed = true;
  }

  upgrade(next: Session): void {
    this.current = next;
  }

  deliver(delivery: Delivery): boolean {
    this.#mail.push(() => this.current.deliver(delivery, this.now));
    return true;
  }

  post(signal: unknown): boolean {
    this.#mail.push(() => this.current.signal?.(signal, this.now));
    return true;
  }

  #consume(): void {
    // As in a connection: the rest is offered for as long as the session changes or uses some of it.
    this.#busy = true;
    try {
      let before: Session | undefined;
      while (before !== this.current && !this.closed) {
        before = this.current;
        // A copy that is overwritten afterwards: whoever kept a view of it is found out.
        const view = this.#unread.slice();
        const used = this.current.receive(view, this.now);
        view.fill(0xdb);
        this.#unread = this.#unread.slice(used);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.current.refuse(error, this.now);
      this.closed = true;
    } finally {
      this.#busy = false;
    }
  }
}
