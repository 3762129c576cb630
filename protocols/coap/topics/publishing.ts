import { copy } from "../../bytes.ts";
import type { PublicationOptions, Qos } from "../../publication.ts";
import { Answer, refusal } from "../messages/answer.ts";
import { Code, CON } from "../messages/codec.ts";
import { mediaTypeOf } from "../messages/content_format.ts";
import { expiryOf, qosOf, retainOf } from "../messages/query.ts";
import type { Request } from "../messages/request.ts";

/**
 * The options of a publication from its request: `?qos=`, `?retain=`, `?expiry=`, Content-Format.
 */
export function publicationOptions(
  request: Request,
  retains: boolean,
  /** The only Content-Format that a topic has. */
  canonical: number | undefined,
): PublicationOptions & { retain: boolean } | Answer {
  const retain = retainOf(request, retains), qos = qosOf(request), expiry = expiryOf(request);
  if (retain instanceof Answer) return retain;
  if (qos instanceof Answer) return qos;
  if (expiry instanceof Answer) return expiry;
  const { contentFormat = canonical } = request;
  if (canonical !== undefined && contentFormat !== canonical) {
    const reason = `This topic has the Content-Format ${canonical}, not ${contentFormat}`;
    return refusal(Code.unsupportedFormat, reason);
  }
  return {
    qos: qos ?? defaultQos(request),
    retain,
    ...contentFormat !== undefined && { contentType: mediaTypeOf(contentFormat) },
    ...expiry !== undefined && { properties: { expirySeconds: expiry } },
  };
}

/** A confirmable request means at least once, because its acknowledgement is like a PUBACK. */
export function defaultQos({ message }: Request): Qos {
  return message.type === CON ? 1 : 0;
}

/**
 * A payload that outlives the turn. If it is to be stored, it must not keep a shared slab alive.
 */
export function kept({ payload, ownsPayload }: Request, retain: boolean): Uint8Array {
  return ownsPayload ? payload : retain ? payload.slice() : copy(payload);
}
