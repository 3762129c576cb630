import type { Identity } from "../identity.ts";
import type { Delivery } from "../publication.ts";
import type { Hub, Peer, Subscription, Wire } from "../session.ts";
import type { BodySink, Exchange, Hurry } from "./exchange.ts";
import { clientOf, type Trusts } from "./forwarded.ts";
import type { Intake } from "./intake.ts";
import { CONTINUE, encodeHead, encodeLastChunk, sendChunk } from "./messages/encode.ts";
import type { RequestHead, ResponseHead } from "./messages/message.ts";

/** The session, as one of its exchanges sees it. */
export interface Line {
  readonly wire: Wire;
  readonly hub: Hub;
  readonly now: number;
  readonly rules: { readonly trusts: Trusts | undefined };
  /** True when the connection ends after the present answer. */
  readonly ending: boolean;
  /** True when deliveries of an earlier subscription may still be in the mailbox. */
  subscribed: boolean;
  /** The answer is complete. */
  answered(): void;
  /** The body is longer than it may be. */
  tooLarge(maxBytes: number): void;
  /** Stops the input, and lets it flow again. */
  hold(): void;
  release(): void;
  /** Something was written, perhaps more than the client has taken. */
  sent(): void;
  /** Hangs up, on a client that is gone or must not believe that the answer is complete. */
  hangUp(): void;
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);

/** An exchange as its session sees it. */
export class OpenExchange implements Exchange {
  onDrained: (() => void) | undefined;
  onClosed: (() => void) | undefined;
  #unwatch: (() => void) | undefined;
  /** True once the head of the answer is sent. */
  begun = false;
  closed = false;
  /** When `woken` is due. */
  wakeTime = Infinity;
  /** True when the connection ends with this answer. */
  closes: boolean;
  #onHurry: Exchange["onHurry"];
  #hurry: Hurry | undefined;
  #wakeWork: (() => void) | undefined;
  #chunked = false;
  #bodyless = false;
  /** Bytes of the answer's body that are still to be written. */
  #left = Infinity;
  #filter: string | undefined;
  #deliver: ((delivery: Delivery) => void) | undefined;
  /** True once deliveries are this exchange's own. */
  #current = false;
  #continues: boolean;
  #shared: readonly (readonly [string, string])[] | undefined;

  constructor(readonly request: RequestHead, readonly intake: Intake, readonly line: Line) {
    this.closes = !isPersistent(request);
    this.#continues = request.minor === 1 && !intake.done && request.fields.has("expect");
  }

  get peer(): Peer {
    const { wire: { peer }, rules: { trusts } } = this.line;
    return trusts === undefined ? peer : clientOf(peer, this.request.fields, trusts);
  }

  get hub(): Hub {
    return this.line.hub;
  }

  get identity(): Identity {
    return this.line.hub.identity;
  }

  get scheme(): string {
    return this.peer.secure ? "https" : "http";
  }

  get now(): number {
    return this.line.now;
  }

  get contentLength(): number | undefined {
    return this.intake.length;
  }

  /** True while the client holds its body back until it is told to go on. */
  get waits(): boolean {
    return this.#continues && !this.intake.begun;
  }

  receive(sink: BodySink, maxBytes = Infinity): void {
    if (this.closed) return sink.aborted();
    if (!this.intake.attach(sink, maxBytes, this.now)) {
      this.line.tooLarge(maxBytes);
      return sink.aborted();
    }
    if (this.intake.done) return;
    if (this.waits && !this.begun) this.#send(CONTINUE);
    this.#continues = false;
    this.line.release();
  }

  pause(): void {
    if (this.closed || this.intake.done || this.intake.paused) return;
    this.intake.paused = true;
    this.line.hold();
  }

  resume(): void {
    if (this.closed || !this.intake.paused) return;
    this.intake.paused = false;
    this.intake.restart(this.now);
    this.line.release();
  }

  share(fields: readonly (readonly [string, string])[]): void {
    this.#shared = fields;
  }

  respond(head: ResponseHead, body: Uint8Array | string = NOTHING): void {
    if (this.closed) return;
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    this.begin(head, bytes.length);
    if (bytes.length > 0) this.write(bytes);
    this.end();
  }

  get plain(): boolean {
    const { intake, line, request } = this;
    return request.minor === 1 && !this.closes && !line.ending && intake.done && !this.closed &&
      request.method !== "HEAD" && this.#shared === undefined;
  }

  respondEncoded(bytes: Uint8Array): void {
    if (this.closed) return;
    this.#begin();
    this.#send(bytes);
    this.#left = 0;
    this.end();
  }

