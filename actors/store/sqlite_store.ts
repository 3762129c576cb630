import type { DatabaseSync } from "node:sqlite";
import type { MqttLimits } from "../../protocols/mqtt/limits.ts";
import { defaults as mqttDefaults } from "../../protocols/mqtt/limits.ts";
import type { Log } from "../log.ts";
import type { Ledger } from "../space/ledger.ts";
import type { Space } from "../space/space.ts";
import type { Supervisor } from "../supervisor.ts";
import { openDatabase, readingFault } from "./database.ts";
import { HistoryReader, type HistoryRule } from "./history.ts";
import { lock, realFile } from "./lock.ts";
import type { WriterAnswer } from "./messages.ts";
import { readQueue } from "./queues.ts";
import { Recovery } from "./recovery.ts";
import { redoFile, redoLost } from "./redo.ts";
import { RedoLog } from "./redo_log.ts";
import { Store } from "./store.ts";
import { checkWriter, WriterThread } from "./writer_thread.ts";

/**
 * When a message counts as safe, so that its publisher is told that it has arrived:
 * - `strict`: once the disk has it (fsync).
 * - `relaxed`: once the operating system has it. It survives a crash of the process, not a power
 * cut.
 * - `none`: at once. A crash may lose the last moments.
 *
 * @example On a machine whose power never fails
 * ```ts
 * import { type Durability, gateway, sqliteStore } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const durability: Durability = "relaxed";
 * const file = `${await Deno.makeTempDir()}/meerkat.db`;
 * await using hub = gateway({ store: sqliteStore(file, { durability }) });
 * assert.equal(hub.publish("door", "open", { retain: true }), "accepted");
 * ```
 */
export type Durability = "strict" | "relaxed" | "none";

/**
 * How surely a store keeps messages, and what it remembers of the past.
 *
 * @example A day of readings
 * ```ts
 * import { gateway, sqliteStore, type StoreOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: StoreOptions = {
 *   history: [{ filter: "sensors/#", keepMs: 86_400_000, max: 10_000 }],
 * };
 * const file = `${await Deno.makeTempDir()}/meerkat.db`;
 * await using hub = gateway({ store: sqliteStore(file, options) });
 * assert.equal(hub.publish("sensors/attic", "21.5"), "unmatched");
 * ```
 */
export interface StoreOptions {
  /** When a message counts as safe; default `strict`. */
  durability?: Durability;
  /** Which messages are remembered for clients that ask for the past; default: none. */
  history?: readonly HistoryRule[];
  /** Limits of sessions that are restored, until their clients come back. */
  mqtt?: Partial<MqttLimits>;
  /** Bytes of the largest file; default: as many as the disk holds. */
  maxBytes?: number;
  /** Milliseconds after which writing is tried again when it has failed; default 1,000. */
  retryMs?: number;
}

/** A second: a disk that was full may have room again, and trying costs next to nothing. */
const storeDefaults = { retryMs: 1_000 };

/** SQLite's pages, in bytes. */
const PAGE_BYTES = 4096;

/** The parts of a gateway that a store needs. */
interface Surroundings {
  readonly space: Space;
  readonly root: Supervisor;
  readonly log: Log;
}

/**
 * A store, for `GatewayOptions.store`: what `sqliteStore` returns.
 *
 * @example With a store, or without
 * ```ts
 * import { gateway, sqliteStore, type StoreSource } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function storeOf(file: string | undefined): StoreSource | undefined {
 *   return file === undefined ? undefined : sqliteStore(file);
 * }
 *
 * await using hub = gateway({ store: storeOf(Deno.env.get("NO_SUCH_VARIABLE")) });
 * assert.equal(hub.publish("door", "open", { retain: true }), "accepted");
 * ```
 */
export interface StoreSource {
  /** @ignore */
  open(surroundings: Surroundings): Ledger;
}

