import type { Due } from "../../deadlines.ts";
import { Code, type Message, NONE } from "../messages/codec.ts";
import { Option } from "../messages/option_bytes.ts";
import { Options, uint, uintOf } from "../messages/options.ts";
import { type Asker, type Awaiting, Question, type Questions, type Wish } from "./questions.ts";

/** 60 s for which an answer without Max-Age is fresh (RFC 7252 §5.10.5). */
const MAX_AGE_SECONDS = 60;

/** 5 s more until we ask anew, because a notification may be on its way. */
const PATIENCE_MS = 5000;

/** 128 s after which any notification is newer than the last (RFC 7641 §3.4). */
const REORDERED_MS = 128_000;

/** Gets what a subscription hears. */
export interface Follower extends Asker {
  /** The server sends no more: it did not register us, or its last answer was an error. */
  finished(now: number): void;
}

/** A resource that we observe (RFC 7641): its present state, and each time that this changes. */
export class Subscription implements Asker, Awaiting, Due {
  dueAt = Infinity;
  place = -1;
  readonly #token: Uint8Array;
  /** The transfer of the present state, while more messages of it are needed. */
  #question: Question | undefined;
  #sequence: number | undefined;
  #heardAt = 0;
  #isOver = false;

  constructor(
    readonly questions: Questions,
    readonly wish: Wish,
    readonly follower: Follower,
    /** True for datagrams, where the server may forget us unnoticed; false for a stream. */
    readonly mayBeForgotten: boolean,
  ) {
    this.#token = questions.newToken();
  }

  begin(now: number): void {
    this.#register(now);
  }

  take(message: Message, now: number): void {
    const isAnswer = this.#question?.waitsFor(this.#token) === true;
    const sequence = sequenceOf(message);
    if (sequence !== undefined) {
      if (!isAnswer && !this.#isNewer(sequence, now)) return;
      this.#heardAt = now;
    }
    this.#sequence = sequence;
    if (!isAnswer) {
      // A notification is newer than the state that is being transferred.
      this.#question?.cancel(now);
      this.#question = new Question(this.questions, { ...this.wish, payload: NONE }, this);
    }
    this.#question!.take(message, now);
    // A question forgets its token at the end, but all later notifications have this one.
    if (!this.#isOver) this.questions.expect(this.#token, this);
  }

  answered(answer: Message, now: number): void {
    this.#question = undefined;
    const isRegistered = this.#sequence !== undefined;
    if (!isRegistered) this.#close();
    this.follower.answered(answer, now);
    if (!isRegistered) return this.follower.finished(now);
    if (this.mayBeForgotten && !this.#isOver) this.#freshUntil(answer, now);
  }

  failed(error: Error, now: number): void {
    if (this.#isOver) return;
    this.#question = undefined;
    if (this.#sequence !== undefined) {
      // The server was there not long ago, so it is asked once more.
      this.#sequence = undefined;
      this.questions.layer.deadlines.set(this, now + PATIENCE_MS);
      return;
    }
    this.#close();
    this.follower.failed(error, now);
  }

  ended(now: number): void {
    this.#sequence = undefined;
    this.failed(new Error(`The connection to ${this.questions.peer.address} has ended`), now);
  }

  /** Our state is not fresh any more: the server may have forgotten us (RFC 7641 §3.3.1). */
  due(now: number): void {
    this.#register(now);
  }

  /** Ends the observation, and tells the server (RFC 7641 §3.6). */
  cancel(now: number): void {
    if (this.#isOver) return;
    const isRegistered = this.#sequence !== undefined;
    this.#question?.cancel(now);
    this.#close();
    if (!isRegistered) return;
    const nobody: Asker = { answered() {}, failed() {} };
    new Question(this.questions, observing(this.wish, 1), nobody).begin(now, this.#token);
  }

  #register(now: number): void {
    this.#question?.cancel(now);
    this.#question = new Question(this.questions, observing(this.wish, 0), this);
    this.questions.expect(this.#token, this);
    this.#question.begin(now, this.#token);
  }

  #isNewer(sequence: number, now: number): boolean {
    const before = this.#sequence;
    if (before === undefined || now > this.#heardAt + REORDERED_MS) return true;
    const ahead = sequence - before & 0xffffff;
    return ahead > 0 && ahead < 0x800000;
  }

  #freshUntil({ options }: Message, now: number): void {
    const maxAge = options.find(({ number }) => number === Options.maxAge);
    const seconds = maxAge === undefined ? MAX_AGE_SECONDS : uintOf(maxAge.value);
    this.questions.layer.deadlines.set(this, now + seconds * 1000 + PATIENCE_MS);
  }

  #close(): void {
    this.#isOver = true;
    this.#question = undefined;
    this.questions.layer.deadlines.delete(this);
    this.questions.forget(this.#token);
  }
}

/** The sequence number of a notification; undefined for a message that is none. */
function sequenceOf({ code, options }: Message): number | undefined {
  const observe = options.find(({ number }) => number === Options.observe);
  return observe === undefined || code >= Code.badRequest ? undefined : uintOf(observe.value);
}

function observing(wish: Wish, observe: number): Wish {
  const { options } = wish;
  const before = options.filter(({ number }) => number < Options.observe);
  const option = new Option(Options.observe, uint(observe));
  return { ...wish, options: [...before, option, ...options.slice(before.length)] };
}
