import type { Kind } from "./kinds.ts";
import { quote } from "./place.ts";

/** An object whose keys are no settings but chosen by whoever writes the file. */
export function dictionary<T>(
  of: Kind<T>,
  key: { fits(name: string): boolean; right: string },
): Kind<Record<string, T>> {
  return {
    hint: "",
    read(raw, place) {
      if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
        return place.refuse(raw, "give an object in {}");
      }
      const values: Record<string, T> = {};
      for (const [name, each] of Object.entries(raw)) {
        const at = place.member(name);
        if (!key.fits(name)) at.complain(`Cannot use the key ${quote(name)}: ${key.right}`);
        const value = of.read(each, at);
        if (value !== undefined) values[name] = value;
      }
      return values;
    },
    schema: () => ({ type: "object", additionalProperties: of.schema() }),
  };
}
