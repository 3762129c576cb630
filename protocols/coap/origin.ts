import type { Guard } from "../guard.ts";
import type { Identity } from "../identity.ts";
import { ownerOf } from "../owner.ts";
import type { Peer } from "./exchange/peers.ts";
import type { LateAnswer } from "./late.ts";
import type { Client } from "./pubsub/client.ts";

/** Who sends a request, and how hooks are asked about it. */
export interface Caller {
  identity: Identity;
  guard: Guard;
  late: LateAnswer;
}

/** For whom what a request stores is counted. */
export function ownerIn({ caller, address }: Pick<Origin, "caller" | "address">): string {
  return ownerOf(caller?.identity ?? { user: undefined, address });
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
