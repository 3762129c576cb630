import { accepts } from "@std/http/negotiation";
import { envelope } from "../../envelope.ts";
import { historyLimits } from "../../history.ts";
import { Delivery, type Encoder, type Publication, type Qos } from "../../publication.ts";
import { TURN_STEPS } from "../../replay.ts";
import type { Subscription } from "../../session.ts";
import { faultOfFilter } from "../../topic.ts";
import { type Exchange, respondText } from "../exchange.ts";
import type { HttpLimits } from "../limits.ts";
import type { RequestHead } from "../messages/message.ts";
import { ifAllowed } from "../permission.ts";
import { faultOfQos, qosOf } from "./publishing.ts";
import { entityTag } from "./state.ts";

const encoder = new TextEncoder();

const EVENTS = "text/event-stream";
/** Tells browsers to wait 2 s before they connect again: no burst, and hardly a gap. */
const RETRY = encoder.encode("retry: 2000\n\n");
/** A comment, which keeps proxies from closing the stream and shows when the client has gone. */
const ALIVE = encoder.encode(":\n\n");

/** True when a request asks for server-sent events. */
export function wantsEvents({ fields }: RequestHead): boolean {
  const wanted = fields.get("accept");
  if (wanted === undefined || !wanted.includes("event-stream")) return false;
  return accepts({ headers: fields }, "text/plain", EVENTS) === EVENTS;
}

/** Answers with events: the stored values that `filter` selects, and then each message. */
export function follow(exchange: Exchange, filter: string, limits: HttpLimits): void {
  const fault = faultOfFilter(filter, limits.topicLevels);
  if (fault !== undefined) return respondText(exchange, 400, fault);
  const qos = qosOf(exchange.request);
  if (qos === undefined) return respondText(exchange, 400, faultOfQos(exchange.request));
  const access = { action: "subscribe", topic: filter, qos, retain: false } as const;
  ifAllowed(exchange, access, () => begin(exchange, filter, { qos, limits }));
}

function begin(
  exchange: Exchange,
  filter: string,
  { qos, limits }: { qos: Qos; limits: HttpLimits },
): void {
  const { request } = exchange;
  const fields = [
    ["content-type", EVENTS],
    ["cache-control", "no-cache"],
    ["vary", "accept"],
    // Without it, proxies of the nginx family hold events back.
    ["x-accel-buffering", "no"],
  ] as const;
  // Without chunks all followers share the same bytes, and a stream ends with its connection
  // anyway.
  exchange.begin({ status: 200, fields }, "until closed");
  if (request.method === "HEAD") return exchange.end();
  new EventStream(exchange, qos, limits).start(filter, request.fields.get("last-event-id"));
}

class EventStream {
  #lastSent: number;
  #values: Iterator<Publication | undefined> | undefined;
  #isResting = false;
  /** The newest event that the client saw before it lost its connection. */
  #seen: string | undefined;

  constructor(readonly exchange: Exchange, readonly qos: Qos, readonly limits: HttpLimits) {
    this.#lastSent = exchange.now;
  }

  start(filter: string, seen: string | undefined): void {
    const { exchange } = this;
    exchange.onDrained = () => this.#sendValues();
    exchange.write(RETRY);
    if (exchange.closed) return;
    const { qos } = this, { guard, identity } = exchange.hub;
    exchange.watchLogin(() => exchange.end());
    const subscription = { qos, screen: guard?.screen(filter, identity) };
    exchange.follow(filter, subscription, (delivery) => this.#send(delivery));
    guard?.subscribed(identity, filter, qos);
    if (seen === undefined || !this.#resume(filter, subscription, seen)) {
      this.#seen = seen;
      this.#values = exchange.hub.retainedMatching(filter, subscription);
    }
    this.#sendValues();
    this.#keepAlive();
    // Last, because there may be a reason already: what is stored has been sent by then.
    exchange.onHurry = () => exchange.end();
  }

  /** Sends what came after the last event that the client saw; false where no past is kept. */
  #resume(filter: string, subscription: Subscription, seen: string): boolean {
    const since = parseInt(seen, 36), { hub } = this.exchange;
    if (!/^[0-9a-z]{1,11}-/.test(seen)) return false;
    const question = { since, limit: historyLimits.most };
    const past = hub.history?.(filter, question, subscription);
    if (past === undefined) return false;
    const missed = past.slice(past.findIndex((each) => eventId(each) === seen) + 1);
    for (const each of missed) {
      this.#send(new Delivery(each, Math.min(each.qos, this.qos) as Qos, false, undefined));
    }
    return true;
  }

  /** Stored values are read only as fast as the client reads: there may be a million. */
  #sendValues(): void {
    for (let left = TURN_STEPS; this.#values !== undefined && !this.#isResting; left--) {
      if (left === 0 && this.#rest()) return;
      const { value, done } = this.#values.next();
      if (done) this.#values = undefined;
      else if (value !== undefined && (!this.#seen || eventId(value) !== this.#seen)) {
        const qos = Math.min(value.qos, this.qos) as Qos;
        if (!this.#send(new Delivery(value, qos, true, undefined))) return;
      }
    }
  }

  /** Lets others have a turn before it looks further; false when that cannot be. */
  #rest(): boolean {
    return this.#isResting = this.exchange.post(() => {
      this.#isResting = false;
      if (!this.exchange.closed) this.#sendValues();
    });
  }

  #send(delivery: Delivery): boolean {
    const { exchange } = this, { traffic } = exchange.hub;
    this.#lastSent = exchange.now;
    traffic.publishSent++;
    traffic.publishBytesSent += delivery.publication.payload.length;
    return exchange.write(encodeEvent(delivery));
  }

  #keepAlive(): void {
    const { exchange, limits } = this;
    const due = this.#lastSent + limits.eventsMs;
    if (due > exchange.now) return exchange.wake(due, () => this.#keepAlive());
    this.#lastSent = exchange.now;
    exchange.write(ALIVE);
    exchange.wake(exchange.now + limits.eventsMs, () => this.#keepAlive());
  }
}

/** One encoder for each QoS and retain flag: nothing else differs between two followers. */
const encoders: readonly Encoder[] = ([0, 1, 2] as const).flatMap((qos) =>
  [false, true].map((retain) => (publication: Publication) =>
    encoder.encode(
      `id: ${eventId(publication)}\ndata: ${
        envelope(new Delivery(publication, qos, retain, undefined))
      }\n\n`,
    )
  )
);

function encodeEvent({ publication, qos, retain }: Delivery): Uint8Array {
  return publication.encode(encoders[qos * 2 + (retain ? 1 : 0)]!);
}

function eventId(publication: Publication): string {
  return `${publication.time.toString(36)}-${entityTag(publication).slice(1, -1)}`;
}
