/**
 * How much a line matters, from `debug`, the least, to `error`.
 *
 * @example What is written depends on the level
 * ```ts
 * import { Log, type LogLevel } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const log = new Log({ level: "info" });
 * const all: LogLevel[] = ["debug", "info", "warn", "error"];
 * assert.deepEqual(all.filter((level) => log.writes(level)), ["info", "warn", "error"]);
 * ```
 */
export type LogLevel = "debug" | "info" | "warn" | "error";

/**
 * What a line looks like: words for people, or JSON, one object a line, for programs.
 *
 * @example For a program that collects logs
 * ```ts
 * import { Log, type LogFormat } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const format: LogFormat = "json";
 * let line = "";
 * new Log({ format, sink: (each) => line = each, clock: () => 0 }).warn("slow receiver");
 * assert.equal(line, '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"slow receiver"}');
 * ```
 */
export type LogFormat = "text" | "json";

/** Every level, least first. */
export const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** Every format. */
export const formats: readonly LogFormat[] = ["text", "json"];

/**
 * What a log needs to know; everything has a default.
 *
 * @example No log at all
 * ```ts
 * import { gateway, Log, type LogOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const options: LogOptions = { level: "silent" };
 * const log = new Log(options);
 * await using hub = gateway({ log });
 * assert.equal(log.writes("error"), false);
 * ```
 */
export interface LogOptions {
  /** The least level that is written; default `warn`. `silent` writes nothing. */
  level?: LogLevel | "silent";
  /** Default `text`. */
  format?: LogFormat;
  /** Takes one line, without its line feed; default: standard error, synchronously. */
  sink?: (line: string) => void;
  /** The time of a line in milliseconds since 1970; default `Date.now`. */
  clock?: () => number;
}

/** What bounds a line. */
export const defaults = {
  /** 1,024 characters: a topic of 64 KiB in each of a flood of lines would fill the disk. */
  maxValueLength: 1024,
  /** 8 causes: more say nothing new, and a chain may be a circle. */
  maxCauses: 8,
};

/**
 * Events, one line each, for whoever operates the gateway: the time, the level, the event, fields.
 *
 * No value forges a line or drives a terminal: control characters are escaped, and what is longer
 * than 1,024 characters is cut.
 *
 * @example Lines of your own
 * ```ts
 * import { Log } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const lines: string[] = [];
 * const log = new Log({ sink: (line) => lines.push(line), clock: () => 0 });
 * log.error("cannot print", { printer: "attic 2", error: new RangeError("out of paper") });
 * assert.match(lines[0]!, /^1970-01-01T00:00:00.000Z error cannot print printer="attic 2"/);
 * assert.match(lines[0]!, /error="RangeError: out of paper" at=/);
 * ```
 */
export class Log {
  readonly #least: number;
  readonly #format: LogFormat;
  readonly #sink: (line: string) => void;
  readonly #clock: () => number;

  /** A log with these options. */
  constructor(options: LogOptions = {}) {
    const level = options.level ?? "warn";
    this.#least = level === "silent" ? levels.length : levels.indexOf(level);
    this.#format = options.format ?? "text";
    this.#sink = options.sink ?? toStandardError;
    this.#clock = options.clock ?? Date.now;
  }

  /** True when lines of this level are written: ask before gathering costly fields. */
  writes(level: LogLevel): boolean {
    return levels.indexOf(level) >= this.#least;
  }

  /** Writes what helps to find a fault; with it, errors show where they came from. */
  debug(event: string, fields?: Record<string, unknown>): void {
    this.#write("debug", event, fields);
  }

  /** Writes what is worth knowing, and as it should be. */
  info(event: string, fields?: Record<string, unknown>): void {
    this.#write("info", event, fields);
  }

  /** Writes what somebody should look at: service goes on, less well for some. */
  warn(event: string, fields?: Record<string, unknown>): void {
    this.#write("warn", event, fields);
  }

  /** Writes what went wrong: a crash, a listener that is gone. */
  error(event: string, fields?: Record<string, unknown>): void {
    this.#write("error", event, fields);
  }

  #write(level: LogLevel, event: string, fields: Record<string, unknown> = {}): void {
    if (!this.writes(level)) return;
    const time = new Date(this.#clock()).toISOString();
    if (this.#format === "json") {
      this.#sink(jsonLine({ time, level, event: cut(event) }, fields));
      return;
    }
    const line = textLine(`${time} ${level} ${escape(cut(event))}`, fields);
    this.#sink(this.writes("debug") ? line + stacks(fields) : line);
  }
}

