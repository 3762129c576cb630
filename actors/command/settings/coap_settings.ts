import type { CoapLimits } from "../../../protocols/coap/limits.ts";
import { choice, list, text } from "./kinds.ts";
import type { Setting, Values } from "./record.ts";

const group = text(
  "ADDRESS",
  "give a multicast address such as 224.0.1.187, ff02::fd or ff05::fd",
  isGroup,
);

/** True for 224.0.0.0/4 and ff00::/8 (RFC 5771, RFC 4291 §2.7). */
function isGroup(host: string): boolean {
  return /^(?:22[4-9]|23\d)(?:\.\d{1,3}){3}$/.test(host) && URL.canParse(`http://${host}`) ||
    /^ff[\da-f]{2}:[\da-f:]+$/i.test(host) && URL.canParse(`http://[${host}]`);
}

/** Groups to join. */
export const multicastGroups = list(group);

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
