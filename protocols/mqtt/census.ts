import type { Survey } from "../traffic.ts";
import type { Client } from "./client.ts";

/** Counts what the sessions of all clients hold. */
export function census(
  clients: Iterable<Client>,
  broker: { expired: number; maxConnected: number; queuedBytes: number },
): Survey {
  let total = 0, connected = 0, queued = 0, inflight = 0;
  for (const client of clients) {
    total++;
    if (client.inbox !== undefined) connected++;
    queued += client.queue.size;
    inflight += client.inflight.size;
  }
  const { expired, maxConnected, queuedBytes } = broker;
  return { clients: total, connected, maxConnected, expired, queued, queuedBytes, inflight };
}
