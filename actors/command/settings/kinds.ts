import type { Place } from "./place.ts";
import type { Table } from "./record.ts";

/** A JSON Schema, or a part of one. */
export type Schema = Readonly<Record<string, unknown>>;

/** What values of a setting look like. */
export interface Kind<T> {
  /** What help shows for a value: `FILE`, `info|warn`; "" where a flag alone is enough. */
  readonly hint: string;
  /** The value, or undefined once `place` has been told what is wrong. */
  read(raw: unknown, place: Place): T | undefined;
  /** `defaults` are those of an object's members, where only the caller knows them. */
  schema(defaults?: unknown): Schema;
  /** The settings inside, when the value is an object. */
  readonly members?: Table;
  /** True when the value is a list: its flag can be repeated. */
  readonly many?: true;
}

/** Yes or no. On the command line the flag alone means yes. */
export function yesOrNo(): Kind<boolean> {
  return scalar(
    "",
    "give true or false",
    { type: "boolean" },
    (raw) => typeof raw === "boolean" ? raw : undefined,
  );
}

/** One of a few words. */
export function choice<const T extends string>(values: readonly T[]): Kind<T> {
  return scalar(
    values.join("|"),
    `give ${inWords(values)}`,
    { enum: values },
    (raw) => values.find((each) => each === raw),
  );
}

/**
 * Text that is not empty, such as the name of a file, and that `fits`, where more is asked of it.
 */
export function text(
  hint: string,
  right: string,
  fits: (text: string) => boolean = () => true,
): Kind<string> {
  return scalar(
    hint,
    right,
    { type: "string", minLength: 1 },
    (raw) => typeof raw === "string" && raw !== "" && fits(raw) ? raw : undefined,
  );
}

/** Text that `parse` turns into a value; it throws a `TypeError` that says what would be right. */
export function parsed<T>(hint: string, right: string, parse: (text: string) => T): Kind<T> {
  return {
    hint,
    read(raw, place) {
      if (typeof raw !== "string") return place.refuse(raw, right);
      try {
        return parse(raw);
      } catch (error) {
        return place.refuse(raw, (error as TypeError).message);
      }
    },
    schema: () => ({ type: "string", minLength: 1 }),
  };
}

/** A whole number. */
export function count(min: number, max: number): Kind<number> {
  return scalar("N", `give a whole number from ${min} to ${max}`, {
    type: "integer",
    minimum: min,
    maximum: max,
  }, (raw) => within(raw, min, max));
}

/** Bytes: a plain number, or text such as `64KiB`. */
export function size(min: number, max: number): Kind<number> {
  const right = `give bytes such as 65536, "64KiB" or "1MiB", from ${showSize(min)} to ${
    showSize(max)
  }`;
  return measure("SIZE", right, { min, max, units: sizeUnits, bare: true });
}

/** Milliseconds, written as `250ms`, `10s`, `5m` or `1h`, or, with `bare`, as a plain number. */
export function duration(min: number, max: number, bare = false): Kind<number> {
  const right =
    `give a duration such as ${bare ? '250 (milliseconds), "10s"' : '"250ms", "10s"'} or "5m", ` +
    `from ${showDuration(min)} to ${showDuration(max)}`;
  return measure("DURATION", right, { min, max, units: durationUnits, bare });
}

/** The same, or `0` without a unit, which for durations means never. */
export function orZero(kind: Kind<number>): Kind<number> {
  return {
    ...kind,
    read: (raw, place) => raw === 0 || raw === "0" ? 0 : kind.read(raw, place),
    schema: () => ({ anyOf: [{ enum: [0, "0"] }, kind.schema()] }),
  };
}

/** One of a kind, or a list of them. */
export function oneOrMore<T>(of: Kind<T>): Kind<(T | undefined)[]> {
  const several = list(of);
  return {
    ...several,
    read: (raw, place) => Array.isArray(raw) ? several.read(raw, place) : [of.read(raw, place)],
    schema: () => ({ anyOf: [of.schema(), several.schema()] }),
  };
}

/** The origin of web pages, such as `https://app.example`; `null` for pages without, `*` for all. */
export function origin(): Kind<string> {
  const right = 'give scheme, host and port of a page, such as "https://app.example", or "*"';
  return text("ORIGIN", right, (raw) => raw === "*" || raw === "null" || isOrigin(raw));
}

/**
 * One or more of one kind. A wrong entry becomes undefined, so that the others keep their index.
 */
export function list<T>(of: Kind<T>): Kind<(T | undefined)[]> {
  return {
    hint: of.hint,
    many: true,
    read(raw, place) {
      if (!Array.isArray(raw) || raw.length === 0) {
        return place.refuse(raw, "give a list in [] with at least one entry");
      }
      return raw.map((each, index) => of.read(each, place.item(index)));
    },
    schema: () => ({ type: "array", minItems: 1, items: of.schema() }),
  };
}

/** Bytes as people write them: `64KiB`. */
export function showSize(bytes: number): string {
  return show(bytes, sizeUnits, "B");
}

/** Milliseconds as people write them: `10s`. */
export function showDuration(ms: number): string {
  return show(ms, durationUnits, "ms");
}

const sizeUnits = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };
const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

interface Measure {
  readonly min: number;
  readonly max: number;
  readonly units: Readonly<Record<string, number>>;
  /** True when a number without a unit is clear enough. */
  readonly bare: boolean;
}

function measure(hint: string, right: string, { min, max, units, bare }: Measure): Kind<number> {
  const pattern = `^\\d+(\\.\\d+)?(${Object.keys(units).join("|")})$`;
  const written: Schema = { type: "string", pattern };
  const plain: Schema = { type: "integer", minimum: min, maximum: max };
  return scalar(hint, right, bare ? { anyOf: [plain, written] } : written, (raw) => {
    if (typeof raw === "number") return bare ? within(raw, min, max) : undefined;
    const unit = typeof raw === "string" ? new RegExp(pattern).exec(raw)?.[2] : undefined;
    return unit === undefined
      ? undefined
      : within(parseFloat(raw as string) * units[unit]!, min, max);
  });
}

function scalar<T>(
  hint: string,
  right: string,
  schema: Schema,
  value: (raw: unknown) => T | undefined,
): Kind<T> {
  return {
    hint,
    read: (raw, place) => value(raw) ?? place.refuse(raw, right),
    schema: () => schema,
  };
}

/** True for what browsers send as `Origin`: no path, no user, no port that is the scheme's own. */
function isOrigin(raw: string): boolean {
  return /^https?:/.test(raw) && URL.parse(raw)?.origin === raw;
}

function within(raw: unknown, min: number, max: number): number | undefined {
  return Number.isInteger(raw) && raw as number >= min && raw as number <= max
    ? raw as number
    : undefined;
}

function show(amount: number, units: Readonly<Record<string, number>>, least: string): string {
  let unit = least;
  for (const [name, factor] of Object.entries(units)) {
    if (amount >= factor && amount % factor === 0) unit = name;
  }
  return `${amount / units[unit]!}${unit}`;
}

function inWords(values: readonly string[]): string {
  return values.length < 2
    ? values.join()
    : `${values.slice(0, -1).join(", ")} or ${values.at(-1)}`;
}
