/**
 * Says why a store cannot be used, and what to do about it.
 *
 * @example A file that is something else
 * ```ts
 * import { gateway, sqliteStore, StoreError } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const file = await Deno.makeTempFile();
 * await Deno.writeTextFile(file, "Dear diary, ".repeat(100));
 * assert.throws(() => gateway({ store: sqliteStore(file) }), StoreError);
 * ```
 */
export class StoreError extends Error {
  /** `StoreError`. */
  override name = "StoreError";
}
