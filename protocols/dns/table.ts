import type { DnsData, DnsQuestion, DnsRecord, Rcode } from "./record.ts";

/** A question, as a handler is asked it. */
export interface Asking {
  readonly question: DnsQuestion;
  /** The address of the client: `host:port`. */
  readonly from: string;
  /** RD: the client wants us to ask others, if we must. */
  readonly recursionDesired: boolean;
  /** Answers, once; undefined leaves the question to the next handler. */
  reply(found: DnsAnswer | undefined): void;
}

/**
 * A whole answer, of which a handler may give some members.
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
  /** What became of the question. */
  rcode: Rcode;
  /** AA: it comes from a server with authority for the name; default true. */
  authoritative: boolean;
  /** RA: others are asked, where needed. */
  recursionAvailable?: boolean;
  /** The records asked for. */
  answers: readonly DnsRecord[];
  /** Who has the authority: NS records; or SOA, where there is no answer. */
  authorities: readonly DnsRecord[];
  /** Records that the client would ask for next. */
  additionals: readonly DnsRecord[];
}

/** Answers questions for which there is no zone. */
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

/** A record whose name and TTL may be left out. */
type Brief = DnsData & { name?: string; ttl?: number };

/** 300 s for which a handler's answer may be kept unless it says: changes show within minutes. */
const USUAL_TTL = 300;

/** The whole answer that a handler's result stands for. */
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

/** `Array.isArray` does not narrow the type of readonly arrays. */
function isList(answers: NonNullable<DnsAnswers>): answers is readonly Brief[] {
  return Array.isArray(answers);
}

/** The DNS handlers of a gateway, which all of its listeners ask about names in no zone. */
export class DnsTable {
  readonly #answerers: Answerer[] = [];

  /** Adds an answerer behind those that are there. The result removes it again. */
  add(answerer: Answerer): () => void {
    this.#answerers.push(answerer);
    return () => {
      const index = this.#answerers.indexOf(answerer);
      if (index >= 0) this.#answerers.splice(index, 1);
    };
  }

  /** Asks one answerer after the other; the answer is REFUSED when none has one. */
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
