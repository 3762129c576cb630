import type { Handler } from "./handler.ts";

/** Handlers that also get the CoAP requests that are meant for other servers. */
const forwarders = new WeakSet<Handler>();

/** Has `handler` get the CoAP requests that are meant for other servers (RFC 7252 §5.7). */
export function forwarder(handler: Handler): Handler {
  forwarders.add(handler);
  return handler;
}

export function isForwarder(handler: Handler): boolean {
  return forwarders.has(handler);
}
