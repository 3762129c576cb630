import type { Delivery } from "../../protocols/publication.ts";
import type { Publisher } from "../../protocols/session.ts";
import type { Log } from "../log.ts";
import type { Space } from "../space/space.ts";
import type { ConnectionLimits } from "./connection_options.ts";
import { Pressure } from "./pressure.ts";

/** What decides whether a receiver keeps up. */
export interface Load {
  /** Bytes queued for the peer. */
  readonly queuedBytes: number;
  /** True while messages wait inside the session beyond its mark. */
  readonly congested: boolean;
  /** Messages in the mailbox. */
  readonly waiting: number;
  /** Queues a delivery; false when there is no room. */
  take(delivery: Delivery): boolean;
  /** Who this is, for the log. */
  describe(): Record<string, unknown>;
}

/** How deliveries to one peer are taken in: at once, with the publisher held back, or not at all. */
export class Reception {
  dropped = 0;
  readonly #load: Load;
  readonly #limits: ConnectionLimits;
  readonly #pressure: Pressure;

  constructor(load: Load, limits: ConnectionLimits) {
    this.#load = load;
    this.#limits = limits;
    this.#pressure = new Pressure(limits.graceMs);
  }

  /** True while publishers go on without this receiver. */
  get slow(): boolean {
    return this.#pressure.slow;
  }

  /** True while publishers wait for this receiver, or go on without it. */
  get behind(): boolean {
    return this.#pressure.slow || this.#isBehind();
  }

  /** True while there is nothing to weigh: neither is it behind, nor does anybody wait for it. */
  get calm(): boolean {
    return this.#pressure.calm;
  }

  /** When `weigh` must be called at the latest. */
  get deadline(): number {
    return this.#pressure.deadline;
  }

  /** False when the delivery was thrown away. */
  deliver(delivery: Delivery, from?: Publisher): boolean {
    // QoS 1 and 2 wait in the session, which has a bound of its own for them. QoS 0 may fill half
    // of the outbox: the rest is for what the session itself must say.
    const refused = delivery.qos === 0 &&
      (this.#pressure.slow || this.#load.queuedBytes > this.#limits.outboxBytes / 2);
    if (refused || !this.#load.take(delivery)) {
      this.dropped++;
      return false;
    }
    if (from !== undefined && this.#isBehind()) {
      this.#pressure.wait(from);
      from.hold(this.#pressure);
    }
    return true;
  }

  /** Looks at how far behind this receiver is. */
  weigh(now: number, { space, log }: { space: Space; log: Log }): void {
    const { queuedBytes, congested } = this.#load;
    const mark = this.#limits.outboxHighWaterBytes;
    const change = this.#pressure.update({
      behind: congested || queuedBytes > mark,
      // Well below the mark, so that a receiver at its edge is not slow and caught up by turns.
      drained: !congested && queuedBytes <= mark / 4,
    }, now);
    if (change === undefined) return;
    if (change === "slow") {
      space.count("receiver.slow");
      log.warn("slow receiver", this.#load.describe());
    } else log.info("receiver caught up", this.#load.describe());
  }

  /** Nobody need wait any more. */
  end(): void {
    this.#pressure.open();
  }

  #isBehind(): boolean {
    if (this.#pressure.slow) return false;
    const { queuedBytes, congested, waiting } = this.#load;
    const { outboxHighWaterBytes, mailboxHighWater } = this.#limits;
    return queuedBytes > outboxHighWaterBytes || waiting > mailboxHighWater || congested;
  }
}
