import { copy } from "../bytes.ts";
import { type Delivery, type Encoder, Publication, type Qos } from "../publication.ts";
import { faultOfTopic } from "../topic.ts";
import { Assembly } from "./assembly.ts";
import { closeCodes } from "./codes.ts";
import type { WebSocketLimits } from "./limits.ts";
import type { Link, Mode } from "./mode.ts";
import { RetainedValues } from "./retained.ts";

/** What a WebSocket without a subprotocol asks for in its path and query. */
export interface RawOptions {
  /** A topic, or a filter with wildcards to read from only. */
  filter: string;
  /** Of what it publishes, and the most that is delivered to it. */
  qos: Qos;
  /** Makes the frames that are sent to it. */
  encoder: Encoder;
  limits: WebSocketLimits;
}

/** Every message is a publication on one topic, and every publication there is a message. */
export class RawMode implements Mode {
  readonly label: string;
  readonly deadline = Infinity;
  readonly congested = false;
  readonly #link: Link;
  readonly #topic: string;
  readonly #fault: string | undefined;
  readonly #qos: Qos;
  readonly #encoder: Encoder;
  readonly #assembly: Assembly;
  readonly #values: RetainedValues<undefined>;

  constructor(link: Link, { filter, qos, encoder, limits }: RawOptions) {
    this.label = `topic ${filter}`;
    this.#link = link;
    this.#topic = filter;
    this.#fault = faultOfTopic(filter, limits.maxTopicLevels);
    this.#qos = qos;
    this.#encoder = encoder;
    this.#assembly = new Assembly(limits);
    this.#values = new RetainedValues(link, (value) => this.#send(value));
    link.hub.subscribe(filter, { qos });
    this.#values.add(filter, undefined);
  }

  frame(text: boolean, length: number, final: boolean): void {
    this.#assembly.frame(text, length, final);
  }

  data(bytes: Uint8Array, last: boolean, now: number): number {
    const message = this.#assembly.add(bytes, last);
    if (message !== undefined) this.#publish(message, now);
    return bytes.length;
  }

  #publish(message: Uint8Array, now: number): void {
    const { hub } = this.#link;
    if (this.#fault !== undefined) {
      return this.#link.close(closeCodes.policyViolation, this.#fault, now);
    }
    const outcome = hub.publish(
      // The payload is a view of the read buffer, which the next read reuses.
      new Publication(this.#topic, copy(message), {
        qos: this.#qos,
        time: Math.floor(now),
        origin: hub.self,
      }),
    );
    if (outcome === "closing") return this.shutdown(now);
    // A raw frame has no answer in which the loss could be told.
    if (outcome === "overloaded") hub.count("websocket.refused");
  }

  deliver({ publication }: Delivery): void {
    this.#send(publication);
  }

  #send(publication: Publication): void {
    this.#link.send(publication.encode(this.#encoder));
  }

  tick(): void {}

  drained(): void {
    this.#values.run();
  }

  overloaded(): void {}

  shutdown(now: number): void {
    this.#link.close(closeCodes.goingAway, "The gateway is shutting down", now);
  }

  ended(): void {
    this.#values.stop();
  }
}
