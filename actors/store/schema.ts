/** What is known of one message of a segment. */
export const SENT = 0, RECEIVED = 1, ENDED = 2;

/** Every change that can be made; a `?` for each value, and which of them are bytes. */
export const changes = {
  saveRetained: {
    sql:
      "INSERT OR REPLACE INTO retained (topic, payload, qos, time, extra) VALUES (?, ?, ?, ?, ?)",
    blob: 1,
  },
  endRetained: { sql: "DELETE FROM retained WHERE topic = ?" },
  saveSession: {
    sql: "INSERT OR REPLACE INTO sessions (key, name, identity, expiry, expires_at, will_delay, " +
      "will_at, will) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
  },
  endSession: { sql: "DELETE FROM sessions WHERE key = ?" },
  endSubscriptions: { sql: "DELETE FROM subscriptions WHERE session = ?" },
  endSegments: { sql: "DELETE FROM segments WHERE owner = ?" },
  endAllMarks: { sql: "DELETE FROM marks WHERE owner = ?" },
  endIds: { sql: "DELETE FROM ids WHERE session = ?" },
  saveGroup: { sql: "INSERT OR REPLACE INTO groups (key, name) VALUES (?, ?)" },
  endGroup: { sql: "DELETE FROM groups WHERE key = ?" },
  saveSubscription: {
    sql: "INSERT OR REPLACE INTO subscriptions (session, filter, flags, id) VALUES (?, ?, ?, ?)",
  },
  endSubscription: { sql: "DELETE FROM subscriptions WHERE session = ? AND filter = ?" },
  saveSegment: {
    sql: "INSERT OR REPLACE INTO segments (first, owner, last, messages) VALUES (?, ?, ?, ?)",
    blob: 3,
  },
  endSegment: { sql: "DELETE FROM segments WHERE first = ?" },
  endMarks: { sql: "DELETE FROM marks WHERE owner = ? AND number BETWEEN ? AND ?" },
  sent: {
    sql: `INSERT OR REPLACE INTO marks (owner, number, packet_id, state) VALUES (?, ?, ?, ${SENT})`,
  },
  received: { sql: `UPDATE marks SET state = ${RECEIVED} WHERE owner = ? AND number = ?` },
  endMessage: {
    // Not for an owner that has ended with all it had.
    sql: "INSERT OR REPLACE INTO marks (owner, number, state) " +
      `SELECT ?1, ?2, ${ENDED} WHERE EXISTS (SELECT 1 FROM segments WHERE first = ?3)`,
    values: 3,
  },
  saveId: { sql: "INSERT OR REPLACE INTO ids (session, packet_id) VALUES (?, ?)" },
  endId: { sql: "DELETE FROM ids WHERE session = ? AND packet_id = ?" },
  saveHistory: {
    sql: "INSERT INTO history (number, rule, topic, payload, flags, time, extra) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
    blob: 3,
  },
  endHistoryBefore: { sql: "DELETE FROM history WHERE rule = ? AND time < ?" },
  endHistoryBeyond: {
    sql: "DELETE FROM history WHERE rule = ?1 AND number <= (SELECT number FROM history " +
      "WHERE rule = ?1 ORDER BY number DESC LIMIT 1 OFFSET ?2)",
    values: 2,
  },
} as const satisfies Record<string, { sql: string; blob?: number; values?: number }>;

/** The name of a change. */
export type Change = keyof typeof changes;

/** Changes by number: what a batch holds. */
export const changeNames = Object.keys(changes) as Change[];

/** How many values a change has. */
export function valuesOf(change: { sql: string; values?: number }): number {
  return change.values ?? change.sql.split("?").length - 1;
}
