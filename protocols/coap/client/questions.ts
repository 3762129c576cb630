import type { Due } from "../../deadlines.ts";
import { ProtocolError } from "../../session.ts";
import type { Confirmable, MessageLayer } from "../exchange/layer.ts";
import type { Peer } from "../exchange/peers.ts";
import { Answer } from "../messages/answer.ts";
import { textOf } from "../messages/cache_key.ts";
import { Code, CON, type Message } from "../messages/codec.ts";
import type { Composer } from "../messages/composer.ts";
import { encodeOptions, Option } from "../messages/option_bytes.ts";
import { Options } from "../messages/options.ts";
import { BodyTransfer } from "./body_transfer.ts";

/** A request that we send as a client. */
export interface Wish {
  readonly code: number;
  /** In rising order of their numbers, without those of blocks and Observe. */
  readonly options: readonly Option[];
  readonly payload: Uint8Array;
  /** True to send it until it is acknowledged, for which there is no need in a stream. */
  readonly isConfirmable: boolean;
  /** The size exponent of blocks; default 6, for 1,024 bytes. */
  readonly szx?: number | undefined;
  /** The longest answer, in bytes. */
  readonly maxBytes: number;
  /** Milliseconds that each answer is waited for. */
  readonly timeoutMs: number;
}

/** Gets the result of a request. */
export interface Asker {
  /** The whole answer has come. Errors of the server are answers, too. */
  answered(answer: Message, now: number): void;
  /** No answer will come. */
  failed(error: Error, now: number): void;
}

/** Waits for messages with a token. */
export interface Awaiting {
  take(message: Message, now: number): void;
  /** The server has rejected the non-confirmable message with this id. */
  reset?(id: number, now: number): void;
  /** Nothing more will come from this server. */
  ended(now: number): void;
}

/** How often a server may ask for an Echo in one request (RFC 9175 §2.3): twice, if one expires. */
const MAX_ECHOES = 2;

/** The requests of a client to one server that are not over yet, by token. */
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

  /** The server has rejected a non-confirmable message. */
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
  /** Retransmissions are always the same message. */
  readonly outdated = false;
  dueAt = Infinity;
  place = -1;
  readonly #transfer: BodyTransfer;
  #token: Uint8Array | undefined;
  /** The token of the first message, when somebody else waits for messages with it. */
  #given: Uint8Array | undefined;
  #message: Answer | undefined;
  /** The id of a non-confirmable message; else -1. */
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

  /** Sends the request, with `token` if somebody else waits for messages with that. */
  begin(now: number, token?: Uint8Array): void {
    this.#given = token;
    this.#send(now);
  }

  /** True until a message with this token has come. */
  waitsFor(token: Uint8Array): boolean {
    return this.#token === token;
  }

  /** Takes an answer to the last message, or a notification, which comes unasked. */
  take(message: Message, now: number): void {
    if (this.#isOver) return;
    // An answer also acknowledges the request (RFC 7252 §4.2).
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

  /** The answer is not wanted any more. */
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

  /** Stops waiting for an answer to the last message. */
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

  /** True when the server wants its Echo repeated, to see that our address is really ours. */
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
