import { encodeMessage } from "../../protocols/dns/message.ts";
import { type DnsQuestion, rcodes } from "../../protocols/dns/record.ts";
import {
  answerOf,
  type Asking,
  type DnsAnswer,
  type DnsAnswers,
  DnsTable,
} from "../../protocols/dns/table.ts";
import type { Behaviour, Self } from "../actor.ts";
import type { Clock } from "../clock.ts";
import { crash } from "../crash.ts";
import { handlerOptions } from "../handlers/handler_options.ts";
import type { Space } from "../space/space.ts";
import type { Supervisor } from "../supervisor.ts";

/** Milliseconds for an answer: clients have given up by then (RFC 1035 §7.2 suggests 2 to 5 s). */
const ANSWER_MS = 20_000;

/**
 * Answers DNS questions, at once or later: with records, a response code such as `NXDOMAIN`, a
 * whole `DnsAnswer`, or undefined to leave the question to the next handler.
 *
 * @example One address for every name
 * ```ts
 * import type { DnsHandler } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const captive: DnsHandler = ({ type }) =>
 *   type === "A" ? [{ type, address: "192.0.2.1", ttl: 10 }] : [];
 * const info = { from: "192.0.2.9:53000", recursionDesired: true };
 * assert.deepEqual(captive({ name: "x", type: "AAAA" }, info), []);
 * ```
 */
export type DnsHandler = (
  question: DnsQuestion,
  info: DnsInfo,
) => DnsAnswers | Promise<DnsAnswers>;

/**
 * What a DNS handler is told beside the question.
 *
 * @example Answers for this machine only
 * ```ts
 * import type { DnsHandler, DnsInfo } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const isLocal = ({ from }: DnsInfo): boolean => from.startsWith("127.");
 * const local: DnsHandler = (_question, info) => isLocal(info) ? [] : "REFUSED";
 * const info = { from: "192.0.2.9:53000", recursionDesired: true };
 * assert.equal(local({ name: "x", type: "A" }, info), "REFUSED");
 * ```
 */
export interface DnsInfo {
  /** Who asks: `host:port`. */
  readonly from: string;
  /** True when the client wants us to ask other servers for what we do not know. */
  readonly recursionDesired: boolean;
}

/** Has `handler`, as an actor, asked what no zone answers; the returned function removes it. */
export function addDnsHandler(
  handler: DnsHandler,
  { name, space, supervisor }: { name: string; space: Space; supervisor: Supervisor },
): () => void {
  const ref = supervisor.spawn(name, dnsHandler(handler, space.clock), handlerOptions);
  const remove = space.shared(DnsTable).add((asking) => {
    if (!ref.tell(asking)) asking.reply(failure(asking));
  });
  return () => {
    remove();
    supervisor.stopChild(name);
  };
}

function dnsHandler(handler: DnsHandler, clock: Clock): Behaviour<Asking> {
  return (self) => ({
    receive(asking) {
      try {
        const answers = handler(asking.question, asking);
        if (answers instanceof Promise) wait(answers, asking, { self, clock });
        else asking.reply(checked(answers, asking));
      } catch (error) {
        asking.reply(failure(asking));
        throw error;
      }
    },
  });
}

function wait(
  answers: Promise<DnsAnswers>,
  asking: Asking,
  { self, clock }: { self: Self<Asking>; clock: Clock },
): void {
  const giveUp = clock.after(ANSWER_MS, () => asking.reply(failure(asking)));
  answers.then((late) => asking.reply(checked(late, asking))).catch((error) => {
    asking.reply(failure(asking));
    crash(self, error);
  }).finally(giveUp);
}

/**
 * The answer of a handler. Throws when it cannot be written, so that the handler gets the blame.
 */
function checked(answers: DnsAnswers, { question }: Asking): DnsAnswer | undefined {
  const found = answerOf(answers, question);
  if (found) encodeMessage({ id: 0, questions: [], ...found, rcode: rcodes[found.rcode] });
  return found;
}

function failure({ question }: Asking): DnsAnswer {
  return answerOf("SERVFAIL", question)!;
}
