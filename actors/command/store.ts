import { wordsOf } from "./cause.ts";
import type { Gateway } from "../gateway.ts";
import type { GatewayOptions } from "../gateway_options.ts";
import type { Parts } from "./main.ts";
import type { Settings } from "./resolved.ts";

/** Makes the gateway with the store that the settings name. */
export function openWithStore(
  { store, limits }: Settings,
  options: GatewayOptions,
  parts: Pick<Parts, "gateway" | "store">,
): Gateway {
  if (store === undefined) return parts.gateway(options);
  const { file, isUsual, durability, history } = store;
  try {
    const source = parts.store(file, { durability, history }, limits);
    return parts.gateway({ ...options, store: source });
  } catch (error) {
    // Nobody has named this file, so a gateway that may not write it runs without a store.
    if (!isUsual || !isForbidden(error)) throw error;
    options.log?.warn("nothing will survive a restart: the store may not be written", {
      file,
      why: wordsOf(error),
    });
    return parts.gateway(options);
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied ||
    (error as Partial<{ cause: { code?: string } }>).cause?.code === "EROFS";
}
