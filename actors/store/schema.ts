/** `MKAT`: how a file is known to be a store of this gateway's (PRAGMA application_id). */
export const APPLICATION_ID = 0x4d4b4154;

/** What brings a file from the version that is its index to the next. Never change one: add another. */
export const migrations: readonly string[] = [
  `CREATE TABLE retained (
     topic TEXT PRIMARY KEY, payload BLOB NOT NULL, qos INTEGER NOT NULL, time INTEGER NOT NULL,
     extra TEXT
   );
   CREATE TABLE sessions (
     key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, identity TEXT, expiry INTEGER NOT NULL,
     expires_at INTEGER, will_delay INTEGER NOT NULL, will_at INTEGER, will TEXT
   );
   CREATE TABLE groups (key INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
   CREATE TABLE subscriptions (
     session INTEGER NOT NULL, filter TEXT NOT NULL, flags INTEGER NOT NULL, id INTEGER,
     PRIMARY KEY (session, filter)
   ) WITHOUT ROWID;
   CREATE TABLE messages (
     number INTEGER PRIMARY KEY, owner INTEGER NOT NULL, topic TEXT NOT NULL, payload BLOB NOT NULL,
     flags INTEGER NOT NULL, time INTEGER NOT NULL, extra TEXT, packet_id INTEGER,
     received INTEGER NOT NULL DEFAULT 0
   );
   CREATE INDEX messages_of ON messages (owner, number);
   CREATE TABLE ids (
     session INTEGER NOT NULL, packet_id INTEGER NOT NULL, PRIMARY KEY (session, packet_id)
   ) WITHOUT ROWID;
   CREATE TABLE history (
     number INTEGER PRIMARY KEY, rule TEXT NOT NULL, topic TEXT NOT NULL,
     payload BLOB NOT NULL, flags INTEGER NOT NULL, time INTEGER NOT NULL, extra TEXT
   );
   CREATE INDEX history_of ON history (topic, number);
   CREATE INDEX history_by_rule ON history (rule, number);`,
];

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
  endMessages: { sql: "DELETE FROM messages WHERE owner = ?" },
  endIds: { sql: "DELETE FROM ids WHERE session = ?" },
  saveGroup: { sql: "INSERT OR REPLACE INTO groups (key, name) VALUES (?, ?)" },
  endGroup: { sql: "DELETE FROM groups WHERE key = ?" },
  saveSubscription: {
    sql: "INSERT OR REPLACE INTO subscriptions (session, filter, flags, id) VALUES (?, ?, ?, ?)",
  },
  endSubscription: { sql: "DELETE FROM subscriptions WHERE session = ? AND filter = ?" },
  saveMessage: {
    sql: "INSERT OR REPLACE INTO messages (number, owner, topic, payload, flags, time, extra) " +
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
    blob: 3,
  },
  sent: { sql: "UPDATE messages SET packet_id = ?2 WHERE number = ?1", values: 2 },
  received: { sql: "UPDATE messages SET received = 1 WHERE number = ?" },
  endMessage: { sql: "DELETE FROM messages WHERE number = ?" },
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
