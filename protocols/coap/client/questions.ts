import type { Due } from "../../deadlines.ts";
import { ProtocolError } from "../../session.ts";
import { Answer } from "../answer.ts";
import { BodyTransfer } from "./body_transfer.ts";
import { textOf } from "../cache_key.ts";
import { Code, CON, type Message } from "../codec.ts";
import type { Composer } from "../composer.ts";
import type { Confirmable, MessageLayer } from "../layer.ts";
import { encodeOptions, Option } from "../option_bytes.ts";
import { Options } from "../options.ts";
import type { Peer } from "../peers.ts";

/** A request of ours. */
export interface Wish {
  readonly code: number;
  /** In rising order of their numbers, without those of blocks and Observe. */
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  /** True when it is sent until it is acknowledged; a stream does not need that. */
  readonly isConfirmable: boolean;
  /** The size exponent of blocks; default 6, of 1,024 bytes. */
  readonly szx?: number | undefined;
  /** Bytes of the longest answer. */
  readonly maxBytes: number;
  /** Milliseconds that each answer is waited for. */
  readonly timeoutMs: number;
}

/** Whoever asks. */
export interface Asker {
  /** The whole answer has come; errors of the server are answers, too. */
  answered(answer: Message, now: number): void;
  /** No answer will come. */
  failed(error: Error, now: number): void;
}

/** Whoever waits for messages with a token. */
export interface Awaiting {
  take(message: Message, now: number): void;
  /** The server has rejected a request of this id, which was not to be acknowledged. */
  reset?(id: number, now: number): void;
  /** Nothing more will come from this server. */
  ended(now: number): void;
}

/** How often a server may ask whether we are where we say we are (RFC 9175 §2.3). */
const MAX_ECHOES = 2;

/** What a client has asked one server and has not heard the end of, by token. */
export class Questions {
  readonly #waiting = new Map<string, Awaiting>();

  constructor(
    readonly layer: MessageLayer,
    readonly peer: Peer,
    /** Tokens must not be guessed (RFC 7252 §5.3.1). */
    readonly newToken: () => Uint8Array,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  ask(wish: Wish, asker: Asker, now: number): Question {
    const question = new Question(this, wish, asker);
    question.begin(now);
    return question;
  }

  expect(token: Uint8Array, awaiting: Awaiting): void {
    this.#waiting.set(textOf(token), awaiting);
  }

  forget(token: Uint8Array): void {
    this.#waiting.delete(textOf(token));
  }

  /** Takes an answer; false when nobody waits for it. */
  receive(message: Message, now: number): boolean {
    const awaiting = this.#waiting.get(textOf(message.token));
    awaiting?.take(message, now);
    return awaiting !== undefined;
  }

  /** The server rejects a request that was sent once. */
  reset(id: number, now: number): void {
    for (const each of this.#waiting.values()) each.reset?.(id, now);
  }

  /** Nothing more will come. */
  end(now: number): void {
    for (const awaiting of [...this.#waiting.values()]) awaiting.ended(now);
  }
}

/** One request and its answer, each in as many messages as it takes (RFC 7959). */
export class Question implements Confirmable, Due, Awaiting {
  /** The same message until the next one. */
  readonly outdated = false;
  dueAt = Infinity;
  place = -1;
  readonly #transfer: BodyTransfer;
  #token: Uint8Array | undefined;
  /** Of the first message, when somebody else waits for what comes with it. */
  #given: Uint8Array | undefined;
  #message: Answer | undefined;
  /** Of a message that is not to be acknowledged; else -1. */
  #id = -1;
  #echo: Uint8Array | undefined;
  #echoes = 0;
  #isOver = false;
  goesOn = false;

  constructor(readonly questions: Questions, readonly wish: Wish, readonly asker: Asker) {
    this.#transfer = new BodyTransfer(wish, wish, questions.newToken);
  }

  get peer(): Peer {
    return this.questions.peer;
  }

  /** Asks, with `token` when somebody else waits for what comes with it. */
  begin(now: number, token?: Uint8Array): void {
    this.#given = token;
    this.#send(now);
  }

  /** True until something with this token has come. */
  waitsFor(token: Uint8Array): boolean {
    return this.#token === token;
  }

  /** Goes on with an answer that came by itself, as notifications do. */
  take(message: Message, now: number): void {
    if (this.#isOver) return;
    // An answer says that the request has come, too (RFC 7252 §4.2).
    this.#rest(now);
    if (this.#mustEcho(message)) return this.#send(now);
    this.#given = undefined;
    let whole: Message | undefined;
    try {
      whole = this.#transfer.take(message);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return this.#fail(error, now);
    }
    this.goesOn = true;
    if (whole === undefined) return this.#send(now);
    this.#isOver = true;
    this.asker.answered(whole, now);
  }

  encode(composer: Composer, id: number): Uint8Array {
    const message = this.#message!;
    return composer.message(CON, message.code, id, this.#token!, message);
  }

  acknowledged(now: number, answer?: Message): void {
    if (answer !== undefined && answer.code !== Code.empty) this.questions.receive(answer, now);
  }

  failed(now: number, isReset = false): void {
    const why = isReset ? "answered with a reset" : "not acknowledged";
    this.#fail(new Error(`No answer from ${this.peer.address}: the request was ${why}`), now);
  }

  reset(id: number, now: number): void {
    if (id === this.#id) this.failed(now, true);
  }

  due(now: number): void {
    const { peer: { address }, wish: { timeoutMs } } = this;
    this.#fail(new Error(`No answer from ${address} within ${timeoutMs} ms`), now);
  }

  ended(now: number): void {
    this.#fail(new Error(`The connection to ${this.peer.address} has ended`), now);
  }

  /** Nobody wants to hear the answer any more. */
  cancel(now: number): void {
    this.#isOver = true;
    this.#rest(now);
  }

  #send(now: number): void {
    const { questions, wish, peer } = this, { layer } = questions, given = this.#given;
    const { options, payload } = this.#transfer.next();
    const all = this.#echo === undefined ? options : withEcho(options, this.#echo);
    this.#message = new Answer(wish.code, encodeOptions(all), payload);
    this.#token = given ?? questions.newToken();
    if (given === undefined) questions.expect(this.#token, this);
    layer.deadlines.set(this, now + wish.timeoutMs);
    if (wish.isConfirmable) layer.confirm(this, now);
    else this.#id = layer.send(peer, this.#token, this.#message);
  }

  /** Waits for nothing, for now. */
  #rest(now: number): void {
    const { questions, questions: { layer } } = this;
    layer.cancel(this, now);
    layer.deadlines.delete(this);
    if (this.#token !== undefined) questions.forget(this.#token);
    this.#token = undefined;
  }

  #fail(error: Error, now: number): void {
    if (this.#isOver) return;
    this.cancel(now);
    this.asker.failed(error, now);
  }

  /** The server wants to see that we are where we say we are, which repeating its Echo shows. */
  #mustEcho({ code, options }: Message): boolean {
    const echo = options.find(({ number }) => number === Options.echo);
    if (echo !== undefined) this.#echo = echo.value.slice();
    return code === Code.unauthorized && echo !== undefined && this.#echoes++ < MAX_ECHOES;
  }
}

function withEcho(options: readonly Option[], value: Uint8Array): Option[] {
  const before = options.filter(({ number }) => number < Options.echo);
  return [...before, new Option(Options.echo, value), ...options.slice(before.length)];
}
