/**
 * Text that a page shows as it is, in elements and in attributes.
 *
 * @example What a visitor typed
 * ```ts
 * import { escapeHtml } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const name = "<script>alert(1)</script>";
 * assert.equal(`<p>${escapeHtml(name)}</p>`.includes("<script>"), false);
 * ```
 */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (found) => `&#${found.charCodeAt(0)};`);
}
