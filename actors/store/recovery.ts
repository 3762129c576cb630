import type { DatabaseSync, StatementSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import type { Journal, MessageRecord } from "../../protocols/journal.ts";
import { Broker } from "../../protocols/mqtt/broker.ts";
import { Client } from "../../protocols/mqtt/client.ts";
import type { Group } from "../../protocols/mqtt/group.ts";
import type { MqttLimits } from "../../protocols/mqtt/limits.ts";
import { resumeMessages, resumeSession } from "../../protocols/mqtt/resume.ts";
import type { Subscription } from "../../protocols/session.ts";
import type { Log } from "../log.ts";
import { Member } from "../member.ts";
import type { Space } from "../space.ts";
import { fromRow, type MessageRow, recordOf, type WaitingRow } from "./rows.ts";
import { sessionOf, type SessionRow, subscriptionOf } from "./session_rows.ts";

/** Milliseconds of work between two looks at the sockets. */
const SLICE_MS = 2;
/** Messages read at once. */
const CHUNK = 128;

/** Puts back what a store holds: values and sessions at once, waiting messages bit by bit. */
export class Recovery {
  readonly #messages: StatementSync;
  readonly #loading = new Map<Client | Group, number>();
  readonly #broker: Broker;
  #stopped = false;

  constructor(
    readonly database: DatabaseSync,
    readonly space: Space,
    readonly options: {
      journal: Journal;
      limits: MqttLimits;
      log: Log;
      /** Messages from this number on are of the present: they are here already. */
      before: number;
    },
  ) {
    this.#broker = space.shared(Broker);
    this.#messages = database.prepare(
      `SELECT number, topic, payload, flags, time, extra, packet_id, received FROM messages
       WHERE owner = ? AND number > ? AND number < ? ORDER BY number LIMIT ?`,
    );
  }

  /** Values and sessions; the messages of sessions begin to come. */
  run(): { retained: number; sessions: number } {
    const retained = this.#retained(), sessions = this.#sessions();
    if (this.#loading.size > 0) void this.#load();
    return { retained, sessions };
  }

  /** Reads no more. */
  stop(): void {
    this.#stopped = true;
  }

  #retained(): number {
    const rows = this.database.prepare(
      "SELECT topic, payload, qos | 4 AS flags, time, extra " +
        "FROM retained",
    ).iterate() as Iterable<unknown> as Iterable<MessageRow>;
    let count = 0;
    for (const row of rows) {
      const { publication } = fromRow(row);
      if (!this.space.retained.restore(publication)) {
        this.options.log.warn("no room for a stored value", { topic: publication.topic });
      }
      count++;
    }
    return count;
  }

  #sessions(): number {
    const { options, space } = this, now = space.clock.now();
    const subscriptions = this.#subscriptions(), ids = this.#ids();
    const rows = this.database.prepare(
      "SELECT *, EXISTS (SELECT 1 FROM messages WHERE owner = key) AS waits FROM sessions",
    ).iterate() as Iterable<unknown> as Iterable<SessionRow & { waits: number }>;
    const groups = this.#groups();
    for (const { name, key } of groups) this.#broker.shares.resume(name, key);
    let count = 0;
    for (const row of rows) {
      const record = sessionOf(row), { identity } = record;
      const inbox = { name: record.name, deliver: () => false, post: () => false };
      const hub = new Member(space, inbox, undefined, { listener: identity?.listener ?? "" });
      const client = resumeSession(hub, {
        record,
        subscriptions: subscriptions.get(row.key) ?? new Map(),
        ids: ids.get(row.key) ?? [],
        loading: row.waits === 1,
      }, { ...options, now });
      if (client.loading) this.#loading.set(client, row.key);
      count++;
    }
    for (const { name, key } of groups) {
      const group = this.#broker.shares.group(name);
      if (group !== undefined) this.#loading.set(group, key);
    }
    return count;
  }

  #groups(): { name: string; key: number }[] {
    return this.database.prepare("SELECT key, name FROM groups").all() as unknown as {
      name: string;
      key: number;
    }[];
  }

  #subscriptions(): Map<number, Map<string, Subscription>> {
    const found = new Map<number, Map<string, Subscription>>();
    const rows = this.database.prepare("SELECT session, filter, flags, id FROM subscriptions")
      .iterate() as Iterable<unknown> as Iterable<
        { session: number; filter: string; flags: number; id: number | null }
      >;
    for (const { session, filter, flags, id } of rows) {
      let all = found.get(session);
      if (all === undefined) found.set(session, all = new Map());
      all.set(filter, subscriptionOf(flags, id));
    }
    return found;
  }

  #ids(): Map<number, number[]> {
    const found = new Map<number, number[]>();
    for (const { session, packet_id } of this.database.prepare("SELECT * FROM ids").all()) {
      const key = session as number, id = packet_id as number;
      found.set(key, [...found.get(key) ?? [], id]);
    }
    return found;
  }

  async #load(): Promise<void> {
    while (this.#loading.size > 0 && !this.#stopped) {
      // Those whose clients wait come first.
      const client = first(this.#broker.urgent) ?? first(this.#loading.keys())!;
      const key = this.#loading.get(client);
      this.#loading.delete(client);
      if (client instanceof Client) this.#broker.urgent.delete(client);
      if (key === undefined || client.log?.key !== key) continue;
      try {
        await this.#messagesOf(client, key);
      } catch (error) {
        if (this.#stopped) return;
        this.options.log.error("cannot read the messages of a session", {
          session: client.name,
          error,
        });
        if (client instanceof Client) this.#broker.loaded(client);
      }
    }
  }

  async #messagesOf(client: Client | Group, key: number): Promise<void> {
    const found: MessageRecord[] = [];
    let last = -1, began = performance.now();
    for (;;) {
      const rows = this.#messages.all(
        key,
        last,
        this.options.before,
        CHUNK,
      ) as unknown as WaitingRow[];
      for (const row of rows) found.push(recordOf(row));
      if (rows.length < CHUNK) break;
      last = rows.at(-1)!.number;
      if (performance.now() - began < SLICE_MS) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.#stopped) return;
      began = performance.now();
    }
    // It may have been ended meanwhile.
    if (client.log?.key !== key) return;
    resumeMessages(client, found, { broker: this.#broker, journal: this.options.journal });
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

function first<T>(all: Iterable<T>): T | undefined {
  for (const each of all) return each;
  return undefined;
}
