import { quote } from "../settings/place.ts";
import { wordsOf } from "./cause.ts";
import { JsonError, type Position, readJson } from "./json.ts";

/** A configuration file, read but not yet judged. */
export interface ConfigFile {
  readonly name: string;
  readonly raw: unknown;
  /** Where each value stands, by its path. */
  readonly positions: ReadonlyMap<string, Position>;
}

/** Reads a JSON file. What is wrong comes back as one line. */
export async function readConfig(
  name: string,
  readFile: (path: string) => Promise<string>,
): Promise<ConfigFile | string> {
  let text: string;
  try {
    text = await readFile(name);
  } catch (error) {
    return `Cannot read the configuration ${quote(name)}: ${wordsOf(error)}`;
  }
  try {
    const { value: raw, positions } = readJson(text);
    return { name, raw, positions };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const { line, column } = error.position;
    return `${name}:${line}:${column}: ${error.message}`;
  }
}
