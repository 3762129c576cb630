import type { Due } from "../../deadlines.ts";
import { Code, type Message, NONE } from "../codec.ts";
import { Option } from "../option_bytes.ts";
import { Options, uint, uintOf } from "../options.ts";
import { type Asker, type Awaiting, Question, type Questions, type Wish } from "./questions.ts";

/** Seconds for which an answer that does not say is fresh (RFC 7252 §5.10.5). */
const MAX_AGE_SECONDS = 60;

/** Milliseconds beyond it until we ask anew: a notification may be on its way. */
const PATIENCE_MS = 5000;

/** Milliseconds after which whatever comes is newer (RFC 7641 §3.4). */
const REORDERED_MS = 128_000;

/** Who follows a resource. */
export interface Follower extends Asker {
  /** The server will say no more: it never meant to, or what it said last is why. */
  finished(now: number): void;
}

/** A resource that we follow (RFC 7641): what it is now, and each time that it changes. */
export class Subscription implements Asker, Awaiting, Due {
  dueAt = Infinity;
  place = -1;
  readonly #token: Uint8Array;
  /** What is on its way to us, as far as it takes more than one message. */
  #question: Question | undefined;
  #sequence: number | undefined;
  #heardAt = 0;
  #isOver = false;

  constructor(
    readonly questions: Questions,
    readonly wish: Wish,
    readonly follower: Follower,
    /** False where the server cannot forget us without a word: in a stream. */
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
      // What it is now is newer than what is on its way.
      this.#question?.cancel(now);
      this.#question = new Question(this.questions, { ...this.wish, payload: NONE }, this);
    }
    this.#question!.take(message, now);
    // A question forgets its token; this one is that of all that will come.
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
      // The server was there a while ago: it is asked once more what there is.
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

  /** What we have is not fresh any more: the server may have forgotten us (RFC 7641 §3.3.1). */
  due(now: number): void {
    this.#register(now);
  }

  /** Follows it no longer, and says so (RFC 7641 §3.6). */
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

/** Where a notification is in the order of all; undefined for a message that is none. */
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
