import type { Encoder, Publication, Qos } from "../../publication.ts";
import type { Subscription } from "../../session.ts";
import { TURN_WORK } from "../../traffic.ts";
import { Assembly } from "../frames/assembly.ts";
import { closeCodes } from "../frames/codes.ts";
import type { WebSocketLimits } from "../limits.ts";
import type { Link } from "../mode.ts";
import { RetainedValues } from "./retained.ts";

/**
 * What modes whose messages are publications have in common; `Request` is what asked for a value.
 */
export abstract class PublicationMode<Request> {
  readonly congested = false;
  protected readonly assembly: Assembly;
  protected readonly values: RetainedValues<Request>;
  #work = 0;

  constructor(protected readonly link: Link, limits: WebSocketLimits) {
    this.assembly = new Assembly(limits);
    this.values = new RetainedValues(
      link,
      (value, request, isPast) => this.show(value, request, isPast),
    );
  }

  /** Sends what was there before the subscription: a value, or a message of the past. */
  protected abstract show(value: Publication, request: Request, isPast: boolean): void;

  /** Subscribes to as much of `filter` as hooks let the client see. */
  protected follow(filter: string, qos: Qos): Subscription {
    const { hub } = this.link, { guard, identity } = hub;
    const subscription = { qos, screen: guard?.screen(filter, identity) };
    hub.subscribe(filter, subscription);
    guard?.subscribed(identity, filter, qos);
    return subscription;
  }

  protected send(publication: Publication, encoder: Encoder): void {
    const { traffic } = this.link.hub;
    traffic.publishSent++;
    traffic.publishBytesSent += publication.payload.length;
    this.link.send(publication.encode(encoder));
  }

  frame(text: boolean, length: number, final: boolean): void {
    this.assembly.frame(text, length, final);
  }

  /** Gives others a turn before the next message, after messages that were much work. */
  protected rest(): void {
    const { link } = this, { self, traffic } = link.hub;
    // While hooks are asked nothing is read anyway.
    if (link.held || traffic.work < this.#work + TURN_WORK) return;
    this.#work = traffic.work;
    link.hold();
    if (!self.post(() => link.release())) link.release();
  }

  signal(signal: unknown): void {
    if (typeof signal === "function") signal();
  }

  drained(): void {
    this.values.run();
  }

  overloaded(): void {}

  shutdown(now: number): void {
    this.link.close(closeCodes.goingAway, "The gateway is shutting down", now);
  }

  ended(): void {
    this.values.stop();
  }
}
