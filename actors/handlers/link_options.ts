import type { LinkAttributes } from "../../protocols/link_format.ts";

/**
 * What `/.well-known/core` says of a resource (RFC 6690 §3, RFC 7252 §7.2.1).
 *
 * @example A sensor that is found by its kind
 * ```ts
 * import { gateway, type LinkOptions } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const link: LinkOptions = { rt: "temperature-c", if: "sensor", ct: [0, 50] };
 * await using hub = gateway();
 * hub.handle("/attic", () => new Response("21.5"), { link });
 * assert.equal(link.rt, "temperature-c"); // coap://…/.well-known/core?rt=temperature-c lists it
 * ```
 */
export interface LinkOptions {
  /** Resource types: what it is, in words with spaces between them. */
  rt?: string;
  /** Interface descriptions: how it is used. */
  if?: string;
  /** Content-Formats that it has, such as 0 for text and 50 for JSON. */
  ct?: number | readonly number[];
  /** Bytes that reading it gives, where they are many. */
  sz?: number;
  /** For people. */
  title?: string;
}

/** The attributes as lists have them: several formats are one value, with spaces between them. */
export function attributesOf(link: LinkOptions): LinkAttributes {
  const attributes: Record<string, string | number> = {};
  for (const name of ["rt", "if", "sz", "title"] as const) {
    const value = link[name];
    if (value !== undefined) attributes[name] = value;
  }
  const { ct } = link;
  if (ct !== undefined) attributes.ct = typeof ct === "number" ? ct : ct.join(" ");
  return attributes;
}
