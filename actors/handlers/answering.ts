import type { PathExchange } from "../../protocols/http/exchange.ts";
import { fetchHandler, type Question } from "./fetch_handler.ts";
import type { Handler } from "./handler.ts";
import { shortcutOf } from "./shortcut.ts";
import type { SpawnOptions, Supervisor } from "../supervisor.ts";

/** Has one exchange answered; the pattern of its path may name parts of it. */
export type Answering = (exchange: PathExchange, params?: Question["params"]) => void;

/** Starts an actor that answers by `handler`; what its shortcut answers does not get there. */
export function answering(
  handler: Handler,
  { supervisor, name, mailbox }: { supervisor: Supervisor; name: string; mailbox: number },
): Answering {
  const options: SpawnOptions = { restart: "crash", kind: "handler", mailbox };
  const ref = supervisor.spawn(name, fetchHandler(handler), options);
  const shortcut = shortcutOf(handler);
  return (exchange, params = {}) => {
    if (!shortcut?.(exchange) && !ref.tell({ exchange, params })) exchange.respond({ status: 503 });
  };
}