/** Writes nothing. */
export const silent: Log = new Log({ level: "silent" });

function toStandardError(line: string): void {
  try {
    let bytes = new TextEncoder().encode(line + "\n");
    while (bytes.length > 0) bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
  } catch {
    // Nobody reads standard error any more, which is no reason to stop serving.
  }
}

function textLine(start: string, fields: Record<string, unknown>): string {
  let line = start;
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    line += ` ${word(name)}=${word(textOf(value))}`;
    const place = value instanceof Error ? placeOf(value) : undefined;
    if (place) line += ` at=${word(place)}`;
  }
  return line;
}

function jsonLine(start: Record<string, unknown>, fields: Record<string, unknown>): string {
  const line = { ...start };
  for (const [name, value] of Object.entries(fields)) {
    // A field called `level` must not pass for the line's own.
    if (value !== undefined) line[Object.hasOwn(start, name) ? `${name}_` : name] = jsonOf(value);
  }
  return escape(JSON.stringify(line));
}

/** A word as it is; anything a reader could misread, in quotes. */
function word(text: string): string {
  const short = cut(text);
  return /^[^\s"'=\\]+$/.test(short) && short === escape(short)
    ? short
    : escape(JSON.stringify(short));
}

function cut(text: string): string {
  return text.length > defaults.maxValueLength
    ? text.slice(0, defaults.maxValueLength) + "…"
    : text;
}

// What peers send ends up here: a line feed would forge a line, an escape sequence would drive the
// operator's terminal, and a direction override would show the text in another order.
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

function escape(text: string): string {
  return text.replace(unsafe, (each) => "\\u" + each.charCodeAt(0).toString(16).padStart(4, "0"));
}

function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (value instanceof Error) {
    const chain = causesOf(value);
    return chain.filter((error, index) => index === 0 || !isRepeated(error, chain[index - 1]!))
      .map(nameAndMessage).join(": because ");
  }
  const plain = jsonOf(value);
  return typeof plain === "string" ? plain : JSON.stringify(plain);
}

/** A value that JSON can hold, whatever was given. */
function jsonOf(value: unknown): unknown {
  if (typeof value === "string") return cut(value);
  if (value instanceof Error) {
    return causesOf(value).reduceRight<Record<string, unknown> | undefined>((cause, error) => ({
      name: error.name,
      message: cut(String(error.message)),
      stack: error.stack,
      cause,
    }), undefined);
  }
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  try {
    const text = JSON.stringify(value);
    if (text === undefined) return String(value);
    return text.length > defaults.maxValueLength ? cut(text) : JSON.parse(text);
  } catch {
    // A big integer, or an object that contains itself.
    return typeof value === "bigint" ? String(value) : Object.prototype.toString.call(value);
  }
}

function nameAndMessage({ name, message }: Error): string {
  return name === "Error" ? String(message) : `${name}: ${String(message)}`;
}

/** True for a cause whose words those who wrapped it have said already. */
function isRepeated({ message }: Error, by: Error): boolean {
  return String(message) !== "" && String(by.message).includes(String(message));
}

function causesOf(error: Error): Error[] {
  const chain: Error[] = [];
  for (let each: unknown = error; each !== undefined; each = (each as Error).cause) {
    if (chain.length === defaults.maxCauses) break;
    if (!(each instanceof Error)) {
      chain.push(new Error(textOf(each)));
      break;
    }
    chain.push(each);
  }
  return chain;
}

/** The line of code that the first of the causes came from; those of Deno itself tell nobody much. */
function placeOf(error: Error): string | undefined {
  const stack = causesOf(error).at(-1)?.stack ?? "";
  return /\n {4}at (?:.* \()?((?!ext:|node:)\S+:\d+:\d+)\)?$/m.exec(stack)?.[1];
}

/** Where each error came from, on lines that cannot be taken for events because they are indented. */
function stacks(fields: Record<string, unknown>): string {
  let lines = "";
  for (const value of Object.values(fields)) {
    if (!(value instanceof Error)) continue;
    for (const error of causesOf(value)) {
      for (const line of (error.stack ?? "").split("\n")) lines += `\n    ${escape(line)}`;
    }
  }
  return lines;
}
