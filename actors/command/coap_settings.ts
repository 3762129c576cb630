import type { CoapLimits } from "../../protocols/coap/limits.ts";
import { choice } from "./kinds.ts";
import type { Setting, Values } from "./record.ts";

/** How CoAP is spoken over UDP, for all listeners or for one. */
export const coapSettings = {
  verifyAddresses: {
    only: "file",
    kind: choice(["public", "all", "none"]),
    doc:
      "Which CoAP clients over UDP must show that they are where they say before they are sent " +
      "more than three times the bytes that they sent: those that are not in a loopback, " +
      'link-local or private network, all, or none. Default: "public".',
  },
} as const satisfies Record<string, Setting<unknown>>;

/** What was set of CoAP. */
export type CoapSettings = Readonly<Partial<Pick<CoapLimits, keyof typeof coapSettings>>>;

/** The settings of CoAP out of a draft, those of the listener first. */
export function coapOf(
  own: Values<typeof coapSettings>,
  shared: Values<typeof coapSettings>,
): CoapSettings {
  const verifyAddresses = own.verifyAddresses ?? shared.verifyAddresses;
  return verifyAddresses === undefined ? {} : { verifyAddresses };
}
