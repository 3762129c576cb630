import type { Handler } from "./handler.ts";

/** Handlers that ask other servers: CoAP requests for others are theirs, too. */
const forwarders = new WeakSet<Handler>();

/** Has `handler` get what CoAP clients ask other servers. */
export function forwarder(handler: Handler): Handler {
  forwarders.add(handler);
  return handler;
}

export function isForwarder(handler: Handler): boolean {
  return forwarders.has(handler);
}
