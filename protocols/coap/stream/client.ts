import { Questions } from "../client/questions.ts";
import { refusal } from "../messages/answer.ts";
import { Code, type Message } from "../messages/codec.ts";
import type { StreamLayer } from "./layer.ts";
import type { Conversation } from "./session.ts";
import { release } from "./signaling.ts";

/** The client of one stream: takes the answers to its requests. */
export class StreamClient implements Conversation {
  readonly deadline = Infinity;
  /** Answers outlive the bytes that they came in. */
  readonly mayWait = true;
  readonly isFull = false;
  readonly goodbye = release({});
  readonly questions: Questions;

  constructor(readonly layer: StreamLayer, newToken: () => Uint8Array) {
    this.questions = new Questions(layer, layer.peer, newToken);
  }

  get isBusy(): boolean {
    return this.questions.size > 0;
  }

  /** Takes an answer. One to a request that is over is ignored. */
  receive(message: Message, now: number): void {
    if (message.code >> 5 > 1) this.questions.receive(message, now);
    if (message.code >> 5 > 0) return;
    // A client that serves nothing says so (RFC 8323 §3.3).
    const answer = refusal(Code.notImplemented, "Nothing is served here");
    this.layer.respond(message, this.layer.peer, answer);
  }

  signal(signal: unknown, now: number): void {
    if (typeof signal === "function") signal(now);
  }

  tick(): void {}

  drained(): void {}

  shutdown(now: number): void {
    this.questions.end(now);
  }

  ended(now: number): void {
    this.questions.end(now);
  }
}
