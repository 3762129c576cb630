import { wordsOf } from "../config/cause.ts";
import { quote } from "../settings/place.ts";
import type { ClientHost } from "./client.ts";
import type { ClientFlags } from "./client_flags.ts";

/** Flags that say what to send, by their names. */
const letters: Readonly<Record<string, string>> = {
  message: "-m",
  file: "-f",
  "stdin-lines": "-l",
  stdin: "-s",
  null: "-n",
};

/**
 * The payload that one flag of `sources` names. Undefined for the lines of standard input, which
 * the command reads itself, and after a fault, which `given` is told.
 */
export async function payloadOf(
  given: ClientFlags,
  client: ClientHost,
  sources: readonly string[],
): Promise<Uint8Array | undefined> {
  const chosen = sources.filter((name) => given.has(name));
  if (chosen.length !== 1) {
    const known = sources.map((name) => letters[name]!);
    const all = `${known.slice(0, -1).join(", ")} and ${known.at(-1)}`;
    given.faults.push(`Cannot tell what to publish: give one of ${all}`);
    return undefined;
  }
  switch (chosen[0]) {
    case "message":
      return new TextEncoder().encode(given.text("message"));
    case "file":
      try {
        return await client.readBytes(given.text("file")!);
      } catch (error) {
        given.faults.push(`Cannot read -f ${quote(given.text("file"))}: ${wordsOf(error)}`);
        return undefined;
      }
    case "stdin":
      return given.faults.length > 0 ? undefined : await whole(client.input());
    case "null":
      return new Uint8Array(0);
  }
}

async function whole(input: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of input) pieces.push(piece.slice());
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
