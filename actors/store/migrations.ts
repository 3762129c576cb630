import type { DatabaseSync } from "node:sqlite";
import { MessagePacker, type OwnedMessage } from "./message_packer.ts";

/** `MKAT`: how a file is known to be a store of this gateway's (PRAGMA application_id). */
export const APPLICATION_ID = 0x4d4b4154;

/** What brings a file from the version that is its index to the next. Never change one: add another. */
export const migrations: readonly (string | ((database: DatabaseSync) => void))[] = [
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
  packMessages,
];

/** Messages were rows of their own. */
function packMessages(database: DatabaseSync): void {
  database.exec(`CREATE TABLE segments (
      first INTEGER PRIMARY KEY, owner INTEGER NOT NULL, last INTEGER NOT NULL,
      messages BLOB NOT NULL
    );
    CREATE INDEX segments_of ON segments (owner, first, last);
    CREATE TABLE marks (
      owner INTEGER NOT NULL, number INTEGER NOT NULL, packet_id INTEGER, state INTEGER NOT NULL,
      PRIMARY KEY (owner, number)
    ) WITHOUT ROWID;
    CREATE TABLE progress (batch INTEGER NOT NULL, id INTEGER NOT NULL);
    INSERT INTO progress VALUES (0, abs(random() % 4294967296))`);
  const packer = new MessagePacker(database);
  const rows = database.prepare("SELECT * FROM messages ORDER BY owner, number").iterate();
  for (const row of rows as Iterable<unknown> as Iterable<OwnedMessage>) packer.add(row);
  packer.flush();
  database.exec("DROP TABLE messages");
}
