import type { DatabaseSync } from "node:sqlite";
import type { MessageRecord } from "../../protocols/journal.ts";
import { recordOf, type WaitingRow } from "./rows.ts";

/** A queue that is not a session's, as it was written down. */
export interface KnownQueue {
  readonly key: number;
  readonly messages: readonly MessageRecord[];
}

/** What waited in such a queue before a restart; undefined when it is new. */
export function readQueue(database: DatabaseSync, name: string): KnownQueue | undefined {
  const found = database.prepare("SELECT key FROM groups WHERE name = ?").get(name);
  if (found === undefined) return undefined;
  const key = found.key as number;
  const rows = database.prepare(
    `SELECT number, topic, payload, flags, time, extra, packet_id, received FROM messages
     WHERE owner = ? ORDER BY number`,
  ).all(key) as unknown as WaitingRow[];
  return { key, messages: rows.map(recordOf) };
}