  begin(head: ResponseHead, length?: number | "until closed"): void {
    if (this.closed) return;
    const { minor, method } = this.request;
    const empty = head.status === 204 || head.status === 304;
    this.#bodyless = empty || method === "HEAD";
    this.#chunked = length === undefined && minor === 1 && !empty;
    if (length === "until closed" || (length === undefined && minor === 0)) {
      this.closes ||= !this.#bodyless;
    }
    // A client that waits for 100 may still send its body or not, so the next bytes are ambiguous.
    this.closes ||= this.line.ending || this.waits ||
      (!this.intake.wanted && !this.intake.cheap);
    const keptAlive = minor === 0 ? "keep-alive" : undefined;
    const fields = this.#shared ? [...head.fields ?? [], ...this.#shared] : head.fields;
    const bytes = encodeHead({ status: head.status, fields }, {
      now: this.now,
      ...(typeof length === "number" && !empty ? { length } : {}),
      chunked: this.#chunked,
      connection: this.closes ? "close" : keptAlive,
    });
    this.#begin();
    if (typeof length === "number" && !this.#bodyless) this.#left = length;
    this.#send(bytes);
  }

  #begin(): void {
    if (this.begun) throw new TypeError("Cannot answer a request twice");
    this.begun = true;
  }

  write(bytes: Uint8Array): boolean {
    if (this.closed) return false;
    if (!this.begun) throw new TypeError("Cannot write a body before the head of the answer");
    if (this.#bodyless || bytes.length === 0) return !this.line.wire.full;
    if ((this.#left -= bytes.length) < 0) {
      throw new TypeError("Cannot write more than the content-length of the answer");
    }
    if (this.#chunked) sendChunk(bytes, (piece) => this.#send(piece));
    else this.#send(bytes);
    return !this.closed && !this.line.wire.full;
  }

  end(trailers?: Iterable<readonly [string, string]>): void {
    if (this.closed) return;
    if (this.#left > 0 && this.#left < Infinity) return this.abort();
    if (this.#chunked && !this.#bodyless) this.#send(encodeLastChunk(trailers));
    if (this.closed) return;
    this.#close();
    this.line.answered();
  }

  abort(): void {
    if (this.closed) return;
    this.lost();
    this.line.hangUp();
  }

  follow(
    filter: string,
    subscription: Subscription,
    deliver: (delivery: Delivery) => void,
  ): void {
    if (this.closed) return;
    if (this.#filter !== undefined) throw new TypeError("Cannot follow a second filter");
    this.#filter = filter;
    this.#deliver = deliver;
    this.hub.subscribe(filter, subscription);
    // Deliveries for an earlier exchange are in the mailbox before this signal.
    this.#current = !this.line.subscribed || !this.post(() => this.#current = true);
    this.line.subscribed = true;
  }

  watchLogin(ended: () => void): void {
    if (this.closed) return;
    const { guard, identity } = this.hub;
    this.#unwatch = guard?.watch(identity, () => {
      if (!this.closed) ended();
    });
  }

  wake(time: number, work: () => void): void {
    if (this.closed) return;
    this.wakeTime = time;
    this.#wakeWork = work;
  }

  post(work: () => void): boolean {
    return this.hub.self.post(work);
  }

  get onHurry(): Exchange["onHurry"] {
    return this.#onHurry;
  }

  /** Handlers in actors of their own may set this only when there is a reason already. */
  set onHurry(work: Exchange["onHurry"]) {
    this.#onHurry = work;
    if (this.#hurry !== undefined) work?.(this.#hurry);
  }

  /** There is a reason to end what would only wait. */
  hurry(reason: Hurry): void {
    this.#hurry = reason;
    this.#onHurry?.(reason);
  }

  /** The time that `wake` asked for has come. */
  woken(): void {
    const work = this.#wakeWork;
    this.wakeTime = Infinity;
    this.#wakeWork = undefined;
    work?.();
  }

  delivered(delivery: Delivery): void {
    if (this.#current && !this.closed) this.#deliver?.(delivery);
  }

  /** The client has gone, or cannot be given its answer. */
  lost(): void {
    if (this.closed) return;
    this.#close();
    this.intake.abort();
    this.onClosed?.();
  }

  #close(): void {
    this.closed = true;
    this.wakeTime = Infinity;
    this.#unwatch?.();
    if (this.#filter !== undefined) this.hub.unsubscribe(this.#filter);
  }

  #send(bytes: Uint8Array): boolean {
    if (this.closed) return false;
    if (this.line.wire.send(bytes)) {
      this.line.sent();
      return true;
    }
    this.abort();
    return false;
  }
}

/** True when the client wants to keep the connection (RFC 9112 §9.3). */
function isPersistent({ fields, minor }: RequestHead): boolean {
  const connection = fields.get("connection");
  if (connection === undefined) return minor === 1;
  const options = connection.toLowerCase().split(",").map((each) => each.trim());
  if (options.includes("close")) return false;
  return minor === 1 || options.includes("keep-alive");
}
