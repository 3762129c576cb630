import type { LinkAttributes } from "../../protocols/link_format.ts";

/**
 * What `/.well-known/core` says of a resource to CoAP clients (RFC 6690 §3, RFC 7252 §7.2.1).
 *
 * @example A sensor that is found by its kind
 * ```ts
 * import { coap, coapClient, gateway, type LinkOptions, udp } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const link: LinkOptions = { rt: "temperature-c", if: "sensor", title: "Attic" };
 * await using hub = gateway();
 * hub.handle("/attic", () => new Response("21.5"), { link });
 * const { port } = await hub.listen(udp({ port: 0 }), coap()).ready;
 * await using client = coapClient(`coap://127.0.0.1:${port}`);
 * const found = await client.get("/.well-known/core?rt=temperature-c");
 * assert.equal(found.text(), '</attic>;rt="temperature-c";if="sensor";title="Attic"');
 * ```
 */
export interface LinkOptions {
  /** Resource types: what it is, as words with spaces between them. */
  rt?: string;
  /** Interface descriptions: how it is used, as words with spaces between them. */
  if?: string;
  /** Content-Formats in which it can be had, such as 0 for text and 50 for JSON. */
  ct?: number | readonly number[];
  /** Bytes of its representation, worth saying where they are many. */
  sz?: number;
  /** Its name for people. */
  title?: string;
}

/** The attributes as they are listed: several formats are one value, with spaces between them. */
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
