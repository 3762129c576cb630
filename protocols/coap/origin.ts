import type { Guard } from "../guard.ts";
import type { Identity } from "../identity.ts";
import type { Client } from "./pubsub/client.ts";
import type { LateAnswer } from "./late.ts";
import type { Peer } from "./peers.ts";

/** Who sends a request, and how hooks are asked about it. */
export interface Caller {
  identity: Identity;
  guard: Guard;
  late: LateAnswer;
}

/** Where a request comes from, and when. */
export interface Origin {
  /** Its sender; undefined for a plain GET, for which no state is kept. */
  peer: Peer | undefined;
  /** Undefined when there are no hooks. */
  caller?: Caller;
  /** The client in connection mode that sends it, if one does. */
  client?: Client;
  address: string;
  now: number;
}
