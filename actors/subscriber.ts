import { Delivery, type Publication } from "../protocols/publication.ts";
import type { Behaviour } from "./actor.ts";

type LevelName<Level extends string> = Level extends `+${infer Name}` | `#${infer Name}`
  ? Name extends "" ? never : Name
  : never;

type NamesIn<Filter extends string> = Filter extends `${infer First}/${infer Rest}`
  ? LevelName<First> | NamesIn<Rest>
  : LevelName<Filter>;

/** The named levels of a filter: `Levels<"a/+room">` is `{ room: string }`. */
export type Levels<Filter extends string> = { [Name in NamesIn<Filter>]: string };

/** Called for each message; what it throws crashes its own actor only, and so does a rejection. */
export type MessageHandler<Filter extends string> = (
  message: Publication,
  levels: Levels<Filter>,
) => unknown;

/** A filter as the router knows it: `a/+room/#rest` is `a/+/#`. */
export function plainFilter(filter: string): string {
  return filter.split("/").map((level) => /^[+#]/.test(level) ? level[0] : level).join("/");
}

/** The levels of `topic` that `filter` names. A named `#` takes all that is left. */
export function namedLevels(filter: string, topic: string): Record<string, string> {
  const given = topic.split("/");
  const named: Record<string, string> = {};
  for (const [index, level] of filter.split("/").entries()) {
    if (level.length < 2) continue;
    if (level.startsWith("+")) named[level.slice(1)] = given[index] ?? "";
    if (level.startsWith("#")) named[level.slice(1)] = given.slice(index).join("/");
  }
  return named;
}

/** An actor that calls `handler` for each delivery. */
export function subscriber<Filter extends string>(
  filter: Filter,
  handler: MessageHandler<Filter>,
): Behaviour<Delivery> {
  return (self) => ({
    receive({ publication }) {
      const levels = namedLevels(filter, publication.topic) as Levels<Filter>;
      const result = handler(publication, levels);
      if (!(result instanceof Promise)) return;
      result.catch((error) =>
        self.turn(() => {
          throw error;
        })
      );
    },
  });
}
