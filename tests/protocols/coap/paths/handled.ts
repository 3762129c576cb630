import type { CoapLimits } from "../../../../protocols/coap/limits.ts";
import type { PathExchange } from "../../../../protocols/http/exchange.ts";
import { Handlers } from "../../../../protocols/http/handlers.ts";
import { FakeDatagrams } from "../fake_datagrams.ts";

/** A session with one handler, and the exchanges that this has been given. */
export function handled(
  limits: Partial<CoapLimits> = {},
  answer: (exchange: PathExchange) => void = () => {},
): { stage: FakeDatagrams; asked: PathExchange[] } {
  const stage = new FakeDatagrams(limits), asked: PathExchange[] = [];
  stage.shared(Handlers).add("/h/*", (exchange) => {
    asked.push(exchange);
    answer(exchange);
  });
  return { stage, asked };
}

/** Answers later: in a turn of the session's own. */
export function respond(
  stage: FakeDatagrams,
  exchange: PathExchange,
  text = "done",
  status = 200,
): void {
  exchange.post(() => exchange.respond({ status }, text));
  stage.turn();
}

/** The load of a session that has nothing under way. */
export const idle = {
  clients: 0,
  peers: 0,
  remembered: 0,
  observers: 0,
  replies: 0,
  timers: 0,
  transfers: 0,
};