/**
 * Makes a store that keeps stored values, sessions that outlive their connections, and the messages
 * that wait for them in one SQLite file. The file is made if there is none.
 *
 * `gateway()` throws a `StoreError` when the file is something else, is damaged, or is used by
 * another gateway.
 *
 * @example A value that is there after a restart
 * ```ts
 * import { gateway, sqliteStore } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const file = `${await Deno.makeTempDir()}/meerkat.db`;
 * {
 *   await using hub = gateway({ store: sqliteStore(file) });
 *   hub.publish("door", "open", { retain: true });
 * }
 * await using hub = gateway({ store: sqliteStore(file) });
 * assert.equal(hub.retained("door")?.text(), "open");
 * ```
 */
export function sqliteStore(file: string, options: StoreOptions = {}): StoreSource {
  return { open: (surroundings) => openStore(file, options, surroundings) };
}

function openStore(file: string, options: StoreOptions, around: Surroundings): Ledger {
  checkWriter();
  file = realFile(file);
  const unlock = lock(file);
  try {
    return new OpenStore(file, options, { ...around, unlock }).ledger;
  } catch (error) {
    unlock("refused");
    throw readingFault(error, file);
  }
}

/** Hears of waiting messages that cannot be read. */
function unread(log: Log): (error: unknown) => void {
  return (error) => log.error("cannot read waiting messages", { error });
}

/** Forgets the messages of history rules that do not exist any more. */
function forgetRules(database: DatabaseSync, rules: readonly HistoryRule[]): void {
  const filters = JSON.stringify(rules.map(({ filter }) => filter));
  database.prepare("DELETE FROM history WHERE rule NOT IN (SELECT value FROM json_each(?))")
    .run(filters);
}

class OpenStore {
  readonly ledger: Store;

  constructor(
    file: string,
    options: StoreOptions,
    { space, root, log, unlock }: Surroundings & { unlock: () => void },
  ) {
    const { durability = "strict", history = [], maxBytes = 0 } = options;
    const fsync = durability === "strict";
    const database = openDatabase(file, { fsync });
    try {
      redoLost(database, file);
      const { next } = database.prepare(
        "SELECT 1 + max(coalesce((SELECT max(last) FROM segments), 0), " +
          "coalesce((SELECT max(key) FROM sessions), 0), coalesce((SELECT max(key) FROM groups), 0), " +
          "coalesce((SELECT max(number) FROM history), 0)) " +
          "AS next",
      ).get() as { next: number };
      const { batch, id } = database.prepare("SELECT batch, id FROM progress").get() as {
        batch: number;
        id: number;
      };
      forgetRules(database, history);
      const redo = durability === "relaxed" ? new RedoLog(redoFile(file), id) : undefined;
      const writer = new WriterThread({
        kind: "open",
        file,
        fsync,
        maxPages: Math.floor(maxBytes / PAGE_BYTES),
        retryMs: options.retryMs ?? storeDefaults.retryMs,
      });
      const store = this.ledger = new Store({
        writer,
        log,
        waits: durability !== "none",
        redo,
        past: new HistoryReader(database, history),
        queue: (name) => readQueue(database, name, unread(log)),
        now: () => space.clock.now(),
      }, { next, written: batch });
      const limits = { ...mqttDefaults, ...options.mqtt };
      const recovery = new Recovery(database, space, { journal: store, limits, log, before: next });
      space.ledger = store;
      store.sweepHistory();
      writer.onEnd = (isWritten) => {
        if (isWritten) redo?.remove();
        else redo?.close();
        recovery.stop();
        database.close();
        unlock();
      };
      try {
        const began = performance.now(), found = recovery.run();
        const ms = Math.round(performance.now() - began);
        log.info("store opened", { file, durability, ...found, ms });
      } catch (error) {
        writer.onEnd = () => {};
        redo?.close();
        void writer.close();
        throw error;
      }
      const keeper = root.spawn<WriterAnswer>("store", () => ({
        receive: (answer) => store.answered(answer),
        describe: () => store.describe(),
      }), { restart: "crash", kind: "store" });
      // Nobody may be told that all is well from now on.
      writer.onFault = (reason) => store.answered({ kind: "failed", reason });
      writer.onAnswer = (answer) => {
        if (!keeper.tell(answer)) store.answered(answer);
      };
    } catch (error) {
      database.close();
      throw error;
    }
  }
}
