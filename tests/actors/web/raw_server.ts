import { Raw } from "../../gateway/raw.ts";

/** A server that answers every request without a body with the same bytes, be they an answer or not. */
export class RawServer implements AsyncDisposable {
  readonly url: string;
  /** Connections so far. */
  accepted = 0;
  readonly #listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  readonly #connections = new Map<Raw, Promise<void>>();
  readonly #running: Promise<void>;

  /** `hangsUp` after the first answer of a connection. */
  constructor(readonly answer: string, readonly hangsUp = false) {
    this.url = `http://127.0.0.1:${this.#listener.addr.port}`;
    this.#running = this.#accept();
  }

  async #accept(): Promise<void> {
    try {
      for await (const socket of this.#listener) {
        this.accepted++;
        const raw = new Raw(socket);
        this.#connections.set(raw, this.#serve(raw));
      }
    } catch {
      // It was closed.
    }
  }

  async #serve(raw: Raw): Promise<void> {
    try {
      do {
        await raw.until("\r\n\r\n");
        await raw.send(this.answer);
      } while (!this.hangsUp);
    } catch {
      // The other end has gone.
    }
    raw.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#running;
    for (const raw of this.#connections.keys()) raw.close();
    await Promise.all(this.#connections.values());
  }
}
