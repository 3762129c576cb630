import type { DnsData, DnsQuestion, DnsRecord, Rcode } from "./record.ts";

/** A question on its way to an answer. */
export interface Asking {
  readonly question: DnsQuestion;
  /** Who asks: `host:port`. */
  readonly from: string;
  /** RD: who asks would like us to ask others. */
  readonly recursionDesired: boolean;
  /** Answers; undefined leaves it to the next. To be called once. */
  reply(found: DnsAnswer | undefined): void;
}

/**
 * A whole answer, as a handler may give it by its parts.
 *
 * @example The answer of another server
 * ```ts
 * import type { DnsAnswer } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * const answer: Partial<DnsAnswer> = { rcode: "SERVFAIL", authoritative: false };
 * assert.equal(answer.rcode, "SERVFAIL");
 * ```
 */
export interface DnsAnswer {
  /** Whether it was found. */
  rcode: Rcode;
  /** AA: it comes from whoever has the authority; default true. */
  authoritative: boolean;
  /** RA: it was asked of others. */
  recursionAvailable?: boolean;
  /** The records asked for. */
  answers: readonly DnsRecord[];
  /** Whose authority it is: NS, or the SOA of what is absent. */
  authorities: readonly DnsRecord[];
  /** What will be asked next. */
  additionals: readonly DnsRecord[];
}

/** One that answers questions which no zone does. */
type Answerer = (asking: Asking) => void;

/**
 * What a handler of questions answers: records, whose name is the one that was asked and whose TTL
 * is 300 s unless they say otherwise, an empty list for a name without such records, a response
 * code, or all of these by their names. Undefined leaves the question to the next handler.
 *
 * @example One name, and no others
 * ```ts
 * import type { DnsAnswers, DnsQuestion } from "@meerkat/gateway";
 * import assert from "node:assert/strict";
 *
 * function answer({ name, type }: DnsQuestion): DnsAnswers {
 *   if (name !== "gate.example") return "NXDOMAIN";
 *   return type === "A" ? [{ type: "A", address: "192.0.2.1" }] : [];
 * }
 *
 * assert.equal(answer({ name: "other.example", type: "A" }), "NXDOMAIN");
 * ```
 */
export type DnsAnswers =
  | readonly (DnsData & { name?: string; ttl?: number })[]
  | Rcode
  | Partial<DnsAnswer>
  | undefined;

/** A record without what is usual. */
type Brief = DnsData & { name?: string; ttl?: number };

/** Seconds that an answer of a handler may be kept when it does not say. */
const USUAL_TTL = 300;

/** What a handler's answers are as an answer. */
export function answerOf(answers: DnsAnswers, { name }: DnsQuestion): DnsAnswer | undefined {
  if (answers === undefined) return undefined;
  const usual: DnsAnswer = {
    rcode: "NOERROR",
    authoritative: true,
    answers: [],
    authorities: [],
    additionals: [],
  };
  if (typeof answers === "string") return { ...usual, rcode: answers };
  if (!isList(answers)) return { ...usual, ...answers };
  const whole = (each: Brief): DnsRecord => ({ name, ttl: USUAL_TTL, ...each });
  return { ...usual, answers: answers.map(whole) };
}

/** `Array.isArray` does not know lists that must not be changed. */
function isList(answers: NonNullable<DnsAnswers>): answers is readonly Brief[] {
  return Array.isArray(answers);
}

/** The handlers of one gateway: what all of its DNS listeners ask when no zone has the name. */
export class DnsTable {
  readonly #answerers: Answerer[] = [];

  /** Has `answerer` asked after those that are there; the answer takes it out again. */
  add(answerer: Answerer): () => void {
    this.#answerers.push(answerer);
    return () => {
      const index = this.#answerers.indexOf(answerer);
      if (index >= 0) this.#answerers.splice(index, 1);
    };
  }

  /** Asks one answerer after the other; the answer is REFUSED when nobody has one. */
  ask(asking: Omit<Asking, "reply">, reply: (answer: DnsAnswer) => void): void {
    const answerers = [...this.#answerers];
    const next = (): void => {
      const answerer = answerers.shift();
      if (answerer === undefined) return reply(answerOf("REFUSED", asking.question)!);
      let isOver = false;
      answerer({
        ...asking,
        reply(found) {
          if (isOver) return;
          isOver = true;
          if (found === undefined) next();
          else reply(found);
        },
      });
    };
    next();
  }
}
