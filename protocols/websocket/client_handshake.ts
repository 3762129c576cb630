import { ProtocolError } from "../session.ts";
import { acceptKey } from "./handshake.ts";

/** What a client asks for. */
export interface WebSocketRequest {
  /** `host` or `host:port`, as in the URL. */
  host: string;
  /** Path and query. */
  path: string;
  /** 16 random bytes in base64. */
  key: string;
  subprotocol: string;
}

/** The longest answer: more than any server's header fields take together. */
const MAX_ANSWER_BYTES = 16 * 1024;

/** The request that opens a WebSocket (RFC 6455 §4.1). */
export function openingRequest({ host, path, key, subprotocol }: WebSocketRequest): Uint8Array {
  return new TextEncoder().encode(
    `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
      `Sec-WebSocket-Protocol: ${subprotocol}\r\n\r\n`,
  );
}

/** The bytes that the server's answer takes, or undefined while it is not whole (RFC 6455 §4.1). */
export function answerEnd(
  bytes: Uint8Array,
  { key, subprotocol }: Pick<WebSocketRequest, "key" | "subprotocol">,
): number | undefined {
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
  const fields = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  if (fields.get("upgrade")?.toLowerCase() !== "websocket") throw refused("it does not upgrade");
  if (fields.get("sec-websocket-accept") !== acceptKey(key)) {
    throw refused("its Sec-WebSocket-Accept does not belong to our key");
  }
  if (fields.get("sec-websocket-protocol") !== subprotocol) {
    throw refused(`it does not speak the subprotocol ${subprotocol}`);
  }
  if (fields.has("sec-websocket-extensions")) throw refused("it uses an extension nobody offered");
  return end + 4;
}

function refused(why: string): ProtocolError {
  return new ProtocolError(`Cannot open a WebSocket: ${why}`, 1002);
}
