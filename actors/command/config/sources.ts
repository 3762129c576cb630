import { dirname, isAbsolute, join } from "node:path";
import { quote, type Report } from "../settings/place.ts";
import type { ConfigFile } from "./config.ts";

/** One line about something wrong, and what the process is to exit with because of it. */
export interface Fault {
  readonly line: string;
  readonly code: 1 | 2;
}

/** Where each setting comes from, a flag or a line of the file, so that its faults can say so. */
export class Sources {
  readonly faults: Fault[] = [];

  constructor(
    /** The flags that were given, by the paths of what they set. */
    readonly given: ReadonlyMap<string, string>,
    readonly file?: ConfigFile,
  ) {}

  /** Takes what is wrong with the value in force: that of a flag, if the flag was given. */
  readonly report: Report = (path, problem) => {
    const flag = this.#flagOf(path);
    if (flag === undefined) this.reportFile(path, problem);
    else this.reportFlag(path, problem);
  };

  /** Takes what is wrong with the value of a flag. */
  readonly reportFlag: Report = (path, { found, says, code = 2 }) => {
    const line = found === undefined
      ? says
      : `Cannot use ${this.#flagOf(path)} ${quote(found)}: ${says}`;
    this.faults.push({ line, code });
  };

  /** Takes what is wrong with a value in the file. */
  readonly reportFile: Report = (path, { found, says, code = 2 }) => {
    const sentence = found === undefined ? says : `Cannot use ${quote(found)}: ${says}`;
    this.faults.push({ line: `${this.#standing(path)}${sentence}`, code });
  };

  /**
   * Finds a file: one named in the configuration is beside it, from wherever the gateway is
   * started.
   */
  fileAt(path: string, name: string): string {
    if (this.file === undefined || this.#flagOf(path) !== undefined || isAbsolute(name)) {
      return name;
    }
    return join(dirname(this.file.name), name);
  }

  #flagOf(path: string): string | undefined {
    return this.given.get(path.replace(/\[.*$/s, ""));
  }

  /**
   * Where a setting stands: `meerkat.json:3:5: listen[1].tls.cert: `. For one that is missing it is
   * the position of the nearest value around it.
   */
  #standing(path: string): string {
    if (this.file === undefined) return "";
    const { name, positions } = this.file;
    let around = path;
    while (around !== "" && !positions.has(around)) {
      around = around.replace(/(?:^|\.|\[)[^.[]*$/, "");
    }
    const { line, column } = positions.get(around) ?? { line: 1, column: 1 };
    return `${name}:${line}:${column}: ${path === "" ? "" : `${path}: `}`;
  }
}
