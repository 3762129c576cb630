import type { Hub } from "../../session.ts";
import type { MqttLimits } from "../limits.ts";
import type { Broker } from "./broker.ts";
import type { Client } from "./client.ts";

/** One connection's hold on its client's session, or its wait for it. */
export class Tenure {
  /** The client's epoch when this connection began: deliveries of an earlier one are dropped. */
  epoch = 0;
  #waits = false;

  constructor(
    public client: Client,
    readonly broker: Broker,
    readonly hub: Hub,
  ) {}

  /** True while the session is this connection's. */
  get holds(): boolean {
    return this.client.inbox === this.hub.self;
  }

  /** True once the session is free, and this connection is the next to have it. */
  get isNext(): boolean {
    const { inbox, heirs } = this.client;
    return inbox === undefined && heirs?.[0] === this.hub.self;
  }

  /** Asks for the session; false when another connection has to leave it first. */
  claim(now: number): boolean {
    const { client, hub } = this;
    this.#waits = !this.broker.claim(client, hub.self, { now, hub });
    return !this.#waits;
  }

  /** Keeps a free session from others until `begin`, or `end`. */
  hold(): void {
    const { client, hub } = this;
    this.#waits = true;
    if (client.heirs?.[0] !== hub.self) (client.heirs ??= []).unshift(hub.self);
  }

  /** Notes that this connection has got the session. */
  begin(): void {
    this.#waits = false;
    this.epoch = this.client.epoch;
  }

  /** Takes the session from a connection that does not react. */
  force(limits: MqttLimits, now: number): void {
    const { broker, hub } = this;
    const client = this.client = broker.client(this.client.name, limits);
    if (client.inbox !== undefined) broker.release(client, { now, hub });
    const rest = client.heirs?.slice(client.heirs.indexOf(hub.self) + 1);
    client.heirs = rest?.length ? rest : undefined;
  }

  /** Gives up the session, or the wait for it. Safe to call twice. */
  end(now: number): void {
    const { client, broker, hub } = this;
    if (this.holds) broker.release(client, { now, hub });
    else if (this.#waits) broker.withdraw(client, hub.self);
  }
}
