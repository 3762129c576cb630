import type { Holdings } from "../../owner.ts";

/** What all sessions of a gateway hold together, and whom losses are reported to. */
export interface Tally {
  /** Bytes of messages that wait. */
  queuedBytes: number;
  /** Bytes of messages that were sent and are not acknowledged. */
  inflightBytes: number;
  subscriptions: number;
  subscriptionBytes: number;
  /** Sessions that outlive their connections, and wills, by whose they are. */
  readonly holdings: Holdings;
  /** A message that was accepted will not be delivered. */
  lose(event: "mqtt.dropped" | "mqtt.conflated"): void;
}
