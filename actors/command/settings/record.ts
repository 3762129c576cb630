import type { Kind, Schema } from "./kinds.ts";
import { suggestion } from "./nearest.ts";
import { quote } from "./place.ts";

/** One thing that can be set. Flags, the configuration file, help and schema all come from it. */
export interface Setting<T> {
  readonly kind: Kind<T>;
  /** One sentence for help and schema. */
  readonly doc: string;
  /** Its flag, without the dashes. */
  readonly flag?: string;
  /** Its flag in one letter. */
  readonly short?: string;
  /** What holds when nothing is set, written as in a file. */
  readonly default?: unknown;
  /** True when an object without it makes no sense. */
  readonly required?: boolean;
  /** Where it may stand, if not in both. */
  readonly only?: "flags" | "file";
}

/** Settings by their names in the file. */
export type Table = Readonly<Record<string, Setting<unknown>>>;

/** What an object of these settings holds once read. */
export type Values<S extends Table> = {
  -readonly [Name in keyof S]?: S[Name] extends Setting<infer T> ? T : never;
};

/** An object whose keys are settings; `elsewhere` says where a key belongs that is not one of them. */
export function record<S extends Table>(
  members: S,
  elsewhere: ReadonlyMap<string, string> = new Map(),
): Kind<Values<S>> & { readonly members: S } {
  return {
    hint: "",
    members,
    read(raw, place) {
      if (typeof raw !== "object" || raw === null || Array.isArray(raw)) {
        return place.refuse(raw, "give an object in {}");
      }
      const values: Record<string, unknown> = {};
      for (const [name, each] of Object.entries(raw)) {
        if (!Object.hasOwn(members, name)) {
          const home = elsewhere.get(name);
          const hint = home ? `: ${home}` : suggestion(name, namesOf(members));
          place.member(name).complain(`Unknown key ${quote(name)}${hint}`);
        } else {
          values[name] = members[name]!.kind.read(each, place.member(name));
        }
      }
      for (const [name, { required, doc }] of Object.entries(members)) {
        if (required && !Object.hasOwn(raw, name)) {
          place.complain(`Missing "${name}": ${doc.replace(/\.$/, "")}`);
        }
      }
      return values as Values<S>;
    },
    schema: (defaults) => schemaOf(members, defaults as Record<string, unknown> | undefined),
  };
}

/** The settings that may stand in a file. */
export function inFile<S extends Table>(members: S): S {
  return Object.fromEntries(
    Object.entries(members).filter(([, { only }]) => only !== "flags"),
  ) as unknown as S;
}

function namesOf(members: Table): string[] {
  return Object.keys(members).filter((name) => !name.startsWith("$"));
}

function schemaOf(members: Table, defaults: Record<string, unknown> = {}): Schema {
  const required = Object.keys(members).filter((name) => members[name]!.required);
  const properties = Object.entries(members).map(([name, { kind, doc, default: usual }]) => {
    const given = defaults[name] ?? usual;
    if (kind.members) return [name, { description: doc, ...kind.schema(given) }];
    return [name, {
      description: doc,
      ...kind.schema(),
      ...given !== undefined && { default: given },
    }];
  });
  return {
    type: "object",
    properties: Object.fromEntries(properties),
    ...required.length > 0 && { required },
    additionalProperties: false,
  };
}
