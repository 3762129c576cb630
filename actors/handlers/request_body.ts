import type { BodySink, PathExchange } from "../../protocols/http/exchange.ts";

/** A request's body as a stream, taken from the connection as it is read. */
export class RequestBody implements BodySink {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #exchange: PathExchange;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  #state: "unread" | "open" | "over" = "unread";

  constructor(exchange: PathExchange) {
    this.#exchange = exchange;
    this.stream = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => {
        if (!exchange.post(() => this.#pull())) this.aborted();
      },
      cancel: () => {
        this.#state = "over";
      },
      // Nothing is read ahead: what nobody asks for stays in the client's own memory.
    }, { highWaterMark: 0 });
  }

  #pull(): void {
    if (this.#state === "open") this.#exchange.resume();
    if (this.#state !== "unread") return;
    this.#state = "open";
    this.#exchange.receive(this);
  }

  chunk(bytes: Uint8Array): void {
    // The bytes are a view of the connection's input, which the next read overwrites.
    if (this.#state === "open") this.#controller.enqueue(bytes.slice());
    this.#exchange.pause();
  }

  end(): void {
    if (this.#state === "open") this.#controller.close();
    this.#state = "over";
  }

  aborted(): void {
    if (this.#state !== "over") this.#controller.error(new Error("The client sent no whole body"));
    this.#state = "over";
  }
}
