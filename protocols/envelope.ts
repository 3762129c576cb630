import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { utf8 } from "./bytes.ts";
import type { Delivery } from "./publication.ts";

const encoder = new TextEncoder();

/** A delivery as JSON, for server-sent events and for WebSockets of the subprotocol `json`. */
export function envelope(delivery: Delivery): string {
  const { topic, payload, time, contentType } = delivery.publication;
  const text = utf8(payload);
  // Written by hand: that is a third cheaper than making an object only to stringify it.
  let json = `{"topic":${JSON.stringify(topic)},"payload":${
    text === undefined ? `"${encodeBase64(payload)}"` : JSON.stringify(text)
  },"qos":${delivery.qos},"retain":${delivery.retain},"time":${time}`;
  if (text === undefined) json += `,"encoding":"base64"`;
  if (contentType !== undefined) json += `,"contentType":${JSON.stringify(contentType)}`;
  return json + "}";
}

/**
 * The bytes that an envelope's `payload` and `encoding` stand for; undefined when they are wrong.
 */
export function decodePayload(payload: unknown, encoding: unknown): Uint8Array | undefined {
  if (typeof payload !== "string") return undefined;
  if (encoding === undefined) return encoder.encode(payload);
  if (encoding !== "base64") return undefined;
  try {
    return decodeBase64(payload);
  } catch {
    return undefined;
  }
}
