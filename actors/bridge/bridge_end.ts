import { type Delivery, Publication } from "../../protocols/publication.ts";
import type { Publisher, Receiver } from "../../protocols/session.ts";
import { connectionDefaults } from "../connections/connection_options.ts";
import { type Load, Reception } from "../connections/reception.ts";
import { insider } from "../space/member.ts";
import type { Space } from "../space/space.ts";
import { BridgeIds } from "./bridge_ids.ts";
import type { BridgeLimits, BridgeOptions } from "./bridge_options.ts";
import { BridgeQueue } from "./bridge_queue.ts";
import { Echoes, Passes } from "./echoes.ts";
import { remap, Routes } from "./routes.ts";
import type { UpstreamSession } from "./upstream.ts";

/** The near end of a bridge: what stays when its actor is started again. */
export class BridgeEnd implements Receiver, Load {
  readonly routes: Routes;
  readonly queue: BridgeQueue;
  readonly ids: BridgeIds;
  readonly reception: Reception;
  readonly echoes = new Echoes();
  /** The connection, while there is one. */
  session: UpstreamSession | undefined;
  /** Tells the present actor that there is something to send. */
  wake = (): void => {};
  dropped = 0;
  readonly #passes = new Passes();

  constructor(
    readonly options: BridgeOptions,
    readonly limits: BridgeLimits,
    readonly space: Space,
  ) {
    this.routes = new Routes(options.routes);
    const written = space.ledger?.queueOf(`$bridge/${options.name}`);
    this.queue = new BridgeQueue(limits, written);
    this.ids = new BridgeIds(options.clean === false ? written : undefined);
    this.reception = new Reception(this, {
      ...connectionDefaults,
      outboxHighWaterBytes: limits.maxQueuedBytes / 2,
      outboxBytes: limits.maxQueuedBytes * 2,
    });
    for (const { filter, qos } of this.routes.out) {
      const subscription = { qos, noLocal: true, retainAsPublished: true };
      // Routes that share a filter share its subscription: at the highest QoS.
      const highest = this.routes.out.filter((each) => each.filter === filter)
        .reduce((most, each) => each.qos > most ? each.qos : most, qos);
      insider(space, this.name).subscribe(filter, { ...subscription, qos: highest }, this);
    }
  }

  get name(): string {
    return this.options.name;
  }

  /** Ends the subscriptions: nothing is delivered any more. */
  forget(): void {
    this.space.router.forget(this);
    this.reception.end();
  }

  deliver(delivery: Delivery, from?: Publisher): boolean {
    if (this.reception.deliver(delivery, from)) return true;
    this.drop();
    return false;
  }

  take(delivery: Delivery): boolean {
    const { publication, qos, retain } = delivery;
    // Nobody promises to keep QoS 0 for an upstream that is away: that is no overload.
    if (qos === 0 && this.session === undefined && !this.options.queueQos0) {
      this.drop();
      return true;
    }
    if (this.#goesRound(publication)) {
      this.space.count("bridge.looped");
      return true;
    }
    const kept = this.session === undefined ? outliving(publication) : publication;
    let isQueued = true;
    for (const lane of remap(this.routes.out, publication.topic)) {
      const lower = qos < lane.qos ? qos : lane.qos;
      const outbound = { publication: kept, topic: lane.topic, qos: lower, retain };
      if (!this.queue.push(outbound)) isQueued = false;
    }
    this.wake();
    return isQueued;
  }

  /** Counts a message that was thrown away. */
  drop(): void {
    this.dropped++;
    this.space.count("bridge.dropped");
  }

  // --- whether this end keeps up: while the upstream is away nobody waits for it ---

  get queuedBytes(): number {
    return this.session === undefined ? 0 : this.queue.bytes;
  }

  get congested(): boolean {
    return this.session !== undefined && this.queue.waiting > this.limits.queueHighWater;
  }

  get waiting(): number {
    return 0;
  }

  describe(): Record<string, unknown> {
    return { bridge: this.name, queued: this.queue.size, dropped: this.dropped };
  }

  /**
   * True when a message has come this way too often. It concerns messages from an upstream of MQTT
   * 3.1.1, which cannot carry the trail by which bridges otherwise know them again.
   */
  #goesRound({ origin, topic, payload }: Publication): boolean {
    return origin instanceof BridgeEnd && origin.session?.version === "3.1.1" &&
      !this.#passes.pass(topic, payload, this.space.clock.now());
  }
}

/** A payload that shares its memory with thousands of others must not keep all of them for hours. */
function outliving(publication: Publication): Publication {
  const { topic, payload } = publication;
  if (payload.length * 2 > payload.buffer.byteLength) return publication;
  return new Publication(topic, payload.slice(), { ...publication, origin: undefined });
}
