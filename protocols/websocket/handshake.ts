import { createHash } from "node:crypto";
import type { RequestHead, ResponseHead } from "../http/messages/message.ts";

/** An HTTP answer to a handshake, other than 101. */
export type Refusal = ResponseHead & { body: string };

/** Makes a refusal of a status and a sentence. */
export function refusal(
  status: number,
  body: string,
  fields: readonly (readonly [string, string])[] = [],
): Refusal {
  return {
    status,
    fields: [["content-type", "text/plain; charset=utf-8"], ...fields],
    body: `${body}\n`,
  };
}

/** True when a request asks for a WebSocket. HTTP/1.0 cannot ask (RFC 9110 §7.8). */
export function asksForWebSocket({ fields, minor }: RequestHead): boolean {
  return minor === 1 && tokens(fields.get("upgrade")).some((each) => isWord(each, "websocket"));
}

/** What is wrong with a request for a WebSocket (RFC 6455 §4.2.1), or undefined when nothing is. */
export function checkHandshake({ method, fields }: RequestHead): Refusal | undefined {
  if (method !== "GET") {
    return refusal(400, `Cannot open a WebSocket with ${method}: GET is required`);
  }
  if (!tokens(fields.get("connection")).some((each) => isWord(each, "upgrade"))) {
    return refusal(400, "Cannot open a WebSocket: the field Connection must say Upgrade");
  }
  // The bytes of a body would be read as frames.
  if (fields.has("transfer-encoding") || (fields.get("content-length") ?? "0") !== "0") {
    return refusal(400, "Cannot open a WebSocket with a request that has a body");
  }
  const version = fields.get("sec-websocket-version");
  if (version !== "13") {
    return refusal(426, `Cannot speak WebSocket version ${version ?? "unknown"}: 13 is required`, [
      ["upgrade", "websocket"],
      ["sec-websocket-version", "13"],
    ]);
  }
  if (!/^[A-Za-z0-9+/]{22}==$/.test(fields.get("sec-websocket-key") ?? "")) {
    return refusal(400, "Cannot use the Sec-WebSocket-Key: 16 bytes in base64 are required");
  }
  return undefined;
}

/** The first of the offered subprotocols that is known (RFC 6455 §4.2.2). */
export function chooseSubprotocol(
  offered: string | undefined,
  known: readonly string[],
): string | undefined {
  return tokens(offered).find((each) => known.includes(each));
}

/** The answer that opens a WebSocket (RFC 6455 §4.2.2). */
export function switchingProtocols(
  key: string,
  subprotocol?: string,
  extensions?: string,
): Uint8Array {
  const chosen = (subprotocol === undefined ? "" : `Sec-WebSocket-Protocol: ${subprotocol}\r\n`) +
    (extensions === undefined ? "" : `Sec-WebSocket-Extensions: ${extensions}\r\n`);
  return new TextEncoder().encode(
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${acceptKey(key)}\r\n${chosen}\r\n`,
  );
}

/** The Sec-WebSocket-Accept for a key, which shows that the server speaks WebSocket (§1.3). */
export function acceptKey(key: string): string {
  return createHash("sha1").update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest("base64");
}

function tokens(list: string | undefined): string[] {
  return list === undefined ? [] : list.split(",").map((each) => each.trim());
}

function isWord(token: string, word: string): boolean {
  return token.toLowerCase() === word;
}
