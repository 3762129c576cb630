import { copy } from "../../bytes.ts";
import { Refusal } from "../../identity.ts";
import { type Delivery, type Encoder, Publication, type Qos } from "../../publication.ts";
import { Replay } from "../../replay.ts";
import { faultOfTopic } from "../../topic.ts";
import { closeCodes } from "../frames/codes.ts";
import type { WebSocketLimits } from "../limits.ts";
import { ask, type Link, type Mode } from "../mode.ts";
import { PublicationMode } from "./publication_mode.ts";

/** What the path and query of a WebSocket without a subprotocol ask for. */
interface RawOptions {
  /** A topic; or a filter with wildcards, to which nothing can be published. */
  filter: string;
  /** The QoS of its publications, and the highest of its deliveries. */
  qos: Qos;
  /** Encodes the frames that are sent to it. */
  encoder: Encoder;
  limits: WebSocketLimits;
}

/** Without a subprotocol, every message is a publication to one topic, and the other way round. */
export class RawMode extends PublicationMode<undefined> implements Mode {
  readonly label: string;
  readonly deadline = Infinity;
  readonly #topic: string;
  readonly #fault: string | undefined;
  readonly #qos: Qos;
  readonly #encoder: Encoder;

  constructor(link: Link, { filter, qos, encoder, limits }: RawOptions) {
    super(link, limits);
    this.label = `topic ${filter}`;
    this.#topic = filter;
    this.#fault = faultOfTopic(filter, limits.maxTopicLevels);
    this.#qos = qos;
    this.#encoder = encoder;
    this.values.add(new Replay(link.hub, filter, this.follow(filter, qos)), undefined);
  }

  data(bytes: Uint8Array, last: boolean, now: number): number {
    const message = this.assembly.add(bytes, last);
    if (message !== undefined) {
      this.#publish(message, now);
      this.rest();
    }
    return bytes.length;
  }

  #publish(message: Uint8Array, now: number): void {
    const { hub } = this.link;
    if (this.#fault !== undefined) {
      return this.link.close(closeCodes.policyViolation, this.#fault, now);
    }
    // The payload is a view of the read buffer, which the next read reuses.
    const publication = new Publication(this.#topic, copy(message), {
      qos: this.#qos,
      time: Math.floor(now),
      origin: hub.self,
    });
    const { guard, identity } = hub;
    if (guard === undefined) return this.#route(publication, now);
    ask<Publication | Refusal>(
      this.link,
      (decided) => guard.publish(publication, identity, decided),
      (answer, now) => {
        if (!(answer instanceof Refusal)) return this.#route(answer, now);
        this.link.close(closeCodes.policyViolation, answer.reason, now);
      },
    );
  }

  #route(publication: Publication, now: number): void {
    const { hub } = this.link, outcome = hub.publish(publication);
    if (outcome === "closing") return this.shutdown(now);
    if (outcome === "reserved") {
      const reason = "Only the gateway itself publishes to this topic";
      return this.link.close(closeCodes.policyViolation, reason, now);
    }
    // Messages have no answers here, so the loss can only be counted.
    if (outcome === "overloaded") hub.count("websocket.refused");
  }

  deliver({ publication }: Delivery): void {
    this.show(publication);
  }

  protected override show(publication: Publication): void {
    this.send(publication, this.#encoder);
  }

  tick(): void {}
}
