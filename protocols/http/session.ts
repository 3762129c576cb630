import type { Delivery } from "../publication.ts";
import { type Hub, type OpenSession, ProtocolError, type Session, type Wire } from "../session.ts";
import { type Answer, respondText } from "./exchange.ts";
import { Intake } from "./intake.ts";
import { framingOf } from "./messages/body.ts";
import { encodeRefusal } from "./messages/encode.ts";
import { decodeHead } from "./messages/head.ts";
import type { Upgrade } from "./messages/message.ts";
import { type Line, OpenExchange } from "./open_exchange.ts";
import type { HttpOptions } from "./options.ts";
import { type HttpRules, rulesOf } from "./rules.ts";

/** HTTP/1.1 and HTTP/1.0 for a listener; `fallback` answers requests that nothing else does. */
export function http(options: HttpOptions = {}, fallback?: Answer): OpenSession {
  const rules = rulesOf(options, fallback);
  return (wire, hub, now) => new HttpSession(wire, hub, now, rules);
}

/** One HTTP connection: one request after the other, each answered before the next is read. */
export class HttpSession implements Session, Line {
  subscribed = false;
  /** True when the gateway stops: the present answer is the last. */
  ending = false;
  /** The present exchange, until its answer is complete and its request's body is read. */
  #exchange: OpenExchange | undefined;
  /** What is awaited while there is no exchange, and until when. */
  #phase: "idle" | "head" | "over" = "idle";
  #due: number;
  #stalledDue = Infinity;
  /** When a client that sends no more, and is told nothing, is taken for gone. */
  #goneDue = Infinity;
  #receiving = false;
  /** Bytes that the last `receive` left unused, and those of them in which no head ended. */
  #unused = 0;
  #seen = 0;
  /** True while the wire is paused because of this session. */
  #holding = false;
  #inputEnded = false;
  #requests = 0;

  constructor(
    readonly wire: Wire,
    readonly hub: Hub,
    public now: number,
    readonly rules: HttpRules,
  ) {
    this.#due = now + rules.limits.idleMs;
  }

