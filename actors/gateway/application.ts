import { Publication, type PublicationOptions } from "../../protocols/publication.ts";
import type { Hub, Outcome } from "../../protocols/session.ts";
import { faultOfTopic } from "../../protocols/topic.ts";
import { addDnsHandler, type DnsHandler } from "../dns/handler.ts";
import { insider } from "../space/member.ts";
import type { Space } from "../space/space.ts";
import type { Supervisor } from "../supervisor.ts";
import { type MessageHandler, subscribe } from "./subscriber.ts";

const encoder = new TextEncoder();

/** The topic space as the program around the gateway uses it; no hook is asked about it. */
export class Application {
  readonly #hub: Hub;
  #handlers = 0;

  /** `supervisor` is above the actors of the handlers. */
  constructor(readonly space: Space, readonly supervisor: Supervisor) {
    this.#hub = insider(space, "library");
  }

  publish(topic: string, payload: string | Uint8Array, options: PublicationOptions): Outcome {
    const fault = faultOfTopic(topic);
    if (fault !== undefined) throw new TypeError(fault);
    const bytes = typeof payload === "string" ? encoder.encode(payload) : payload.slice();
    const time = options.time ?? Math.floor(this.space.clock.now());
    return this.#hub.publish(new Publication(topic, bytes, { ...options, time }));
  }

  retained(topic: string): Publication | undefined {
    return this.#hub.retained(topic);
  }

  subscribe<const Filter extends string>(
    filter: Filter,
    handler: MessageHandler<Filter>,
  ): () => void {
    const { space, supervisor } = this;
    return subscribe(filter, handler, { name: this.#nameOf(filter), space, supervisor });
  }

  dns(handler: DnsHandler): () => void {
    const { space, supervisor } = this;
    return addDnsHandler(handler, { name: this.#nameOf("dns"), space, supervisor });
  }

  /** Several handlers may have one filter, but no two actors one name. */
  #nameOf(what: string): string {
    return `${what} ${++this.#handlers}`;
  }
}
