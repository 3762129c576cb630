import { memberOf } from "./json.ts";

/** Hears what is wrong: with the value at a path, where there is one, and what would be right. */
export type Report = (path: string, problem: Problem) => void;

/** What is wrong with the settings somewhere. */
export interface Problem {
  /** The value that cannot be used; without it `says` is the whole sentence. */
  readonly found?: unknown;
  readonly says: string;
  /** What the process is to exit with; default 2. */
  readonly code?: 1 | 2;
}

/** Where a value stands among the settings. */
export class Place {
  constructor(readonly path: string, readonly report: Report) {}

  member(name: string): Place {
    return new Place(memberOf(this.path, name), this.report);
  }

  item(index: number): Place {
    return new Place(`${this.path}[${index}]`, this.report);
  }

  /** Says that a value cannot be used, and what would be right. */
  refuse(found: unknown, says: string): undefined {
    this.report(this.path, { found, says });
  }

  /** Says what is wrong when it is not one value. */
  complain(says: string): undefined {
    this.report(this.path, { says });
  }
}

/** A value as a message quotes it: as JSON, and not too much of it. */
export function quote(found: unknown): string {
  const text = JSON.stringify(found) ?? String(found);
  return text.length > 80 ? text.slice(0, 79) + "…" : text;
}
