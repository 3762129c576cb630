import type { BridgeOptions } from "../../../actors/bridge/bridge_options.ts";
import type { Bridge } from "../../../actors/bridge/bridges.ts";
import type { Gateway } from "../../../actors/gateway/gateway.ts";
import { silent } from "../../../actors/log.ts";
import { gateway, MemoryTransport, mqtt } from "../../../mod.ts";
import type { Publication } from "../../../protocols/publication.ts";

/** Test options: nothing may be left behind. */
export const strict = { sanitizeOps: true, sanitizeResources: true };

/** A gateway that others reach in memory, and what it heard. */
export class Place {
  readonly hub: Gateway = gateway({ log: silent });
  readonly heard: string[] = [];
  readonly messages: Publication[] = [];
  readonly #transport = new MemoryTransport();
  #wanted: { count: number; resolve: () => void } | undefined;
  #listening = this.hub.listen(this.#transport, mqtt());
  /** False while nobody can connect. */
  open = true;
  #streams: { close(): void }[] = [];

  constructor({ deaf = false } = {}) {
    if (deaf) return;
    this.hub.subscribe("#", (message) => {
      this.heard.push(`${message.topic} ${message.text()}`);
      this.messages.push(message);
      if (this.heard.length === this.#wanted?.count) this.#wanted.resolve();
    });
  }

  /** A bridge from here to `upstream`. */
  bridge(upstream: Place, options: Partial<BridgeOptions> = {}): Bridge {
    return this.hub.bridge({
      name: "next",
      url: "mqtt://memory",
      dial: () => upstream.dial(),
      routes: [{ direction: "both", filter: "#", qos: 2 }],
      limits: { retryMinMs: 5, retryMaxMs: 20, ...options.limits },
      ...options,
    });
  }

  async dial() {
    await this.#listening.ready;
    if (!this.open) throw new Error("Cannot connect: it is closed");
    const stream = this.#transport.connect();
    this.#streams.push(stream);
    return stream;
  }

  /** Cuts all connections. */
  cut(): void {
    for (const stream of this.#streams.splice(0)) stream.close();
  }

  /** Resolves once so many messages were heard. */
  hears(count: number): Promise<void> {
    const wanted = Promise.withResolvers<void>();
    if (this.heard.length >= count) wanted.resolve();
    else this.#wanted = { count, resolve: wanted.resolve };
    return wanted.promise;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.hub.stop();
  }
}

/** Resolves when the state of a bridge, as it is retained, is `state`. */
export function becomes(place: Place, state: string, name = "next"): Promise<void> {
  return new Promise((resolve) => {
    const end = place.hub.subscribe(`$bridge/${name}/state`, (message) => {
      if (message.text() !== state) return;
      queueMicrotask(end);
      resolve();
    });
  });
}
