import type { DatabaseSync, StatementSync } from "node:sqlite";
import { PackedWriter } from "./packed.ts";
import type { WaitingRow } from "./rows.ts";
import { changes, RECEIVED, SENT } from "./schema.ts";

/** Messages in one row. */
const MAX_MESSAGES = 256, MAX_BYTES = 64 << 10;

/** A message that waits, and for whom. */
export type OwnedMessage = WaitingRow & { readonly owner: number };

/** Writes messages of their own into rows of many: consecutive ones of one owner. */
export class MessagePacker {
  readonly #save: StatementSync;
  readonly #mark: StatementSync;
  #waiting: OwnedMessage[] = [];
  #bytes = 0;

  constructor(database: DatabaseSync) {
    this.#save = database.prepare(changes.saveSegment.sql);
    this.#mark = database.prepare(
      "INSERT INTO marks (owner, number, packet_id, state) VALUES (?, ?, ?, ?)",
    );
  }

  add(message: OwnedMessage): void {
    const { owner, number, packet_id, received, payload } = message, last = this.#waiting.at(-1);
    const goesOn = last?.owner === owner && number > last.number &&
      number - last.number <= 0xffff_ffff;
    if (!goesOn || this.#waiting.length >= MAX_MESSAGES || this.#bytes >= MAX_BYTES) this.flush();
    this.#waiting.push(message);
    this.#bytes += payload.length;
    if (packet_id !== null) this.#mark.run(owner, number, packet_id, received ? RECEIVED : SENT);
  }

  /** Writes what is left. */
  flush(): void {
    const first = this.#waiting[0], last = this.#waiting.at(-1);
    if (first === undefined || last === undefined) return;
    const packed = new PackedWriter();
    packed.messages(this.#waiting, first.number);
    this.#save.run(first.number, first.owner, last.number, packed.bytes);
    this.#waiting = [];
    this.#bytes = 0;
  }
}
