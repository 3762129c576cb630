import type { Survey } from "../../traffic.ts";
import type { Client } from "./client.ts";

/** Counts what all sessions hold, for operators. */
export function census(
  clients: Iterable<Client>,
  broker: { expired: number; maxConnected: number; queuedBytes: number },
): Survey {
  let total = 0, connected = 0, queued = 0, inflight = 0, shared = 0;
  for (const client of clients) {
    total++;
    if (client.inbox !== undefined) connected++;
    queued += client.queued;
    inflight += client.unsettled;
    shared += client.groups?.size ?? 0;
  }
  const { expired, maxConnected, queuedBytes } = broker;
  return {
    clients: total,
    connected,
    maxConnected,
    expired,
    queued,
    queuedBytes,
    inflight,
    shared,
  };
}
