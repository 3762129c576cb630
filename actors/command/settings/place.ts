import { memberOf } from "../config/json.ts";

/** Takes a report of what is wrong with the setting at a path. */
export type Report = (path: string, problem: Problem) => void;

/** What is wrong with a setting. */
interface Problem {
  /** The value that cannot be used. Where it is missing, `says` is the whole sentence. */
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

  /** Reports a value that cannot be used; `says` is what would be right. */
  refuse(found: unknown, says: string): undefined {
    this.report(this.path, { found, says });
  }

  /** Reports what is wrong in a whole sentence, where it is not the value alone. */
  complain(says: string): undefined {
    this.report(this.path, { says });
  }
}

/** A value as a message quotes it: as JSON, and not too much of it. */
export function quote(found: unknown): string {
  const text = JSON.stringify(found) ?? String(found);
  return text.length > 80 ? text.slice(0, 79) + "…" : text;
}
