import { isLasting, lastingCopy } from "../bytes.ts";
import { type Delivery, Publication } from "../publication.ts";

/** The same delivery holding on to nothing but its own bytes. */
export function outliving(delivery: Delivery): Delivery {
  const { publication } = delivery;
  const { topic, payload, time, contentType, properties } = publication;
  // A payload that shares its page with thousands of others would keep all of them.
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

/** Made once for all the queues that a message waits in. */
function ownPayload({ payload }: Publication): Uint8Array {
  return lastingCopy(payload);
}
