import type { PathExchange } from "../../protocols/http/exchange.ts";
import type { Log } from "../log.ts";
import type { Supervisor } from "../supervisor.ts";
import { fetchHandler, type Question } from "./fetch_handler.ts";
import type { Handler } from "./handler.ts";
import { handlerOptions } from "./handler_options.ts";
import { shortcutOf } from "./shortcut.ts";

/** Has one exchange answered; `params` are the parts of its path that the pattern names. */
export type Answering = (exchange: PathExchange, params?: Question["params"]) => void;

/** Starts an actor that answers by `handler`; it never sees what the handler's shortcut answers. */
export function answering(
  handler: Handler,
  { supervisor, name, log }: { supervisor: Supervisor; name: string; log: Log },
): Answering {
  const ref = supervisor.spawn(name, fetchHandler(handler, log), handlerOptions);
  const shortcut = shortcutOf(handler);
  return (exchange, params = {}) => {
    if (!shortcut?.(exchange) && !ref.tell({ exchange, params })) exchange.respond({ status: 503 });
  };
}
