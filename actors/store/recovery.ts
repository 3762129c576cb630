import type { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers";
import { Broker } from "../../protocols/mqtt/broker/broker.ts";
import { Client } from "../../protocols/mqtt/broker/client.ts";
import type { Group } from "../../protocols/mqtt/broker/group.ts";
import { resumeSession, Return } from "../../protocols/mqtt/broker/resume.ts";
import type { MqttLimits } from "../../protocols/mqtt/limits.ts";
import { Publication } from "../../protocols/publication.ts";
import type { Subscription } from "../../protocols/session.ts";
import type { Log } from "../log.ts";
import type { Ledger } from "../space/ledger.ts";
import { deafInbox, Member } from "../space/member.ts";
import { expired } from "../space/retained.ts";
import type { Space } from "../space/space.ts";
import { QueueReader } from "./queues.ts";
import { fromRow, type MessageRow } from "./rows.ts";
import { sessionOf, type SessionRow, subscriptionOf } from "./session_rows.ts";

/** Puts back what a store holds: values and sessions at once, waiting messages when they are wanted. */
export class Recovery {
  readonly #queues: QueueReader;
  /** Whose messages are still in the store only, by the numbers of their owners. */
  readonly #waiting = new Map<Client | Group, number>();
  readonly #wanted = new Set<Client | Group>();
  readonly #broker: Broker;
  #stopped = false;

  constructor(
    readonly database: DatabaseSync,
    readonly space: Space,
    readonly options: {
      journal: Ledger;
      limits: MqttLimits;
      log: Log;
      /** Messages from this number on are of the present: they are here already. */
      before: number;
    },
  ) {
    this.#broker = space.shared(Broker);
    this.#broker.wanted = (client) => this.#want(client);
    this.#queues = new QueueReader(
      database,
      (error) => options.log.error("cannot read waiting messages", { error }),
    );
  }

  /** Values and sessions. */
  run(): { retained: number; sessions: number } {
    const retained = this.#retained(), sessions = this.#sessions();
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
    const ended: string[] = [];
    let count = 0;
    const now = this.space.clock.now();
    for (const row of rows) {
      const { publication, owner } = fromRow(row), { topic } = publication;
      if (expired(publication, now)) {
        ended.push(topic);
        continue;
      }
      if (!this.space.retained.restore(publication, owner)) {
        this.options.log.warn("no room for a stored value", { topic });
      }
      count++;
    }
    for (const topic of ended) {
      this.options.journal.saveRetained(new Publication(topic, new Uint8Array(0)));
    }
    return count;
  }

  #sessions(): number {
    const { options, space } = this, now = space.clock.now();
    const subscriptions = this.#subscriptions(), ids = this.#ids();
    const rows = this.database.prepare(
      "SELECT *, EXISTS (SELECT 1 FROM segments WHERE owner = key) AS waits FROM sessions",
    ).iterate() as Iterable<unknown> as Iterable<SessionRow & { waits: number }>;
    const groups = this.#groups();
    for (const { name, key } of groups) this.#broker.shares.resume(name, key);
    let count = 0;
    for (const row of rows) {
      const record = sessionOf(row), { identity } = record;
      const inbox = deafInbox(record.name);
      const hub = new Member(space, inbox, undefined, { listener: identity?.listener ?? "" });
      const client = resumeSession(hub, {
        record,
        subscriptions: subscriptions.get(row.key) ?? new Map(),
        ids: ids.get(row.key) ?? [],
        loading: row.waits === 1,
      }, { ...options, now });
      if (client.loading) this.#waiting.set(client, row.key);
      count++;
    }
    for (const { name, key } of groups) {
      const group = this.#broker.shares.group(name);
      if (group === undefined) continue;
      this.#waiting.set(group, key);
      this.#want(group);
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

  /** Reads the messages of a session now that somebody wants them, one session after the other. */
  #want(who: Client | Group): void {
    if (this.#wanted.has(who)) return;
    this.#wanted.add(who);
    if (this.#wanted.size === 1) void this.#load();
  }

  async #load(): Promise<void> {
    for (const who of this.#wanted) {
      const key = who.log?.key;
      try {
        if (key !== undefined && key === this.#waiting.get(who)) await this.#messagesOf(who, key);
      } catch (error) {
        if (this.#stopped) return;
        this.options.log.error("cannot read waiting messages", { of: who.name, error });
      }
      if (this.#stopped) return;
      this.#waiting.delete(who);
      this.#wanted.delete(who);
      if (who instanceof Client) this.#broker.loaded(who);
    }
  }

  async #messagesOf(who: Client | Group, key: number): Promise<void> {
    const { before, journal } = this.options, back = new Return(who, journal);
    for (const page of this.#queues.pages(key, before)) {
      back.add(page);
      await new Promise<void>((resolve) => void setImmediate(resolve));
      // It may have been ended meanwhile.
      if (this.#stopped || who.log?.key !== key) return;
    }
    back.end();
  }
}
