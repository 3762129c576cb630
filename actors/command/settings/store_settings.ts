import type { HistoryRule } from "../../store/history.ts";
import type { Durability } from "../../store/sqlite_store.ts";
import { choice, count, duration, type Kind, list, text } from "./kinds.ts";
import { filter } from "./mqtt_settings.ts";
import { record, type Setting, type Values } from "./record.ts";

/** No message is older than a hundred years. */
const MAX_KEEP_MS = 100 * 365 * 86_400_000;

const rule = record(
  {
    filter: { kind: filter, required: true, doc: "The topics whose past is kept." },
    keep: {
      kind: duration(1_000, MAX_KEEP_MS),
      doc: "How long a message is kept. Default: until there are too many.",
    },
    max: {
      kind: count(1, Number.MAX_SAFE_INTEGER),
      doc: "How many messages of all these topics together are kept. Default: any number.",
    },
  } satisfies Record<string, Setting<unknown>>,
);

/** What survives a restart, and when it is safe. */
export const storeSettings = {
  data: {
    flag: "data",
    kind: text("FILE", "give the name of a file, or :memory:"),
    default: "meerkat.db",
    doc: "The file of what survives a restart: stored values, MQTT sessions and their messages; " +
      ":memory: is none.",
  },
  durability: {
    flag: "durability",
    kind: choice(["strict", "relaxed", "none"]) as Kind<Durability>,
    default: "strict",
    doc: "When a publisher hears that its message is safe: once the disk has it, once the " +
      "operating system has it, or at once.",
  },
  history: {
    only: "file",
    kind: list(rule),
    doc: "Which messages are kept for those who ask for the past.",
  },
} as const satisfies Record<string, Setting<unknown>>;

/** What to open; undefined for nothing. */
export interface StoreSettings {
  readonly file: string;
  /** True when nobody named the file. */
  readonly isUsual: boolean;
  readonly durability: Durability;
  readonly history: readonly HistoryRule[];
}

type StoreDraft = Values<typeof storeSettings>;

/** The rules that are complete; what is wrong with others has been reported. */
export function historyOf({ history = [] }: StoreDraft): HistoryRule[] {
  return history.flatMap((each) =>
    each?.filter === undefined
      ? []
      : { filter: each.filter, keepMs: each.keep ?? Infinity, max: each.max ?? Infinity }
  );
}
