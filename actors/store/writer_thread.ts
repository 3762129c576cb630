import { fileURLToPath } from "node:url";
import type { Batch } from "./batch.ts";
import type { OpenWriter, WriterAnswer } from "./messages.ts";

/** Why nothing is written any more. */
const OVER = "its thread has ended: start the gateway again";

const program = new URL("./worker.ts", import.meta.url);

/** Throws when the thread could not be started: its source is read by name. */
export function checkWriter(): void {
  const path = fileURLToPath(new URL("./", program));
  if (Deno.permissions.querySync({ name: "read", path }).state === "granted") return;
  throw new Deno.errors.NotCapable(
    `Requires read access to "${path}", run again with the --allow-read flag`,
  );
}

/** The thread that writes, as the gateway's own sees it. */
export class WriterThread {
  readonly #worker: Worker;
  #isOver = false;
  readonly #closed = Promise.withResolvers<boolean>();
  /** Hears what the writer has to say. */
  onAnswer: (answer: WriterAnswer) => void = () => {};
  onFault: (reason: string) => void = () => {};
  onEnd: (isWritten: boolean) => void = () => {};

  constructor(open: OpenWriter) {
    this.#worker = new Worker(program, {
      type: "module",
      name: "store",
    });
    this.#worker.onmessage = ({ data }: MessageEvent<WriterAnswer>) => {
      if (data.kind === "closed") this.#end(data.unwritten === 0);
      else this.onAnswer(data);
    };
    this.#worker.onerror = (event) => {
      event.preventDefault();
      this.onFault(event.message);
      this.#end(false);
    };
    // The runtime loads the code that transfers memory on first use: here, and not in somebody's
    // turn.
    this.#worker.postMessage(open, [new ArrayBuffer(0)]);
  }

  write(batch: Batch): void {
    if (this.#isOver) return queueMicrotask(() => this.onAnswer({ kind: "failed", reason: OVER }));
    this.#worker.postMessage(batch, [batch.bytes.buffer]);
  }

  /** Closes the file; resolves with true when all that was given has been written. */
  close(): Promise<boolean> {
    this.#worker.postMessage({ kind: "close" });
    return this.#closed.promise;
  }

  #end(isWritten: boolean): void {
    this.#isOver = true;
    this.#worker.terminate();
    this.onEnd(isWritten);
    this.onEnd = () => {};
    this.#closed.resolve(isWritten);
  }
}
