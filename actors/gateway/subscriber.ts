import { Delivery, type Publication } from "../../protocols/publication.ts";
import { faultOfFilter } from "../../protocols/topic.ts";
import type { Behaviour, Ref } from "../actor.ts";
import { crash } from "../crash.ts";
import { handlerOptions } from "../handlers/handler_options.ts";
import type { Space } from "../space/space.ts";
import type { Supervisor } from "../supervisor.ts";

/**
 * The values of the named levels of a filter, as a type. For the filter `home/+room` it is
 * `{ room: string }`.
 *
 * @example One level, and all that is left
 * ```ts
 * import type { Levels } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const levels: Levels<"logs/+host/#path"> = { host: "web-1", path: "kernel/usb" };
 * // @ts-expect-error: the filter names no such level.
 * assert.equal(levels.port, undefined);
 * ```
 */
export type Levels<Filter extends string> = Filter extends `${infer First}/${infer Rest}`
  ? { [Name in keyof Levels<First> | keyof Levels<Rest>]: string }
  : Filter extends `${"+" | "#"}${infer Name}` ? { [Each in Name as Exclude<Each, "">]: string }
  : Record<never, string>;

/**
 * Called for each message of a subscription. When it throws, or a promise that it returns rejects,
 * that is logged as a crash of the handler's own actor, which goes on with the next message at
 * once. Messages do not wait for its promises.
 *
 * @example A handler that stands by itself
 * ```ts
 * import { gateway, type MessageHandler } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * await using hub = gateway();
 * const heard = new Promise((resolve) => {
 *   const note: MessageHandler<"+room/light"> = (message, { room }) => {
 *     resolve({ [room]: message.json() });
 *   };
 *   hub.subscribe("+room/light", note);
 * });
 * hub.publish("attic/light", "true");
 * assert.deepEqual(await heard, { attic: true });
 * ```
 */
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
      if (result instanceof Promise) result.catch((error) => crash(self, error));
    },
  });
}

/** Has `handler` called for what `filter` selects, until the returned function is called. */
export function subscribe<Filter extends string>(
  filter: Filter,
  handler: MessageHandler<Filter>,
  { name, space, supervisor }: { name: string; space: Space; supervisor: Supervisor },
): () => void {
  const plain = plainFilter(filter), fault = faultOfFilter(plain);
  if (fault !== undefined) throw new TypeError(fault);
  const options = { ...handlerOptions, kind: "subscriber" };
  const ref = supervisor.spawn(name, subscriber(filter, handler), options);
  const forget = follow(space, plain, ref);
  return () => {
    forget();
    supervisor.stopChild(name);
  };
}

/**
 * Tells `ref` what `filter` selects, stored values first, until the returned function is called.
 */
function follow(space: Space, filter: string, ref: Ref<Delivery>): () => void {
  const receiver = {
    name: ref.name,
    deliver(delivery: Delivery): boolean {
      if (ref.tell(delivery)) return true;
      space.dropped++;
      return false;
    },
  };
  space.router.subscribe(filter, { qos: 2 }, receiver);
  for (const value of space.retained.matching(filter, space.clock.now())) {
    receiver.deliver(new Delivery(value, value.qos, true, undefined));
  }
  return () => space.router.forget(receiver);
}
