import type { Batch } from "./batch.ts";
import type { OpenWriter, WriterAnswer } from "./messages.ts";

/** The thread that writes, as the gateway's own sees it. */
export class WriterThread {
  readonly #worker: Worker;
  readonly #closed = Promise.withResolvers<void>();
  /** Hears what the writer has to say. */
  onAnswer: (answer: WriterAnswer) => void = () => {};
  onFault: (reason: string) => void = () => {};
  onEnd: () => void = () => {};

  constructor(open: OpenWriter) {
    this.#worker = new Worker(new URL("./worker.ts", import.meta.url), {
      type: "module",
      name: "store",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<WriterAnswer>) => {
      if (data.kind === "closed") this.#end();
      else this.onAnswer(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.onFault(event.message);
      this.#end();
    };
    this.#worker.postMessage(open);
  }

  write(batch: Batch): void {
    this.#worker.postMessage(batch, [batch.bytes.buffer]);
  }

  /** Resolves when all that was given has been tried, and the file is closed. */
  close(): Promise<void> {
    this.#worker.postMessage({ kind: "close" });
    return this.#closed.promise;
  }

  #end(): void {
    this.#worker.terminate();
    this.onEnd();
    this.onEnd = () => {};
    this.#closed.resolve();
  }
}
