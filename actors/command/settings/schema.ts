import type { Schema } from "./kinds.ts";
import type { Limits } from "./limits.ts";
import { configuration } from "./settings.ts";

/** The JSON Schema of configuration files; `limits` are those that hold when nothing is set. */
export function schema(limits: Limits): Schema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Meerkat configuration",
    ...configuration.schema({ limits }),
  };
}
