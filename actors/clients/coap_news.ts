import type { Wish } from "../../protocols/coap/client/questions.ts";
import { Subscription } from "../../protocols/coap/client/subscription.ts";
import { CoapAnswer } from "./coap_answer.ts";
import type { CoapLine } from "./coap_line.ts";

/** Notifications between the line and the reader: only the newest is kept (RFC 7641 §1.3). */
class News {
  #answer: CoapAnswer | undefined;
  #error: unknown;
  #isOver = false;
  #wake: (() => void) | undefined;

  tell(answer: CoapAnswer): void {
    this.#answer = answer;
    this.#wake?.();
  }

  end(error?: unknown): void {
    this.#isOver = true;
    this.#error ??= error;
    this.#wake?.();
  }

  /** The newest answer; undefined when no more will come. */
  async next(): Promise<CoapAnswer | undefined> {
    while (this.#answer === undefined && !this.#isOver) {
      await new Promise<void>((wake) => this.#wake = wake);
    }
    const answer = this.#answer;
    this.#answer = undefined;
    if (answer === undefined && this.#error !== undefined) throw this.#error;
    return answer;
  }
}

/** Follows a resource until the server, the reader or `signal` ends it. */
export async function* follow(
  line: CoapLine,
  wish: Wish,
  signal?: AbortSignal,
): AsyncIterableIterator<CoapAnswer> {
  const news = new News(), aborted = () => news.end(signal!.reason);
  const subscription = new Subscription(line.questions, wish, {
    answered: (message) => news.tell(new CoapAnswer(message)),
    failed: (error) => news.end(error),
    finished: () => news.end(),
  }, line.isDatagrams);
  if (!line.turn((now) => subscription.begin(now))) {
    news.end(new Error(`Cannot ask ${line.questions.peer.address}: the connection has ended`));
  }
  signal?.addEventListener("abort", aborted);
  try {
    for (;;) {
      const answer = await news.next();
      if (answer === undefined) return;
      yield answer;
    }
  } finally {
    signal?.removeEventListener("abort", aborted);
    line.turn((now) => subscription.cancel(now));
  }
}
