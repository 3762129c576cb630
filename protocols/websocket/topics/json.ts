import { envelope } from "../../envelope.ts";
import { Refusal } from "../../identity.ts";
import { Delivery, type Encoder, Publication, type Qos } from "../../publication.ts";
import { type Period, Replay } from "../../replay.ts";
import { filterBytes } from "../../topic.ts";
import { encodeFrame } from "../frames/codec.ts";
import { opcodes } from "../frames/codes.ts";
import type { WebSocketLimits } from "../limits.ts";
import { ask, type Link, type Mode } from "../mode.ts";
import { type Operation, type OperationId, type Publish, readOperation } from "./operation.ts";
import { PublicationMode } from "./publication_mode.ts";
import { Replies } from "./replies.ts";

/** How a WebSocket of the subprotocol `json` begins. */
interface JsonOptions {
  /** The filter that its path names, to which it is subscribed from the start. */
  filter?: string;
  /** The highest QoS of that subscription. */
  qos: Qos;
  limits: WebSocketLimits;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function textFrame(text: string): Uint8Array {
  return encodeFrame(opcodes.text, encoder.encode(text));
}

/** One encoder for each QoS and retain flag, so that those who get the same share its bytes. */
const envelopeFrames: readonly Encoder[] = [0, 1, 2, 3, 4, 5].map((index) => {
  const qos = (index >> 1) as Qos;
  const retain = (index & 1) === 1;
  return (publication) => textFrame(envelope(new Delivery(publication, qos, retain, undefined)));
});

/**
 * The subprotocol `json`: every message is a JSON object, an operation, an answer or a delivery.
 */
export class JsonMode extends PublicationMode<Qos> implements Mode {
  readonly label = "json";
  readonly #limits: WebSocketLimits;
  readonly #filters = new Set<string>();
  #filterBytes = 0;
  readonly #replies: Replies;

  constructor(link: Link, { filter, qos, limits }: JsonOptions) {
    super(link, limits);
    this.#limits = limits;
    this.#replies = new Replies(link.hub);
    if (filter !== undefined) this.#subscribe(filter, qos);
  }

  data(bytes: Uint8Array, last: boolean, now: number): number {
    const message = this.assembly.add(bytes, last);
    if (message === undefined) return bytes.length;
    if (this.assembly.text) {
      this.#do(readOperation(decoder.decode(message), this.#limits, now), now);
    } else this.#error(undefined, "Cannot read a binary frame: send JSON in text frames");
    return bytes.length;
  }

  #do(operation: Operation, now: number): void {
    const { op, id } = operation;
    if (op === "fault") return this.#error(id, operation.reason);
    if (op === "publish") {
      this.#publish(operation, now);
      return this.rest();
    }
    const { filter } = operation;
    if (op === "unsubscribe") {
      if (this.#filters.delete(filter)) {
        this.#filterBytes -= filterBytes(filter);
        this.link.hub.unsubscribe(filter);
        this.values.remove(filter);
      }
      return this.#acknowledge(id);
    }
    const { maxSubscriptions, maxSubscriptionBytes } = this.#limits;
    const isNew = !this.#filters.has(filter), bytes = this.#filterBytes + filterBytes(filter);
    if (isNew && (this.#filters.size >= maxSubscriptions || bytes > maxSubscriptionBytes)) {
      const most = `${maxSubscriptions} subscriptions, or ${maxSubscriptionBytes} bytes of them`;
      return this.#error(id, `Cannot have more than ${most}`);
    }
    const { qos, since } = operation, { guard, identity } = this.link.hub;
    const allowed = () => {
      this.#acknowledge(id);
      this.#subscribe(filter, qos, since === undefined ? undefined : { since, until: now });
    };
    if (guard === undefined) return allowed();
    const access = { action: "subscribe", identity, topic: filter, qos, retain: false } as const;
    ask<Refusal | undefined>(
      this.link,
      (decided) => guard.authorize(access, decided),
      (refusal) => refusal ? this.#error(id, refusal.reason) : allowed(),
    );
  }

  #subscribe(filter: string, qos: Qos, period?: Period): void {
    if (!this.#filters.has(filter)) this.#filterBytes += filterBytes(filter);
    this.#filters.add(filter);
    const subscription = this.follow(filter, qos);
    this.values.add(new Replay(this.link.hub, filter, subscription, { period }), qos);
  }

  #publish({ id, topic, payload, replyMs, ...options }: Publish, now: number): void {
    const { hub } = this.link;
    const { maxRequests } = this.#limits;
    if (replyMs !== undefined && this.#replies.size >= maxRequests) {
      return this.#error(id, `Cannot wait for more than ${maxRequests} replies`);
    }
    const properties = replyMs === undefined ? undefined : this.#replies.expect(id!, replyMs, now);
    const publication = new Publication(topic, payload, {
      ...options,
      properties,
      time: Math.floor(now),
      origin: hub.self,
    });
    const { guard, identity } = hub;
    if (guard === undefined) return this.#route(publication, id);
    ask<Publication | Refusal>(
      this.link,
      (decided) => guard.publish(publication, identity, decided),
      (answer) => {
        if (!(answer instanceof Refusal)) return this.#route(answer, id);
        if (properties !== undefined) this.#replies.take(properties.responseTopic!);
        this.#error(id, answer.reason);
      },
    );
  }

  #route(publication: Publication, id: OperationId): void {
    const responseTopic = publication.properties?.responseTopic;
    const isRequest = responseTopic !== undefined && this.#replies.owns(responseTopic);
    const fault = faultOf(this.link.hub.publish(publication), isRequest);
    if (fault !== undefined) {
      if (isRequest) this.#replies.take(responseTopic);
      return this.#error(id, `Cannot publish to "${publication.topic}": ${fault}`);
    }
    if (!isRequest) this.#acknowledge(id);
  }

  #acknowledge(id: OperationId): void {
    if (id !== undefined) this.link.send(textFrame(JSON.stringify({ op: "ack", id })));
  }

  #error(id: OperationId, reason: string): void {
    this.link.send(textFrame(JSON.stringify({ op: "error", id, reason })));
  }

  deliver(delivery: Delivery): void {
    const { publication, qos, retain } = delivery;
    if (!this.#replies.owns(publication.topic)) return this.#send(publication, qos, retain);
    const pending = this.#replies.take(publication.topic);
    if (pending === undefined) return;
    const id = JSON.stringify(pending.id);
    this.link.send(textFrame(`{"op":"reply","id":${id},${envelope(delivery).slice(1)}`));
  }

  #send(publication: Publication, most: Qos, retain: boolean): void {
    const qos = Math.min(publication.qos, most);
    this.send(publication, envelopeFrames[qos << 1 | Number(retain)]!);
  }

  protected override show(value: Publication, most: Qos, isPast: boolean): void {
    this.#send(value, most, !isPast);
  }

  get deadline(): number {
    return this.#replies.deadline;
  }

  tick(now: number): void {
    for (const { id, waitMs } of this.#replies.expire(now)) {
      this.#error(id, `No reply within ${waitMs / 1000} s`);
    }
  }
}

function faultOf(outcome: string, isRequest: boolean): string | undefined {
  if (outcome === "overloaded") return "all who subscribe to it are overloaded";
  if (outcome === "closing") return "the gateway is shutting down";
  if (outcome === "reserved") return "only the gateway itself publishes there";
  return isRequest && outcome === "unmatched" ? "nobody is there to reply" : undefined;
}
