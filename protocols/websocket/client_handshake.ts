import { ProtocolError } from "../session.ts";
import { closeCodes } from "./frames/codes.ts";
import { acceptKey } from "./handshake.ts";

/** What a client asks for in its opening handshake. */
export interface WebSocketRequest {
  /** `host` or `host:port`, as in the URL. */
  host: string;
  /** Path and query. */
  path: string;
  /** 16 random bytes in base64. */
  key: string;
  /** The subprotocols offered, separated by commas; undefined for none. */
  subprotocol?: string | undefined;
  /** The extensions offered; undefined for none. */
  extensions?: string | undefined;
  /** Further header fields. Names and values are not checked. */
  fields?: Iterable<readonly [string, string]>;
}

/** How a server has accepted that. */
export interface OpeningAnswer {
  /** Bytes of the answer: what follows it are frames. */
  readonly end: number;
  readonly subprotocol: string | undefined;
  readonly extensions: string | undefined;
}

/** 16 KiB of an answer: more than the header fields of any server take. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** The request that opens a WebSocket (RFC 6455 §4.1). */
export function openingRequest(request: WebSocketRequest): Uint8Array {
  const { host, path, key, subprotocol, extensions, fields = [] } = request;
  const more = [
    ...subprotocol === undefined ? [] : [["Sec-WebSocket-Protocol", subprotocol]],
    ...extensions === undefined ? [] : [["Sec-WebSocket-Extensions", extensions]],
    ...fields,
  ].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return new TextEncoder().encode(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${more}\r\n`,
  );
}

/** The server's answer, or undefined while it is not whole (RFC 6455 §4.1). */
export function readOpening(
  bytes: Uint8Array,
  { key, subprotocol: offered, extensions: offer }: Omit<WebSocketRequest, "host" | "path">,
): OpeningAnswer | undefined {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, MAX_ANSWER_BYTES));
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length < MAX_ANSWER_BYTES) return undefined;
    throw refused(`its answer has more than ${MAX_ANSWER_BYTES} bytes of header`);
  }
  const [status = "", ...lines] = text.slice(0, end).split("\r\n");
  const [, code] = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(status) ?? [];
  if (code === undefined) throw refused("its answer is not HTTP/1.1");
  if (code !== "101") throw refused(`it answers with status ${code}, and 101 is needed`);
  const fields = fieldsIn(lines);
  if (!/(^|,)\s*upgrade\s*(,|$)/i.test(fields.get("connection") ?? "")) {
    throw refused("its field Connection does not say Upgrade");
  }
  if (fields.get("upgrade")?.toLowerCase() !== "websocket") throw refused("it does not upgrade");
  if (fields.get("sec-websocket-accept") !== acceptKey(key)) {
    throw refused("its Sec-WebSocket-Accept does not belong to our key");
  }
  const subprotocol = fields.get("sec-websocket-protocol");
  const choices = offered?.split(",").map((each) => each.trim()) ?? [];
  if (subprotocol !== undefined && !choices.includes(subprotocol)) {
    const wanted = offered === undefined ? "none was offered" : `not the subprotocol ${offered}`;
    throw refused(`it speaks ${subprotocol}, ${wanted}`);
  }
  const extensions = fields.get("sec-websocket-extensions");
  if (extensions !== undefined && offer === undefined) {
    throw refused("it uses an extension nobody offered");
  }
  return { end: end + 4, subprotocol, extensions };
}

/**
 * Header fields by their names in lower case; the values of a repeated one are joined by commas.
 */
function fieldsIn(lines: readonly string[]): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase(), value = line.slice(colon + 1).trim();
    const before = fields.get(name);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return fields;
}

function refused(why: string): ProtocolError {
  return new ProtocolError(`Cannot open a WebSocket: ${why}`, closeCodes.protocolError);
}