  get label(): string {
    if (this.#exchange === undefined) return "http";
    const { method, path } = this.#exchange.request;
    return `http ${method.slice(0, 16)} ${path.slice(0, 80)}`;
  }

  get deadline(): number {
    const exchange = this.#exchange, due = Math.min(this.#stalledDue, this.#goneDue);
    if (exchange === undefined) return Math.min(this.#due, due);
    return Math.min(due, exchange.wakeTime, exchange.intake.due);
  }

  receive(bytes: Uint8Array, now: number): number {
    this.now = now;
    this.#receiving = true;
    let at = 0;
    try {
      at = this.#consume(bytes);
    } finally {
      this.#receiving = false;
    }
    this.#unused = bytes.length - at;
    this.#settle();
    return at;
  }

  #consume(bytes: Uint8Array): number {
    let at = 0;
    while (this.#phase !== "over") {
      const before = at, exchange = this.#exchange;
      if (exchange !== undefined) at = this.#feed(exchange, bytes, at);
      else if (at < bytes.length && !this.#blocked) at = this.#head(bytes, at);
      if (at === before && this.#exchange === exchange) break;
    }
    return at;
  }

  /** True while no request may begin, because there is no room for its answer or its message. */
  get #blocked(): boolean {
    return this.wire.paused || this.wire.full;
  }

  #head(bytes: Uint8Array, at: number): number {
    const view = at === 0 ? bytes : bytes.subarray(at), { limits } = this.rules;
    const found = decodeHead(view, limits, this.#seen);
    this.#seen = found === undefined ? view.length : 0;
    if (found === undefined) return at;
    const [request, length] = found, framing = framingOf(request);
    this.#phase = "idle";
    this.#exchange = new OpenExchange(request, new Intake(framing, limits), this);
    if (++this.#requests >= limits.keptRequests) this.#exchange.closes = true;
    if (this.#inputEnded) this.#exchange.hurry("input ended");
    this.hub.count("http.requests");
    this.#answer(this.#exchange);
    return at + length;
  }

  #answer(exchange: OpenExchange): void {
    const { request, intake } = exchange, { upgrade, answer } = this.rules;
    // Not in HTTP/1.0 (RFC 9110 §7.8), nor with a body: the next protocol would read it as its own.
    if (upgrade && request.minor === 1 && intake.done && request.fields.has("upgrade")) {
      const next = upgrade(request, this.wire, this.hub, this.now);
      if (next !== undefined) return this.#switch(exchange, next);
    }
    answer(exchange, this.now);
  }

  #switch(exchange: OpenExchange, next: NonNullable<ReturnType<Upgrade>>): void {
    if ("ask" in next) {
      return next.ask((refusal, now) => {
        if (!exchange.closed) this.#switch(exchange, refusal ?? next.open(now));
      });
    }
    if ("status" in next) return exchange.respond(next, next.body);
    this.#exchange = undefined;
    this.#over();
    this.wire.upgrade(next);
    if (this.#holding) this.wire.resume();
  }

  #feed(exchange: OpenExchange, bytes: Uint8Array, at: number): number {
    if (this.wire.paused) return at;
    const { intake } = exchange, next = intake.feed(bytes, at, this.now);
    if (this.#exchange !== exchange) return next;
    if (intake.overrun) this.tooLarge(intake.maxBytes);
    else if (intake.done && exchange.closed) this.#next();
    return next;
  }

  answered(): void {
    const { intake, closes } = this.#exchange!;
    if (closes || this.ending) return this.hangUp();
    if (intake.done) return this.#next();
    if (!intake.cheap) return this.hangUp();
    intake.discard(this.now);
    this.release();
  }

  /** The exchange is complete: goes on to the next request. */
  #next(): void {
    this.#exchange = undefined;
    this.release();
  }

  /** After every `receive`: decides what to wait for, and for how long. */
  #settle(): void {
    const exchange = this.#exchange;
    if (this.#phase === "over") return;
    const waiting = exchange === undefined ? this.wire.full : !exchange.intake.open;
    if (waiting && this.#unused > this.rules.limits.pipelinedBytes) this.hold();
    const blocked = this.#unused > 0 && this.#blocked;
    const isLast = this.#inputEnded && !blocked;
    if (isLast && (exchange === undefined || exchange.intake.open)) return this.hangUp();
    if (exchange !== undefined) return;
    if (this.#unused === 0) {
      this.#phase = "idle";
      this.#due = this.now + this.rules.limits.idleMs;
    } else if (this.#phase === "idle") {
      this.#phase = "head";
      this.#due = this.now + this.rules.limits.headMs;
    }
  }

  tooLarge(maxBytes: number): void {
    const exchange = this.#exchange!;
    exchange.intake.abort();
    if (exchange.begun) return this.hangUp();
    exchange.closes = true;
    respondText(exchange, 413, `Cannot take the body: the limit is ${maxBytes} bytes`);
  }

  hold(): void {
    this.#holding = true;
    this.wire.pause();
  }

  release(): void {
    if (this.#phase === "over") return;
    if (this.#holding || (this.#unused > 0 && !this.#receiving)) {
      this.#holding = false;
      this.wire.resume();
    } else if (!this.#receiving) this.#settle();
  }

  sent(): void {
    const due = this.now + this.rules.limits.stalledMs;
    if (this.wire.full && this.#stalledDue === Infinity) this.#stalledDue = due;
    if (this.#inputEnded) this.#goneDue = due;
  }

  hangUp(): void {
    if (this.#phase === "over") return;
    this.#over();
    this.wire.close();
  }

  #over(): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#phase = "over";
    this.#due = this.#stalledDue = this.#goneDue = Infinity;
    exchange?.lost();
  }

  deliver(delivery: Delivery, now: number): void {
    this.now = now;
    this.#exchange?.delivered(delivery);
  }

  signal(signal: unknown, now: number): void {
    this.now = now;
    if (typeof signal === "function") signal();
  }

  drained(now: number): void {
    this.now = now;
    this.#stalledDue = Infinity;
    const exchange = this.#exchange;
    if (exchange !== undefined && !exchange.closed) exchange.onDrained?.();
    else this.release();
  }

  refuse({ code, message }: ProtocolError, now: number): void {
    this.now = now;
    this.hub.count("http.refused");
    // Behind an answer that has begun, this would be taken for the answer to the next request.
    if (this.#exchange?.begun !== true && this.#phase !== "over") {
      this.wire.send(encodeRefusal(code >= 400 && code < 600 ? code : 400, message, now));
    }
    this.#over();
  }

  tick(now: number): void {
    this.now = now;
    if (now >= this.#stalledDue) {
      if (!this.wire.full) return void (this.#stalledDue = Infinity);
      this.hub.count("http.stalled");
      return this.hangUp();
    }
    if (now >= this.#goneDue) return this.hangUp();
    const exchange = this.#exchange;
    if (exchange === undefined) return this.#late();
    if (now >= exchange.wakeTime) exchange.woken();
    if (this.#exchange !== exchange || now < exchange.intake.due) return;
    if (this.wire.paused) return exchange.intake.restart(now);
    this.#fail("Cannot wait any longer for the body: it comes too slowly");
  }

  #late(): void {
    if (this.now < this.#due) return;
    if (this.#phase !== "head") return this.hangUp();
    if (this.#blocked) this.#due = this.now + this.rules.limits.headMs;
    else this.#fail("Cannot wait any longer for the header");
  }

  #fail(message: string): void {
    this.refuse(new ProtocolError(message, 408), this.now);
    this.wire.close();
  }

  unstored(now: number): void {
    if (this.#exchange === undefined) this.#phase = "idle";
    this.refuse(new ProtocolError("Cannot publish: the store cannot be written", 503), now);
  }

  revoked(now: number): void {
    this.ended(now);
  }

  shutdown(now: number): void {
    this.now = now;
    this.ending = true;
    const exchange = this.#exchange;
    if (exchange === undefined || exchange.closed) return this.hangUp();
    exchange.hurry("stopping");
  }

  inputEnded(now: number): void {
    this.now = now;
    this.#inputEnded = true;
    this.sent();
    this.#exchange?.hurry("input ended");
    this.#settle();
  }

  ended(now: number): void {
    this.now = now;
    this.#over();
  }
}
