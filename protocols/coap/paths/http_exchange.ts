import type { Decided } from "../../guard.ts";
import type { BodySink, PathExchange } from "../../http/exchange.ts";
import type { RequestHead, ResponseHead } from "../../http/messages/message.ts";
import type { Identity } from "../../identity.ts";
import type { Inbox, Peer } from "../../session.ts";
import { Assembly } from "../blocks/assembly.ts";
import { type Answer, refusal } from "../messages/answer.ts";
import { Code } from "../messages/codec.ts";
import { overloaded } from "../topics/outcome.ts";
import { answerOf, type Asked } from "./http_answer.ts";
import type { Room } from "./room.ts";

/** The client of a request, and what a handler's answer needs of the session. */
export interface Asker {
  readonly inbox: Inbox;
  readonly peer: Peer;
  readonly identity: Identity;
  readonly scheme: string;
  /** The longest body, in bytes. */
  readonly maxBytes: number;
  /** The memory that all bodies under way share. */
  readonly room: Room;
}

const encoder = new TextEncoder();

/**
 * A CoAP request, as handlers of HTTP see it. The body of the answer is collected within bounds.
 */
export class HttpExchange implements PathExchange {
  /** Takes the answer. */
  decided: Decided<Answer> | undefined;
  readonly plain = false;
  closed = false;
  onDrained: (() => void) | undefined;
  onClosed: (() => void) | undefined;
  onHurry: PathExchange["onHurry"];
  #head: ResponseHead | undefined;
  #body = new Assembly();

  constructor(readonly asked: Asked, readonly asker: Asker, public now: number) {}

  get request(): RequestHead {
    return this.asked.head;
  }

  get peer(): Peer {
    return this.asker.peer;
  }

  get identity(): Identity {
    return this.asker.identity;
  }

  get scheme(): string {
    return this.asker.scheme;
  }

  get contentLength(): number {
    return this.asked.request.payload.length;
  }

  get begun(): boolean {
    return this.#head !== undefined;
  }

  /** Passes the whole body at once, because it is there already. */
  receive(sink: BodySink, maxBytes = Infinity): void {
    const { payload } = this.asked.request;
    if (this.closed) return sink.aborted();
    if (payload.length > maxBytes) {
      this.respond({ status: 413 }, `Cannot take more than ${maxBytes} bytes`);
      return sink.aborted();
    }
    if (payload.length > 0) sink.chunk(payload);
    sink.end(undefined);
  }

  pause(): void {}

  resume(): void {}

  respond(head: ResponseHead, body: Uint8Array | string = ""): void {
    const bytes = typeof body === "string" ? encoder.encode(body) : body;
    this.begin(head, bytes.length);
    if (bytes.length > 0) this.write(bytes);
    this.end();
  }

  respondEncoded(): void {
    throw new TypeError("Cannot send an answer of HTTP by CoAP: it is not plain");
  }

  begin(head: ResponseHead, length?: number | "until closed"): void {
    if (this.closed) return;
    this.#head = head;
    if (typeof length === "number" && length > this.asker.maxBytes) this.#tooLong();
  }

  /** Collects some of the body. Too much, for this one or for all together, ends the exchange. */
  write(bytes: Uint8Array): boolean {
    if (this.closed) return false;
    const { maxBytes, room } = this.asker;
    if (this.#body.size + bytes.length > maxBytes) this.#tooLong();
    else if (!room.take(bytes.length)) this.#answer(overloaded());
    else this.#body.append(bytes);
    return !this.closed;
  }

  end(): void {
    if (this.closed) return;
    this.#answer(answerOf(this.#head!, this.#body.take(), this.asked));
  }

  abort(): void {
    this.#answer(refusal(Code.internal, "The answer of this path broke off"));
  }

  post(work: () => void): boolean {
    return this.asker.inbox.post((now: number) => {
      this.now = now;
      work();
    });
  }

  /** The answer is not wanted any more. */
  leave(): void {
    if (this.closed) return;
    this.#close();
    this.onClosed?.();
  }

  #tooLong(): void {
    const { maxBytes } = this.asker;
    this.#answer(refusal(Code.internal, `The answer of this path has more than ${maxBytes} bytes`));
  }

  #answer(answer: Answer): void {
    if (this.closed) return;
    this.#close();
    this.decided?.(answer, this.now);
  }

  #close(): void {
    this.closed = true;
    this.asker.room.give(this.#body.size);
    this.#body = new Assembly();
  }
}
