import type { Delivery } from "../publication.ts";
import type { Inbox, Publisher, Receiver, Subscription } from "../session.ts";
import { Inflight } from "./inflight.ts";
import type { MqttLimits } from "./limits.ts";
import type { Will } from "./packet.ts";
import { outliving, Queue, type Tally } from "./queue.ts";

/** The state of an MQTT session, which may outlive its connection (MQTT 5.0 §4.1). */
export class Client implements Receiver {
  /** The present connection; undefined while there is none. */
  inbox: Inbox | undefined;
  /** Connections that wait for this session, first come first. */
  heirs: Inbox[] = [];
  /** True when there is a session that the next connection can continue. */
  present = false;
  /** Goes up when the session begins anew: what was meant for the former must not reach the next. */
  epoch = 0;
  /** Whose session it is, where hooks have found that out. */
  user: string | undefined = undefined;
  /** Seconds that the session lives on without a connection; 0xffffffff for ever. */
  expirySeconds = 0;
  /** When it ends, or Infinity. */
  expiresAt = Infinity;
  will: Will | undefined;
  /** When the will is due after the connection was lost, or Infinity. */
  willAt = Infinity;
  readonly subscriptions = new Map<string, Subscription>();
  /** Messages of QoS 1 and 2 sent and not settled. */
  readonly inflight = new Inflight();
  /** Messages of QoS 1 and 2 not yet sent. */
  readonly queue: Queue;
  /** Packet identifiers of QoS 2 messages taken over and not yet released by the client. */
  readonly received = new Set<number>();

  constructor(readonly name: string, public limits: MqttLimits, tally: Tally) {
    this.queue = new Queue(tally);
  }

  deliver(delivery: Delivery, from?: Publisher): boolean {
    return this.inbox !== undefined ? this.inbox.deliver(delivery, from) : this.keep(delivery);
  }

  /** Queues a delivery for later; false when there is no room. */
  keep(delivery: Delivery): boolean {
    // Nobody promised to store QoS 0 for those who are away: that is no overload.
    return delivery.qos === 0 || this.queue.push(delivery, this.limits);
  }

  /** Prepares for a long wait: nothing that stays keeps more memory than its own. */
  settle(): void {
    for (const each of this.inflight.inOrder()) each.delivery = outliving(each.delivery);
  }

  /** Forgets everything but who waits for it. */
  reset(): void {
    this.present = false;
    this.epoch++;
    this.user = undefined;
    this.expirySeconds = 0;
    this.expiresAt = this.willAt = Infinity;
    this.will = undefined;
    this.subscriptions.clear();
    this.inflight.clear();
    this.queue.clear();
    this.received.clear();
  }
}
