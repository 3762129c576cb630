import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Gateway } from "../../gateway/gateway.ts";
import type { GatewayOptions } from "../../gateway/gateway_options.ts";
import { wordsOf } from "../config/cause.ts";
import type { Settings } from "../config/resolved.ts";
import type { Parts } from "../main.ts";

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
    const fault = error instanceof Deno.errors.NotCapable ? notCapable(file) : error;
    // Nobody has named this file, so a gateway that may not write it runs without a store.
    if (!isUsual || !isForbidden(error)) throw fault;
    options.log?.warn("nothing will survive a restart: the store may not be written", {
      file,
      why: wordsOf(fault),
    });
    return parts.gateway(options);
  }
}

/** All that a store needs: Deno itself would name one permission after the other. */
function notCapable(file: string): Error {
  const folder = dirname(file), sources = fileURLToPath(new URL("../../store", import.meta.url));
  return new Error(
    `Cannot use ${file}: Deno was not allowed to; ` +
      `run it with --allow-read=${folder},${sources} --allow-write=${folder}`,
  );
}

function isForbidden(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied ||
    (error as Partial<{ cause: { code?: string } }>).cause?.code === "EROFS";
}
