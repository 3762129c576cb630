import { isLasting, lastingCopy } from "../../bytes.ts";
import { type Delivery, Publication } from "../../publication.ts";

/** The same delivery, with a payload that keeps no memory of other messages alive. */
export function outliving(delivery: Delivery): Delivery {
  const { publication } = delivery;
  const { topic, payload, time, contentType, properties } = publication;
  if (isLasting(payload)) return delivery;
  const own = publication.encode(ownPayload);
  return delivery.of(
    new Publication(topic, own, {
      qos: publication.qos,
      retain: publication.retain,
      time,
      contentType,
      properties,
    }),
  );
}

/** An encoder, so that all queues in which a message waits share one copy. */
function ownPayload({ payload }: Publication): Uint8Array {
  return lastingCopy(payload);
}
