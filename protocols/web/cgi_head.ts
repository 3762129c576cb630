import type { Field } from "./cgi_environment.ts";
import { CONNECTION_FIELDS } from "./forwarding.ts";

/** The head of a CGI script's answer (RFC 3875 §6). */
export interface CgiHead {
  readonly status: number;
  readonly fields: readonly Field[];
  /** A path of this server whose answer is to be sent instead (RFC 3875 §6.2.2). */
  readonly localPath?: string;
}

/** Where the head ends, and where the body begins. */
interface HeadEnd {
  readonly head: number;
  readonly body: number;
}

/** Finds the empty line that ends the head of a script's answer. Lines end in LF or CRLF. */
export function findHeadEnd(bytes: Uint8Array): HeadEnd | undefined {
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) {
    if (at === 0) return { head: 0, body: 1 };
    if (bytes[at + 1] === LF) return { head: at, body: at + 2 };
    if (bytes[at + 1] === CR && bytes[at + 2] === LF) return { head: at, body: at + 3 };
  }
  return undefined;
}

const LF = 10, CR = 13;

/** Fields that are not for scripts to set: those of the connection, and the server's own. */
const NOT_THE_SCRIPTS = new Set([...CONNECTION_FIELDS, "date"]);

/** Reads a head, given without the empty line; undefined when it is none (RFC 3875 §6.3). */
export function parseCgiHead(bytes: Uint8Array): CgiHead | undefined {
  const lines = latin1(bytes).split(/\r?\n/);
  const fields: Field[] = [], own = new Map<string, string>();
  for (const line of lines) {
    const found = /^([-!#$%&'*+.^_`|~\w]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/.exec(line);
    if (found === null) return undefined;
    const name = found[1]!.toLowerCase(), value = found[2]!.trimEnd();
    if (OWN.has(name)) {
      if (own.has(name)) return undefined;
      own.set(name, value);
    }
    if (name === "status" || NOT_THE_SCRIPTS.has(name)) continue;
    if (name === "content-length" && !/^\d{1,15}$/.test(value)) return undefined;
    fields.push([name, value]);
  }
  const location = own.get("location"), said = own.get("status");
  if (location === undefined && said === undefined && !own.has("content-type")) return undefined;
  if (location !== undefined && said === undefined && /^\/(?![/\\])/.test(location)) {
    return { status: 200, fields: [], localPath: location };
  }
  const status = said === undefined ? (location === undefined ? 200 : 302) : statusIn(said);
  return status === undefined ? undefined : { status, fields };
}

/** Fields that mean something to the server, and may be there only once. */
const OWN = new Set(["status", "location", "content-type", "content-length"]);

/** A status that a script may give: not 1xx, which would not end the exchange. */
function statusIn(text: string): number | undefined {
  const found = /^([2-5]\d\d)(?: .*)?$/.exec(text);
  return found === null ? undefined : Number(found[1]);
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
