import type { Publication, Qos } from "../../protocols/publication.ts";
import { viaOf } from "../../protocols/trail.ts";
import type { Log } from "../log.ts";
import type { BridgeEnd } from "./bridge_end.ts";
import type { Outbound } from "./bridge_queue.ts";
import { remap } from "./routes.ts";
import type { Upstream, UpstreamMessage, UpstreamSession } from "./upstream.ts";

/** Bytes written that have not left, above which no more are written: some round trips' worth. */
const WRITTEN_BYTES = 256 << 10;
/** Bytes of a PUBLISH beside its topic, payload and properties: at most 13, and some to spare. */
const PACKET_OVERHEAD_BYTES = 16;

/**
 * Sends to the upstream during one connection: what waits in the queue, then what is stored here.
 */
export class BridgeOutput {
  sent = 0;
  readonly #upstream: Upstream;
  readonly #end: BridgeEnd;
  readonly #session: UpstreamSession;
  readonly #log: Log;
  readonly #window: number;
  #stored: IterableIterator<Outbound> | undefined;
  /** A stored value for which there was no room. */
  #held: Outbound | undefined;

  constructor(
    upstream: Upstream,
    end: BridgeEnd,
    { session, storedToo, log }: { session: UpstreamSession; storedToo: boolean; log: Log },
  ) {
    this.#upstream = upstream;
    this.#end = end;
    this.#session = session;
    this.#log = log;
    this.#window = Math.min(session.receiveMaximum, end.limits.maxInflight);
    if (storedToo) this.#stored = storedOf(end);
  }

  /** Sends what waits, as far as the upstream has room; then what is stored here. */
  pump(): void {
    const { queue } = this.#end;
    while (queue.waiting > 0 && this.#hasRoom) this.#send(queue.shift()!);
    while (this.#stored !== undefined && this.#hasRoom) {
      const value = this.#takeHeld() ?? this.#stored.next().value;
      if (value === undefined) this.#stored = undefined;
      else if (queue.push(value)) this.#send(queue.shift()!);
      else if (queue.size === 0 && !queue.failing) this.#end.drop();
      else {
        this.#held = value;
        return;
      }
    }
  }

  /** The value that had to wait, unless its topic has another by now: that has been sent, or waits. */
  #takeHeld(): Outbound | undefined {
    const held = this.#held, { retained, clock } = this.#end.space;
    this.#held = undefined;
    const current = held && retained.get(held.publication.topic, clock.now());
    return current === held?.publication ? held : undefined;
  }

  get #hasRoom(): boolean {
    return this.#end.session === this.#session && this.#end.queue.underWay < this.#window &&
      this.#upstream.queuedBytes < WRITTEN_BYTES;
  }

  #send(outbound: Outbound): void {
    const end = this.#end, { space, queue } = end;
    const message = this.#messageOf(outbound, space.clock.now());
    if (message === undefined) {
      queue.settle(outbound);
      return end.drop();
    }
    if (this.#session.version === "3.1.1" && end.routes.bringsIn(message.topic)) {
      end.echoes.expect(message.topic, message.payload, space.clock.now());
    }
    this.sent++;
    this.#upstream.publish(message, (error) => {
      if (error !== undefined) this.#refused(outbound, error);
      if (outbound.qos === 0) return;
      queue.settle(outbound);
      end.wake();
    });
  }

  #refused({ topic }: Outbound, error: Error): void {
    this.#end.drop();
    this.#log.debug("upstream refused a message", { bridge: this.#end.name, topic, error });
  }

  /** The message as the upstream takes it; undefined when it has expired or is too large. */
  #messageOf(outbound: Outbound, now: number): UpstreamMessage | undefined {
    const session = this.#session, { topic } = outbound;
    const { payload, contentType, properties, time } = this.#named(outbound.publication);
    const age = Math.floor((now - time) / 1000);
    const expirySeconds = properties?.expirySeconds && properties.expirySeconds - age;
    if (expirySeconds !== undefined && expirySeconds <= 0) return undefined;
    let most = PACKET_OVERHEAD_BYTES + payload.length + mostBytesOf(topic) +
      mostBytesOf(contentType) + mostBytesOf(properties?.responseTopic) +
      (properties?.correlationData?.length ?? 0);
    for (const [name, value] of properties?.userProperties ?? []) {
      most += mostBytesOf(name) + mostBytesOf(value);
    }
    if (most > session.maximumPacketBytes) return undefined;
    return {
      topic,
      payload,
      // An upstream that knows no QoS 2 gets QoS 1.
      qos: Math.min(outbound.qos, session.maximumQos) as Qos,
      retain: outbound.retain && session.retainAvailable,
      contentType,
      properties: properties && { ...properties, expirySeconds },
    };
  }

  /** Adds the trail that a message lacks which was stored before there was a bridge. */
  #named(publication: Publication): Publication {
    if (this.#session.version !== "5" || viaOf(publication) !== undefined) return publication;
    const named = this.#end.space.trail.pass(publication);
    return typeof named === "string" ? publication : named;
  }
}

/** The most bytes that a text takes: three a character (UTF-8), and five around a property. */
function mostBytesOf(text: string | undefined): number {
  return text === undefined ? 0 : 3 * text.length + 5;
}

/** The stored values that the routes carry. */
function* storedOf(end: BridgeEnd): IterableIterator<Outbound> {
  const { space, routes } = end;
  const done = new Set<string>();
  for (const { filter } of routes.out) {
    // Routes may overlap, or be one and the same filter.
    if (done.has(filter)) continue;
    done.add(filter);
    for (const publication of space.retained.matching(filter, space.clock.now())) {
      for (const { topic, qos } of remap(routes.out, publication.topic)) {
        const lower = publication.qos < qos ? publication.qos : qos;
        yield { publication, topic, qos: lower, retain: true };
      }
    }
  }
}
